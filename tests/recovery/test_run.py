"""A run of cases: their order, its budget, and what cannot be played."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version

import pytest

from frontsim.clock import RunTime
from frontsim.errors import BadInput
from frontsim.recovery import run
from frontsim.recovery.case import Case, CaseHistory, CaseStart, PastGroup
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import PlayedCase, result_of
from frontsim.verdicts import Verdict
from tests.recovery.histories import event, history, listed, resent, start

LENGTHS = {"a": 1, "b": 9, "c": 3}
CASES = [Case(name, "It breaks.", "It holds.", past=(PastGroup(count=count),)) for name, count in LENGTHS.items()]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cases are not played: each is a job that did its duty. The names of those that began, in their order."""
    names: list[str] = []

    def play(case: Case, *_: object, cancelled: Callable[[], bool]) -> CaseHistory:
        names.append(case.name)
        return history(event(503, 200))

    monkeypatch.setattr(run, "play", play)
    monkeypatch.setattr(run, "open_simulator", lambda *_, **__: nullcontext())
    return names


def played(*, budget_s: float = 3600) -> Sequence[PlayedCase]:
    return run.run(JobSetup("true", 60), CASES, seed=7, at_once=1, budget_s=budget_s).played


def test_the_longest_begins_first_and_they_are_given_in_their_order(begun: list[str]) -> None:
    assert ["a", "b", "c"] == [each.case.name for each in played()]
    assert ["b", "c", "a"] == begun


def test_what_the_budget_does_not_reach_is_unknown(begun: list[str]) -> None:
    """It never counts as passed."""
    late = played(budget_s=-1)
    assert {Verdict.UNKNOWN} == {each.judgement.verdict for each in late}
    assert "the budget of -1 s was used up (--budget)" in late[0].judgement.reason
    assert [] == begun


def test_what_this_machine_cannot_play_is_skipped_with_the_reason(
    begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "skip_reason", lambda case: "no libfaketime" if case.name == "b" else "")
    verdicts = {each.case.name: (each.judgement.verdict, each.judgement.reason) for each in played()}
    assert (Verdict.SKIPPED, "no libfaketime") == verdicts["b"]
    assert ["c", "a"] == begun


def test_a_report_names_the_command_without_its_secrets(begun: list[str]) -> None:
    """And when the run began, how long it took, and with which version."""
    run_time = RunTime()
    shown: list[PlayedCase] = []
    setup = JobSetup("python job.py --api-key k1234567")
    report = run.run(setup, CASES, seed=7, strict=True, on_played=shown.append)
    assert "python ***" == result_of(report).name
    assert "k1234567" not in str(report.replay("a"))
    assert (shown, 7, True, False) == (report.played, report.seed, report.strict, report.interrupted)
    assert (run_time.started_at, version("frontsim")) == (report.started_at, report.version)
    assert 0 < report.duration_s <= run_time.duration_s()


@pytest.mark.parametrize("starts", [1, 2])
def test_a_job_with_one_lock_for_all_cases_is_played_one_case_at_a_time(
    starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its only start found the lock taken, or the last of two."""
    lock, both, begun = threading.Lock(), threading.Barrier(2), Counter[str]()

    def play(case: Case, *_: object, cancelled: Callable[[], bool]) -> CaseHistory:
        begun[case.name] += 1
        is_first = begun.total() <= 2
        has_lock = lock.acquire(blocking=False)
        if is_first:
            both.wait(30)
            both.wait(30)
        if has_lock:
            lock.release()
        made = range(1, starts + has_lock)
        calls = [*(listed(start=number) for number in made), *(resent(start=number) for number in made[:1])]
        return history(event(503, 200), calls=calls, starts=[start(number) for number in range(1, starts + 1)])

    monkeypatch.setattr(run, "play", play)
    monkeypatch.setattr(run, "open_simulator", lambda *_, **__: nullcontext())
    cases = [replace(each, starts=(CaseStart(),) * starts) for each in CASES]
    found = run.run(JobSetup("true"), cases, seed=7, at_once=2).played
    assert [""] * 3 == [each.judgement.reason for each in found]
    assert 4 == begun.total()
    assert any("one lock for all of them" in each.note for each in found)


def test_an_interruption_ends_the_run_with_what_is_known(begun: list[str]) -> None:
    """Only where the caller asks for that: elsewhere, Ctrl-C is Ctrl-C."""

    def interrupt(_: PlayedCase) -> None:
        raise KeyboardInterrupt

    report = run.run(JobSetup("true"), CASES, seed=7, interruption=nullcontext(), on_played=interrupt)
    assert (["a"], True, Verdict.UNKNOWN) == (
        [each.case.name for each in report.played],
        report.interrupted,
        report.verdict,
    )
    with pytest.raises(KeyboardInterrupt):
        run.run(JobSetup("true"), CASES, seed=7, on_played=interrupt)


def test_an_error_of_ours_in_one_case_costs_no_other_case_its_result(
    begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is: that case is unknown for its reason, and the report has the error."""
    error = KeyError("oops")

    def play(case: Case, *_: object, cancelled: Callable[[], bool]) -> CaseHistory:
        if case.name == "b":
            raise error
        return history(event(503, 200))

    monkeypatch.setattr(run, "play", play)
    report = run.run(JobSetup("true", 60), CASES, seed=7, at_once=1)
    found = {each.case.name: (each.judgement.verdict, each.judgement.reason) for each in report.played}
    verified = (Verdict.VERIFIED, "")
    assert {"a": verified, "b": (Verdict.UNKNOWN, "it could not be played: KeyError: 'oops'"), "c": verified} == found
    assert (error, Verdict.UNKNOWN) == (report.failure, report.verdict)


@pytest.mark.parametrize("started", [False, True])
def test_a_command_that_cannot_be_started_is_refused_unless_it_was_before(
    started: bool, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then its earlier cases keep their results; `b` begins first."""

    def play(case: Case, *_: object, cancelled: Callable[[], bool]) -> CaseHistory:
        if case.name != "b" or not started:
            raise BadInput("no such program")
        return history(event(503, 200))

    monkeypatch.setattr(run, "play", play)
    if not started:
        with pytest.raises(BadInput):
            played()
        return
    assert [Verdict.UNKNOWN, Verdict.VERIFIED, Verdict.UNKNOWN] == [each.judgement.verdict for each in played()]
