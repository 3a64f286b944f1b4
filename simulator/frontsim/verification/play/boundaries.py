"""One event for each request that the receiver makes to its dependencies for an event, each broken at another request.

    clean events            how many requests there are: BEGIN, INSERT, INSERT, COMMIT
    event 1                 the answer to BEGIN is lost, or the receiver is killed before it comes
    event 2                 ... to the first INSERT
    ...

What the dependency holds after each of its answers is then what the receiver finds when the event is sent again. So a
receiver of two transactions is found for certain, where a kill after some milliseconds finds it by luck.
"""

from collections.abc import Sequence

from frontsim.clock import stopwatch
from frontsim.verification.dependency.breakage import Breakage, DependencyFault
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.play.crashes import kill_in_delivery
from frontsim.verification.play.dependency_faults import await_return, dependencies_of
from frontsim.verification.play.drain import drain
from frontsim.verification.play.raising import raise_events
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import AtBoundaries, BoundaryAct, CrashPoint, Raise

_APART_S = 0.01
_QUIET_S = 0.1
"""The receiver makes no more requests for an event when it has made none for so long."""
_BUSY_S = 1.0
"""A receiver whose workers ask all the time never is quiet: it gets so long for an event."""
_LOOK_S = 0.002
_CLEAN = 2


def break_at_boundaries(state: ScenarioState, step: AtBoundaries) -> None:
    """Break one event at each request. Raises CallError or Unusable."""
    for event in state.harness.selection.types(step.events):
        _deliver(state, event)  # connections are open after it
        requests = max([_requests(state, event) for _ in range(_CLEAN)])
        for after in _spread(requests, step.most):
            if state.is_late():
                return
            _lose(state, event, after) if step.act is BoundaryAct.LOSE else _kill(state, event, after)
            _deliver(state, event)  # the receiver connects again, so that the next event's requests are the same ones


def _requests(state: ScenarioState, event: str) -> int:
    """How many requests a clean event causes."""
    before = dependencies_of(state).answers(state.turn)
    _deliver(state, event)
    return dependencies_of(state).answers(state.turn) - before


def _lose(state: ScenarioState, event: str, after: int) -> None:
    _break(state, DependencyFault.LOST_ANSWER, after)
    from_ms = state.now_ms()
    _deliver(state, event)
    _mend(state, f"dependency {state.turn}: answer {after + 1} lost", from_ms)
    await_return(state)


def _kill(state: ScenarioState, event: str, after: int) -> None:
    process = state.harness.process
    assert process is not None
    _break(state, DependencyFault.HELD_ANSWER, after)
    from_ms = state.now_ms()

    def kill() -> None:
        _await_quiet(state, until_struck=True)
        process.kill()

    moment = f"answer {after + 1} of dependency {state.turn} held"
    kill_in_delivery(
        state, event, kill=kill, crash_at=CrashPoint.WHOLE_BODY, moment=moment, before_start=dependencies_of(state).mend
    )
    _mend(state, f"dependency {state.turn}: answer {after + 1} held", from_ms)


def _break(state: ScenarioState, fault: DependencyFault, after: int) -> None:
    state.harness.pause(_APART_S)
    dependencies_of(state).break_(Breakage(fault, state.turn, after, times=1))


def _mend(state: ScenarioState, fault: str, from_ms: int) -> None:
    dependencies = dependencies_of(state)
    dependencies.mend()
    state.struck += dependencies.hits
    state.faults.append(FaultFact(fault, from_ms, state.now_ms(), f"struck={dependencies.hits}"))
    state.harness.pause(_APART_S)


def _deliver(state: ScenarioState, event: str) -> None:
    """Deliver one event, and wait until its requests are over."""
    raise_events(state, Raise(events=[event]))
    drain(state)
    _await_quiet(state)


def _await_quiet(state: ScenarioState, *, until_struck: bool = False) -> None:
    """Wait until the receiver makes no more requests; with `until_struck` at most until one of them is broken."""
    dependencies, pause = dependencies_of(state), state.harness.pause
    began_s = changed_s = stopwatch()
    seen = dependencies.answers(state.turn)
    while (now_s := stopwatch()) - changed_s < _QUIET_S and now_s - began_s < _BUSY_S:
        if until_struck and dependencies.hits:
            return
        pause(_LOOK_S)
        if dependencies.answers(state.turn) != seen:
            seen, changed_s = dependencies.answers(state.turn), stopwatch()


def _spread(requests: int, most: int) -> Sequence[int]:
    """The numbers of the requests to break: all, or so many that lie evenly, with the first and the last."""
    if requests <= most:
        return range(requests)
    return [round(place * (requests - 1) / (most - 1 or 1)) for place in range(most)]
