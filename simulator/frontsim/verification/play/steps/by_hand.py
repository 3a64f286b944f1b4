"""Deliveries that a step sends by hand, and how long the receiver takes to answer them.

Where the gap between two commits lies depends on how fast receiver and machine are. So kills are timed by what the
receiver itself takes for such an event:

    started -> clean events, timed: 40 ms -> killed 20 ms after the next one -> started -> a clean one -> killed ...

A clean event comes before each such kill because the first event after a start takes longer than the others: modules
are imported, connections opened.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

from frontsim.client.leases import DeliveryReport, LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.verification.play.receiver.sender import send
from frontsim.verification.play.scenario_state import APART_S, ScenarioState
from frontsim.verification.scenario.steps import CrashPoint

_TIMED = 3
_TIMED_S = 1.0
"""Clean events that are timed: fewer where they take so long, because their time then hardly varies."""


@dataclass(frozen=True, slots=True)
class SentByHand:
    """A delivery that was sent: how it ended, and when it began and ended by the stopwatch."""

    report: DeliveryReport
    began_s: float
    ended_s: float


def answer_time_s(state: ScenarioState, event: str) -> float | None:
    """Seconds in which the receiver usually answers such an event; None where it acknowledges none.

    It delivers a clean event at least, so that the next is not the first after a start.
    """
    _clean_times(state, event)
    if event not in state.answer_times_s:
        times: list[float] = []
        for _ in range(_TIMED):
            if sum(times) < _TIMED_S:
                times += _clean_times(state, event)
        state.answer_times_s[event] = times
    state.harness.pause(APART_S)
    times = state.answer_times_s[event]
    return median(times) if times else None


def _clean_times(state: ScenarioState, event: str) -> list[float]:
    """Deliver a clean event: for each delivery that is acknowledged, the seconds from its last byte to the answer."""
    times = []
    for delivery in leased(state, event):
        moments: list[float] = []
        note = partial(_note_moment, moments)
        sent = sent_by_hand(state, delivery, CrashPoint.WHOLE_BODY, note)
        if moments and sent.report.acknowledged:
            times.append(sent.ended_s - moments[0])
    return times


def _note_moment(moments: list[float]) -> None:
    moments.append(stopwatch())


def leased(state: ScenarioState, event: str) -> Iterator[LeasedDelivery]:
    """The deliveries of a new event, which are ours to send."""
    harness = state.harness
    state.subscribe(event)
    set_ = harness.selection.fitting(event, harness.fresh(event))
    for delivery in harness.sim.lease_event(event, set_=set_, payloads=harness.payloads):
        state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
        yield delivery


def sent_by_hand(
    state: ScenarioState, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SentByHand:
    """Send a delivery and report to the log how it ended."""
    sent = timed(state, delivery, crash_at, crash)
    state.harness.sim.report_lease(delivery.lease_id, [sent.report])
    return sent


def timed(
    state: ScenarioState, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SentByHand:
    """Send a delivery that is reported to the log later."""
    began_s = stopwatch()
    sent = send(delivery, crash_at=crash_at, crash=crash, tls=state.harness.tls)
    ended_s = stopwatch()
    report = DeliveryReport(delivery, sent.outcome, sent.status_code, round((ended_s - began_s) * 1000))
    return SentByHand(report, began_s, ended_s)


def kill_after(state: ScenarioState, after_s: float) -> None:
    """Kill the receiver after so many seconds."""
    assert state.harness.process is not None
    if after_s > 0:
        state.harness.pause(after_s)
    state.harness.process.kill()
