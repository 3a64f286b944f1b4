"""pytest shows a case's findings by clause, its story, the repair, and how to play it again."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frontsim.contract_suite.outcomes import ContractOutcome, SharedOutcomes, job_player
from frontsim.recovery import run as recovery
from frontsim.recovery.judge import job_contract, judge
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import PlayedCase
from tests.recovery.histories import case, event, history

CONTRACT = job_contract()


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ContractOutcome]:
    """The outcome of a case with these events."""

    def play(*events: Any) -> ContractOutcome:
        told = history(*events)
        played = PlayedCase(case(), told, judge(case(), told, CONTRACT))
        monkeypatch.setattr(recovery, "run", lambda *_, on_played, **__: on_played(played))
        found: dict[str, ContractOutcome] = {}
        job_player(JobSetup("job"), 7)(["a-plain-failure"], lambda _: None, found.__setitem__)
        return found.pop(played.case.name)

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


@pytest.mark.parametrize("is_over", [False, True])
def test_the_job_is_killed_when_no_test_asks_any_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_over: bool
) -> None:
    """A pause raises then, which a thread that watches a process must not meet."""
    asked: list[bool] = []
    shared = SharedOutcomes([], job_player(JobSetup("job"), 7), tmp_path, pause=time.sleep)

    def run(*_: Any, is_cancelled: Callable[[], bool], on_played: Callable[[PlayedCase], None], **__: Any) -> None:
        if is_over:
            threading.Thread(target=shared.close).start()
            while not is_cancelled():
                time.sleep(0.01)
        asked.append(is_cancelled())
        told, played = history(event(503, 200)), replace(case(), name="a-plain-failure")
        on_played(PlayedCase(played, told, judge(played, told, CONTRACT)))

    monkeypatch.setattr(recovery, "run", run)
    shared.of("a-plain-failure")
    shared.close()
    assert [is_over] == asked
