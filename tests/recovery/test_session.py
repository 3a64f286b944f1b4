"""A run of cases: their order, its budget, and what cannot be played."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version

import pytest

from frontsim.clock import RunTime
from frontsim.recovery import judge, session
from frontsim.recovery.case import Case, CaseHistory, PastGroup
from frontsim.recovery.play import CaseSimulator, JobSetup
from frontsim.recovery.session import PlayedCase, job_report, play_all
from frontsim.verdicts import Verdict
from tests.recovery.histories import event, history

LENGTHS = {"a": 1, "b": 9, "c": 3}
CASES = [Case(name, "It breaks.", "It holds.", past=(PastGroup(count=count),)) for name, count in LENGTHS.items()]


@contextmanager
def no_simulator(_: Case) -> Iterator[CaseSimulator]:
    yield None  # type: ignore[misc]  # what plays is replaced, too


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cases are not played: each is a job that did its duty. The names of those that began, in their order."""
    names: list[str] = []

    def play(case: Case, *_: object, cancelled: Callable[[], bool]) -> CaseHistory:
        names.append(case.name)
        return history(event(503, 200))

    monkeypatch.setattr(session, "play", play)
    return names


def run(*, budget_s: float = 3600) -> list[PlayedCase]:
    return list(play_all(CASES, JobSetup("true", 60), no_simulator, judge.job_contract(), at_once=1, budget_s=budget_s))


def test_the_longest_begins_first_and_they_are_given_in_their_order(begun: list[str]) -> None:
    assert ["a", "b", "c"] == [each.case.name for each in run()]
    assert ["b", "c", "a"] == begun


def test_what_the_budget_does_not_reach_is_unknown(begun: list[str]) -> None:
    """It never counts as passed."""
    played = run(budget_s=-1)
    assert {Verdict.UNKNOWN} == {each.judgement.verdict for each in played}
    assert "the budget of -1 s was used up (--budget)" in played[0].judgement.reason
    assert [] == begun


def test_what_this_machine_cannot_play_is_skipped_with_the_reason(
    begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "skip_reason", lambda case: "no libfaketime" if case.name == "b" else "")
    verdicts = {each.case.name: (each.judgement.verdict, each.judgement.reason) for each in run()}
    assert (Verdict.SKIPPED, "no libfaketime") == verdicts["b"]
    assert ["c", "a"] == begun


def test_a_report_names_the_command_without_its_secrets(begun: list[str]) -> None:
    """And when the run began, how long it took, and with which version."""
    run_time = RunTime()
    played = run()
    report = job_report(
        JobSetup("python job.py --api-key k1234567"), played, judge.job_contract(), run_time, seed=7, strict=True
    )
    assert "k1234567" not in report.job
    assert (played, 7, True, False) == (report.played, report.seed, report.strict, report.interrupted)
    assert (run_time.started_at, version("frontsim")) == (report.started_at, report.version)
    assert 0 < report.duration_s <= run_time.duration_s()
