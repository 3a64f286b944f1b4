import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.user_input.configuration import read_configuration
from frontsim.verification.scenario.scenario import bundled_scenarios, chosen, configured_scenarios

MINE = 'breaks = "All is well."\nholds = "It stays so."\n[[step]]\ndo = "raise"\n'


@pytest.fixture
def configured(tmp_path):
    """The scenarios that a configuration file with this text adds."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "found-1-2.toml").write_text(MINE)
    (tmp_path / "steady.toml").write_text(MINE)

    def read(text):
        (tmp_path / "frontsim.toml").write_text(text)
        return configured_scenarios(read_configuration(tmp_path))

    return read


@pytest.mark.parametrize(
    "text", ['scenarios = ["kept/found-1-2.toml"]', '[verify]\nscenarios = ["kept/found-1-2.toml"]']
)
def test_files_are_added_to_the_bundled_scenarios(configured, text):
    """Their paths start from the configuration's folder; without names, all are chosen."""
    found = configured(text)
    assert ["found-1-2"] == [each.name for each in found]
    assert [*bundled_scenarios(), *found] == chosen([], found)


def test_a_name_still_narrows(configured):
    """To a bundled one, or to one of the configuration's."""
    found = configured('scenarios = ["kept/found-1-2.toml"]')
    assert found == chosen(["found-1-2"], found)
    assert ["steady"] == [each.name for each in chosen(["steady"], found)]
    with pytest.raises(BadInput, match="found-1-2"):
        chosen(["found-1-3"], found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenarios = 3", "scenarios: expected a list of scenario files, got 3"),
        ('scenarios = ["steady.toml"]', "expected each scenario's name once, got steady twice"),
        ('scenarios = ["nowhere.toml"]', "nowhere.toml: expected"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(configured, text, told):
    """Before anything is played."""
    with pytest.raises((BadInput, Unusable), match=told):
        configured(text)


def test_without_the_key_nothing_is_added(configured):
    """As without a file."""
    assert [] == configured("seed = 7")
