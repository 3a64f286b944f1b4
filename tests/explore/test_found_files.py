from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.errors import Unusable
from frontsim.explore.found_files import as_toml, keep, read_corpus, rewrite, story
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios, read
from frontsim.verification.scenario.steps import Clear, Drain, InjectFault, Raise, Resend, Restart
from tests.explore.schedules import ALL, drawn

LOST = Scenario(
    "found-1-2",
    "b.",
    "h.",
    (
        InjectFault("lost-response"),
        Raise(["SaleCreated"], label="a"),
        Drain(),
        Clear(),
        Raise(["SaleCreated"], count=3, label="b"),
        Restart(),
        Resend(label="b", times=2),
        Drain(),
    ),
)


@given(seed=st.integers(0, 2**31))
def test_every_drawn_schedule_reads_back(tmp_path_factory, seed):
    """The file that is kept is the schedule that was played."""
    folder = tmp_path_factory.mktemp("found")
    for each in drawn(ALL, seed=seed, number=3):
        told = replace(each, breaks=" ".join(story(each)))
        assert told == replace(read(keep(told, folder)), file="")


@pytest.mark.parametrize("each", bundled_scenarios(), ids=lambda each: each.name)
def test_every_scenario_that_anyone_writes_could_be_kept(tmp_path, each):
    """The writer knows all steps, and all kinds of values: texts in any script, decimals, lists of tables."""
    file = tmp_path / f"{each.name}.toml"
    file.write_text(as_toml(each))
    assert replace(each, file="") == replace(read(file), file="")


def test_the_story_is_what_happened():
    """A sentence for each thing that a reader must know; what every scenario ends with is left out."""
    assert story(LOST) == [
        "From here the answers are lost.",
        "One SaleCreated is sent.",
        "The fault ends.",
        "3 SaleCreated are sent.",
        "The receiver is killed (kill -9) and started.",
        "The second SaleCreated is resent twice, received or not.",
        "At the end the list -> resend job runs.",
    ]


def test_every_drawn_schedule_has_a_story():
    """No parameter is missing in it, and each is a sentence that a scenario may have."""
    for each in drawn(ALL, seed=1, number=200):
        assert all(
            sentence.endswith(".") and (sentence[0].isupper() or sentence[0].isdigit()) for sentence in story(each)
        )


def test_no_file_is_overwritten(tmp_path):
    """A name that is taken gets a number."""
    files = [keep(LOST, tmp_path / "new").name for _ in range(3)]
    assert ["found-1-2.toml", "found-1-2-2.toml", "found-1-2-3.toml"] == files


def test_our_own_file_becomes_the_shorter_story(tmp_path):
    """It is replaced as a whole, and nothing is left beside it."""
    file = keep(LOST, tmp_path)
    rewrite(file, replace(LOST, steps=LOST.steps[4:]))
    assert 4 == len(read(file).steps)
    assert [file] == list(tmp_path.iterdir())


def test_a_full_disk_is_told(tmp_path):
    """With the file's name, as is a folder that is none; a name that is too long is one such case."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(Unusable, match=r"taken: expected a folder or nothing yet"):
        keep(LOST, tmp_path / "taken")
    with pytest.raises(Unusable, match=r"nnn\.toml: expected a file that can be written, got File name too long"):
        keep(replace(LOST, name="n" * 300), tmp_path)


def test_a_corpus_is_read_and_what_is_wrong_in_it_is_refused_by_name(tmp_path):
    """One broken file, or one of another version, does not cost the others."""
    keep(LOST, tmp_path)
    (tmp_path / "found-0-1.toml").write_text('breaks = "x."\nholds = "y."\n[[step]]\ndo = "teleport"\n')
    found, refused = read_corpus(tmp_path)
    assert ["found-1-2"] == [each.name for each in found]
    assert 1 == len(refused)
    assert "found-0-1.toml" in refused[0]
    assert "teleport" in refused[0]


def test_a_corpus_may_be_missing_and_must_be_a_folder(tmp_path):
    """The first run has none yet."""
    assert ([], []) == read_corpus(None)
    assert ([], []) == read_corpus(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unusable, match=r"--corpus .*expected a folder, got a file"):
        read_corpus(tmp_path / "file")
