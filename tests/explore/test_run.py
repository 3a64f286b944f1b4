import time

import orjson
import pytest

from frontsim.explore import run
from frontsim.explore.found_files import keep
from frontsim.explore.run import Options, explore, result_of
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import CommandLine
from frontsim.report.as_json import as_data
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.text import as_markdown, lines
from frontsim.verdicts import Verdict
from frontsim.verification.scenario.scenario import Scenario, read
from frontsim.verification.scenario.steps import Drain, Raise, Resend
from tests.verification.laboratory import CONTRACT, QUICK, requested

pytestmark = pytest.mark.slow
TYPES = ("SaleCreated", "CustomerUpdated", "CustomerCreated")


@pytest.fixture
def exploring(tmp_path, monkeypatch):
    """Explores a receiver, with simulators in our own process, until it has found something or tried so many."""

    def go(
        url,
        *,
        seed=1,
        most=6,
        budget_s=60.0,
        shrinks=False,
        corpus=None,
        ends_when_found=True,
        on_tried=lambda _: None,
        **others,
    ):
        def tried(exploration):
            on_tried(exploration)
            is_enough = exploration.tried + exploration.untried.total() >= most
            if is_enough or (exploration.found and ends_when_found):
                exploration.trouble = exploration.trouble or "enough"

        monkeypatch.setattr(run, "starting", lambda _: _Started())
        found = []
        options = Options(seed, budget_s=budget_s, shrinks=shrinks, save=tmp_path / "found", corpus=corpus)
        exploration = explore(
            requested(url, **{"events": TYPES, **others}),
            options,
            pause=time.sleep,
            on_found=lambda each: found.append((each.key, each.shrunk is not None)),
            on_tried=tried,
        )
        if exploration.trouble == "enough":
            exploration.trouble = ""
        return exploration, found

    return go


class _Started:
    """Simulators in our own thread."""

    def __enter__(self):
        return run_in_thread

    def __exit__(self, *_):
        pass


@pytest.mark.long
def test_a_right_receiver_is_not_accused(exploring, receiver):
    """Whatever was drawn, and each schedule proves something; what was tried is told in every form."""
    with receiver("reference") as url:
        exploration, found = exploring(url)
    assert (Verdict.VERIFIED, [], {}) == (exploration.verdict, found, dict(exploration.untried))
    assert exploration.tried >= 6
    assert set(exploration.types) == set(TYPES)
    result = result_of(exploration, lambda file: CommandLine(("frontsim", "verify", "--scenario", file)))
    told = "\n".join(lines(result))
    assert (
        f"VERIFIED: {url}/hook: {exploration.tried} schedules, {exploration.pairs:,} pairs covered, 0 found; seed 1"
        in told
    )
    assert exploration.tried == as_data(result)["explored"]["schedules"]
    assert 'testsuite name="exploration"' in as_junit(result)
    assert "frontsim explore" in as_junit(result)
    assert "exploration" in as_html(result)
    assert "exploration" in as_markdown(result)


def test_a_finding_is_written_at_once(exploring, receiver):
    """With its story and the command that replays it, in each form."""
    with receiver("no-dedupe") as url:
        exploration, found = exploring(url, most=99)
    (each,) = exploration.found
    assert [(("duplicated", "books-a-repeat-once"), False)] == found
    assert each.schedule.steps == read(each.file).steps
    assert "The receiver acknowledges an event that arrives again" in read(each.file).holds
    result = result_of(exploration, lambda file: CommandLine(("frontsim", "verify", "--scenario", file)))
    assert f"  Again: frontsim verify --scenario {each.file}" in "\n".join(lines(result))
    data = as_data(result)["explored"]["found"][0]
    assert ("duplicated", "books-a-repeat-once", str(each.file)) == (data["class"], data["clause"], data["file"])
    orjson.dumps(as_data(result))
    page = as_html(result)
    assert all(f"<li>{sentence}</li>" in page.replace("&#39;", "'").replace("&gt;", ">") for sentence in data["story"])
    assert str(each.file) in page


def test_a_corpus_is_tried_first_and_gets_what_is_found(exploring, receiver, tmp_path):
    """An entry with mistakes is refused by its name, and the others are tried; what is known is not shrunk again."""
    corpus = tmp_path / "corpus"
    steps = (Raise(["SaleCreated"], label="a"), Drain(), Resend(label="a"))
    known = keep(Scenario("twice", "It comes twice.", "It counts once.", steps), corpus)
    (corpus / "wrong.toml").write_text("breaks = 3\n")
    with receiver("no-dedupe") as url:
        exploration, found = exploring(url, corpus=corpus, shrinks=True)
    (each,) = exploration.found
    assert (known, True, None) == (each.file, each.is_known, each.shrunk)
    assert ["wrong.toml" in each for each in exploration.refused] == [True]
    assert [(each.key, False)] == found


@pytest.mark.long
def test_what_is_not_booked_is_not_explored(exploring, shop):
    """A receiver that books nothing of a type is explored with the others."""
    books = shop.books
    shop.books = lambda event_id: books(event_id) if shop.types[event_id] == "SaleCreated" else None
    exploration, _ = exploring(shop.url, most=1, events=())
    assert ("SaleCreated",) == exploration.types
    assert "CustomerUpdated" in exploration.left_out


@pytest.mark.long
def test_a_receiver_that_shows_nothing_proves_nothing(exploring, shop):
    """The verdict is unknown, with the reason."""
    shop.shows = lambda: (200, b"[]")
    exploration, _ = exploring(shop.url, most=1, limits=QUICK)
    assert Verdict.UNKNOWN is exploration.verdict
    assert exploration.reason.startswith("nothing to explore with: ")


@pytest.mark.long
def test_a_search_that_is_interrupted_keeps_what_it_found(exploring, receiver, tmp_path):
    """The file is there before Ctrl-C can come."""

    def interrupt(exploration):
        if exploration.found:
            raise KeyboardInterrupt

    with receiver("no-dedupe") as url, pytest.raises(KeyboardInterrupt):
        exploring(url, on_tried=interrupt)
    assert 1 == len(list((tmp_path / "found").glob("found-1-*.toml")))


@pytest.mark.long
def test_a_disk_that_is_full_costs_the_file_and_not_the_finding(exploring, receiver, tmp_path):
    """The reason stands in place of the file's name."""
    (tmp_path / "found").write_text("")
    with receiver("no-dedupe") as url:
        exploration, _ = exploring(url, most=99)
    (each,) = exploration.found
    assert each.file is None
    assert "expected a folder" in each.failure
    told = "\n".join(lines(result_of(exploration, lambda file: CommandLine((file,)))))
    assert "Not written: " in told


def test_schedules_that_prove_nothing_are_counted():
    """Up to one in twenty is no reason to doubt the rest."""
    exploration = run.Exploration("http://r", 1, CONTRACT, tried=100)
    exploration.untried["refuse broke nothing"] = 5
    assert Verdict.VERIFIED is exploration.verdict
    exploration.untried["refuse broke nothing"] = 6
    assert Verdict.UNKNOWN is exploration.verdict
    assert "6 of 106 schedules prove nothing, 6 because: refuse broke nothing" == exploration.reason
