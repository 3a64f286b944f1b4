"""Kills near the moment at which an event's effect appears: the gap between two commits lies beside it.

    killed 9 ms after the event    no effect      -> later
    killed 14 ms after             an effect      -> earlier, half as far
    killed 11 ms after             an effect      -> earlier
    killed 9 ms after              no effect      -> later, half as far ...

A receiver that commits key and effect one after the other is wrong for a millisecond in twenty, which kills at given
moments rarely hit. The effect shows on which side of the gap a kill fell. The moment varies with the machine's load, so
no answer is final, as it would be in a bisection, and each kill meets a volley of events, sent a little apart.

A receiver that takes events one after another, or whose threads share a core, answers a volley later than one event. So
the first aim is by the time in which it answers a volley.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from frontsim.client.leases import LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.verification.facts.correlate import effects_of
from frontsim.verification.facts.history import FaultFact, History
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.play.harness import TOGETHER
from frontsim.verification.play.log.log_facts import read_facts
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.play.steps.by_hand import SentByHand, answer_time_s, kill_after, leased, timed
from frontsim.verification.scenario.steps import CrashPoint

_FIRST, _FIRST_STEP, _LATEST = 0.5, 0.25, 2.0
"""Parts of the time in which the receiver answers."""
_HALF = 0.5
_LEAST_STEP_S = 0.001
_UNSEEN = 4
"""Kills after which no effect at all was seen: it appears long after the answer, or the observer is late."""
_TIME_FOR_AIMED = 0.6
"""The part of the time for kills: others come after."""
_QUICK_S, _FEW = 0.05, 2
"""A receiver that takes longer to answer gets few events at once: it would not be done with them in time."""
_LEAD_S = 0.005
"""The threads that send are ready by then."""


@dataclass(slots=True)
class Aim:
    """When to kill next.

    Attributes:
        answer_s: how long the receiver takes to answer an event of a volley.
        events: how many events a volley has.
        after_s: kill so many seconds after the event in the middle of the volley.
        step_s: how far the aim moves.
        seen: for each kill, which part of its events had an effect.
    """

    answer_s: float
    events: int = TOGETHER
    after_s: float = 0.0
    step_s: float = 0.0
    seen: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.after_s, self.step_s = _FIRST * self.answer_s, _FIRST_STEP * self.answer_s

    @property
    def apart_s(self) -> float:
        """Seconds between two events of a volley: together they span what the aim moves."""
        return self.step_s / self.events

    @property
    def is_hopeless(self) -> bool:
        return len(self.seen) >= _UNSEEN and not any(self.seen)

    def correct(self, *, share: float) -> None:
        """Aim again: earlier if at least half of the events have effects, later if not."""
        has_effects = share >= _HALF
        if self.seen and (self.seen[-1] >= _HALF) != has_effects:
            self.step_s = max(self.step_s / 2, min(_LEAST_STEP_S, self.step_s))
        self.seen = (*self.seen, share)
        later_s = self.after_s + (-self.step_s if has_effects else self.step_s)
        self.after_s = min(max(later_s, 0.0), _LATEST * self.answer_s)


def kill_near_the_effect(state: ScenarioState, event: str, kills: int) -> None:
    """Kill the receiver so many times, as long as there is time and effects tell where to aim.

    Raises CallError or Unusable.
    """
    aim: Aim | None = None
    for _ in range(kills):
        if _is_late(state) or not state.may_kill_again or (aim and aim.is_hopeless):
            return
        began = stopwatch()
        answer_s = answer_time_s(state, event)
        if answer_s is None:
            return
        if aim is None:
            aim = _first_aim(state, event, answer_s)
            answer_time_s(state, event)
        killed = _kill_in_volley(state, event, aim)
        share = _share_with_effects(state, killed)
        if share is None:
            return
        aim.correct(share=share)
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)


def _is_late(state: ScenarioState) -> bool:
    return state.spent_s > _TIME_FOR_AIMED * state.harness.limits.time_for_kills_s


def _first_aim(state: ScenarioState, event: str, answer_s: float) -> Aim:
    """The aim by the time in which the receiver answers a volley; it answers an event alone in `answer_s`."""
    aim = Aim(answer_s, TOGETHER if answer_s < _QUICK_S else _FEW)
    sent = _send_volley(state, event, aim, lambda _: None)
    times = [each.ended_s - each.began_s for each in sent if each.report.acknowledged]
    return Aim(median(times), aim.events) if times else aim


def _kill_in_volley(state: ScenarioState, event: str, aim: Aim) -> Sequence[str]:
    """Deliver a volley, kill the receiver and start it; the webhookEventIds."""
    assert state.harness.process is not None
    from_ms = state.now_ms()
    sent = _send_volley(state, event, aim, lambda at_s: kill_after(state, at_s + aim.after_s - stopwatch()))
    moment = f"{CrashPoint.WHOLE_BODY} + {1000 * aim.after_s:.3g} ms, when effects are about to appear"
    state.mark(f"receiver killed: {moment}")
    state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
    state.harness.process.start()
    state.mark("receiver started")
    return [each.report.delivery.webhook_event_id for each in sent]


def _send_volley(
    state: ScenarioState, event: str, aim: Aim, meanwhile: Callable[[float], None]
) -> Sequence[SentByHand]:
    """Deliver events a little apart; `meanwhile` gets the moment of the one in the middle."""
    harness = state.harness
    deliveries = [each for _ in range(aim.events) for each in leased(state, event)]
    start_s = stopwatch() + _LEAD_S
    at_s = [start_s + number * aim.apart_s for number in range(len(deliveries))]
    sending = [harness.pool.submit(_send_at, state, *each) for each in zip(at_s, deliveries, strict=True)]
    meanwhile(at_s[len(at_s) // 2])
    sent = [each.result() for each in sending]
    for each in sent:
        harness.sim.report_lease(each.report.delivery.lease_id, [each.report])
    return sent


def _send_at(state: ScenarioState, at_s: float, delivery: LeasedDelivery) -> SentByHand:
    state.harness.pause(max(0.0, at_s - stopwatch()))
    return timed(state, delivery, CrashPoint.WHOLE_BODY, lambda: None)


def _share_with_effects(state: ScenarioState, webhook_event_ids: Sequence[str]) -> float | None:
    """Which part of the events have an effect now; None where that cannot be seen. Raises CallError."""
    if state.effects is None:
        return None
    own = tuple(each for each in read_facts(state) if each.webhook_event_id in webhook_event_ids)
    try:
        effects = state.effects.read_new()
    except ObserverFailed:
        return None
    shown = effects_of(History(state.scenario.name, own, observer_key=state.effects.key), effects)
    return len(shown) / len(webhook_event_ids)
