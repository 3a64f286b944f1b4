import pytest

from frontsim.user_input.near import near, not_among


@pytest.mark.parametrize(
    ("name", "hint"), [("strom", " (did you mean 'storm'?)"), ("STORM", " (did you mean 'storm'?)"), ("xyz", "")]
)
def test_a_near_name_is_offered_in_any_case(name, hint):
    assert hint == near(name, ["steady", "storm"])


def test_the_hint_stands_before_the_list():
    """A list of many names would hide it."""
    assert "expected a scenario, got 'strom' (did you mean 'storm'?): steady, storm" == not_among(
        ["steady", "storm"], "strom", expected="a scenario"
    )
