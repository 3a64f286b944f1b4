"""At which moments the receiver is killed. Time passes only where the receiver works, and where frontsim waits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from frontsim.client.leases import LeasedDelivery
from frontsim.domain.model import Outcome
from frontsim.verification.play.receiver.sender import SendResult
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.play.steps import crashes
from frontsim.verification.play.steps.crashes import crash
from frontsim.verification.scenario.steps import Crash, CrashPoint

MOVEMENT = "StockMovementCreated"


class Receiver:
    """Answers an event `answers_s` after it has it whole, in turn; the last time holds for all others."""

    def __init__(self) -> None:
        self.now_s, self.answers_s, self.status_code = 0.0, [0.2], 200
        self.whole_at_s = 0.0
        self.killed_after_s: list[float] = []
        self.is_alive = True

    def kill(self) -> None:
        self.killed_after_s.append(round(self.now_s - self.whole_at_s, 3))
        self.is_alive = False

    def start(self) -> None:
        self.is_alive = True

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def send(self, _: LeasedDelivery, *, crash: Callable[[], None], **__: Any) -> SendResult:
        self.whole_at_s = self.now_s
        crash()
        if not self.is_alive:
            return SendResult(Outcome.UNKNOWN)
        self.now_s += self.answers_s.pop(0) if len(self.answers_s) > 1 else self.answers_s[0]
        return SendResult(Outcome.ANSWERED, self.status_code)


@pytest.fixture
def receiver(state: ScenarioState, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The one that the state's steps kill."""
    made = Receiver()
    monkeypatch.setattr(crashes, "send", made.send)
    monkeypatch.setattr(crashes, "stopwatch", lambda: made.now_s)

    def lease_event(event: str, **_: Any) -> Iterator[LeasedDelivery]:
        id_ = f"e{len(state.tracked)}"
        yield LeasedDelivery(id_, "w", id_, event, 1, False, "http://127.0.0.1:1/hook", {}, b"{}", 0.0)

    harness: Any = state.harness
    harness.process, harness.pause, harness.tls = made, made.pause, None
    harness.sim.lease_event, harness.sim.report_lease = lease_event, lambda *_: None
    harness.selection.past = lambda _: None
    return made


def kill(state: ScenarioState, **step: Any) -> None:
    crash(state, Crash(CrashPoint.WHOLE_BODY, events=[MOVEMENT], **step))


def test_kills_are_timed_by_how_long_the_receiver_takes(state: ScenarioState, receiver: Receiver) -> None:
    """The median of three clean events, without the first after a start; later kills know it, and warm up only."""
    receiver.answers_s = [2.0, 0.1, 0.3, 0.2, 5.0]
    kill(state, of_answer_time=0.5)
    assert ([0.1], 5) == (receiver.killed_after_s, len(state.tracked))
    kill(state, of_answer_time=1.1)
    assert ([0.1, 0.22], 7) == (receiver.killed_after_s, len(state.tracked))
    assert "receiver killed: whole body + 100 ms, 50% of its answer time" in [text for _, text in state.marks]


def test_a_slow_receiver_is_timed_by_fewer_events(state: ScenarioState, receiver: Receiver) -> None:
    receiver.answers_s = [1.5]
    kill(state, of_answer_time=0.5)
    assert ([0.75], 3) == (receiver.killed_after_s, len(state.tracked))


def test_a_receiver_that_acknowledges_nothing_is_not_killed_by_its_time(
    state: ScenarioState, receiver: Receiver
) -> None:
    receiver.status_code = 500
    kill(state, of_answer_time=0.5)
    assert [] == receiver.killed_after_s
    assert "it acknowledges no clean event" in state.marks[-1][1]


def test_a_fixed_moment_needs_no_clean_event(state: ScenarioState, receiver: Receiver) -> None:
    kill(state, after_ms=20)
    assert ([0.02], 1) == (receiver.killed_after_s, len(state.tracked))


def test_there_must_be_time_for_the_next_kill(state: ScenarioState, receiver: Receiver) -> None:
    """The clean events before a kill count as well."""
    receiver.answers_s = [state.harness.limits.timeout_s]
    kill(state, of_answer_time=0.1)
    kill(state, of_answer_time=0.1)
    assert 1 == len(receiver.killed_after_s)
    assert "receiver not killed" in state.marks[-1][1]
