"""What pytest shows of a case: its findings by clause, its story, the repair, and how to play it again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from frontsim.contract_suite import recovery_playing
from frontsim.contract_suite.outcome import ContractOutcome, Pause
from frontsim.contract_suite.recovery_playing import job_player
from frontsim.recovery.judge import job_contract, judge
from frontsim.recovery.play import JobSetup
from frontsim.recovery.session import PlayedCase
from tests.recovery.histories import case, event, history

CONTRACT = job_contract()


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ContractOutcome]:
    """The outcome of a case with these events."""

    def play(*events: Any) -> ContractOutcome:
        told = history(*events)
        played = PlayedCase(case(), told, judge(case(), told, CONTRACT))
        monkeypatch.setattr(recovery_playing, "play_all", lambda *_, **__: (each for each in [played]))
        [(name, found)] = job_player(JobSetup("job"), 7)(["a-plain-failure"], lambda _: None)
        assert played.case.name == name
        return found

    return play


def test_a_case_in_which_nothing_is_missed_breaks_nothing(outcome: Callable[..., ContractOutcome]) -> None:
    found = outcome(event(503, 200))
    assert ("verified", "", {}) == (found.verdict, found.reason, found.broken)


def test_a_broken_clause_has_its_findings_the_story_of_the_first_and_the_repair(
    outcome: Callable[..., ContractOutcome],
) -> None:
    """Ten findings at the most; the rest is counted."""
    found = outcome(*[event(503, id_=f"e{number}") for number in range(12)])
    assert "violated" == found.verdict
    [(clause, text)] = found.broken.items()
    lines = text.splitlines()
    assert 10 == sum(line.startswith("missed: SaleCreated e") for line in lines)
    assert "... and 2 more" in lines
    [fix] = [each.fix for each in CONTRACT if each.id == clause]
    assert (f"Fix: {fix}", f"Again with: --recovery-seed 7 -k {case().name}") == tuple(lines[-2:])


class Ended(Exception):
    pass


@pytest.mark.parametrize("is_over", [False, True])
def test_the_job_is_killed_when_no_test_asks_any_more(monkeypatch: pytest.MonkeyPatch, is_over: bool) -> None:
    """A pause then raises, whatever it is: a thread that watches a process must not meet it."""
    asked: list[bool] = []

    def play_all(*_: Any, is_cancelled: Callable[[], bool], **__: Any) -> Iterator[PlayedCase]:
        asked.append(is_cancelled())
        yield from ()

    def pause(_: float) -> None:
        if is_over:
            raise Ended

    monkeypatch.setattr(recovery_playing, "play_all", play_all)
    wanted: Pause = pause
    assert [] == list(job_player(JobSetup("job"), 7)(["a-plain-failure"], wanted))
    assert [is_over] == asked
