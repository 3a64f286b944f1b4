"""Kills the receiver during deliveries, each of which is sent by hand so that the moment is exact."""

from collections.abc import Callable
from functools import partial

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.play.steps.aimed_kills import kill_near_the_effect
from frontsim.verification.play.steps.by_hand import answer_time_s, kill_after, leased, sent_by_hand
from frontsim.verification.scenario.steps import Crash, CrashPoint


def crash(state: ScenarioState, step: Crash) -> None:
    """Deliver one event of each type, and kill the receiver in each delivery. Raises CallError or Unusable."""
    selection = state.harness.selection
    events = selection.types(step.events)
    for event in [each for each in events if selection.past(each) is None] or events:
        if step.near_the_effect:
            kill_near_the_effect(state, event, step.near_the_effect)
        elif state.may_kill_again:
            began = stopwatch()
            _crash_in(state, step, event)
            state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
        else:
            state.mark(f"receiver not killed: {step.at}: no time for a kill and start of {state.slowest_kill_s:.1f} s")


def _crash_in(state: ScenarioState, step: Crash, event: str) -> None:
    is_late = step.at is CrashPoint.AFTER_THE_ANSWER
    crash_at = CrashPoint.ANSWER_READ if is_late else step.at
    after_s = step.after_ms / 1000
    moment = f"{step.at}{f' + {step.after_ms} ms' if is_late or step.after_ms else ''}"
    if step.of_answer_time:
        answer_s = answer_time_s(state, event)
        if answer_s is None:
            state.mark(f"receiver not killed: {moment}: it acknowledges no clean event whose time could be taken")
            return
        after_s = step.of_answer_time * answer_s
        moment += f" + {1000 * after_s:.3g} ms, {step.of_answer_time:.0%} of its answer time"
    kill_in_delivery(state, event, kill=partial(kill_after, state, after_s), crash_at=crash_at, moment=moment)


def kill_in_delivery(
    state: ScenarioState,
    event: str,
    *,
    kill: Callable[[], None],
    crash_at: CrashPoint,
    moment: str,
    before_start: Callable[[], None] = lambda: None,
) -> None:
    """Deliver one event by hand and kill the receiver meanwhile; start it, and report the delivery to the log.

    Args:
        state: of the scenario.
        event: the type.
        kill: kills the receiver, after any wait that the moment needs.
        crash_at: where in the delivery `kill` is called.
        moment: that moment in words.
        before_start: what must be done before the receiver starts again.
    """
    process = state.harness.process
    assert process is not None
    for delivery in leased(state, event):
        from_ms, began = state.now_ms(), stopwatch()
        sent = sent_by_hand(state, delivery, crash_at, kill)
        state.mark(f"receiver killed: {moment}")
        if sent.report.outcome is not Outcome.ANSWERED:  # the kill broke the delivery
            state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
        before_start()
        process.start()
        state.mark("receiver started")
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
