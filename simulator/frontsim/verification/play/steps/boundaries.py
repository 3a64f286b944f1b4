"""One event for each request that the receiver makes to its dependencies for an event, each broken at another request.

    clean events            how many requests there are: BEGIN, INSERT, INSERT, COMMIT
    event 1                 the answer to BEGIN is lost, or the receiver is killed before it comes
    event 2                 ... to the first INSERT
    ...

What the dependency holds after each of its answers is then what the receiver finds when the event is sent again. So a
receiver of two transactions is found for certain, where a kill after some milliseconds finds it by luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from frontsim.clock import stopwatch
from frontsim.verification.dependency.breakage import Breakage, DependencyFault
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.play.scenario_state import APART_S, ScenarioState
from frontsim.verification.play.steps.crashes import kill_in_delivery
from frontsim.verification.play.steps.dependency_faults import await_return, dependencies_of
from frontsim.verification.play.steps.raising import raise_events
from frontsim.verification.scenario.steps import AtBoundaries, BoundaryAct, CrashPoint, Raise

_QUIET_S = 0.1
"""The receiver makes no more requests for an event when it has made none for so long."""
_BUSY_S = 1.0
"""A receiver whose workers ask all the time never is quiet: it gets so long for an event."""
_LOOK_S = 0.002
_CLEAN = 2


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A request of the receiver, or a commit, by its number among those of an event."""

    number: int
    is_commit: bool

    def __str__(self) -> str:
        return f"{'commit' if self.is_commit else 'answer'} {self.number + 1}"


def break_at_boundaries(state: ScenarioState, step: AtBoundaries) -> None:
    """Break one event at each request. Raises CallError or Unusable."""
    for event in state.harness.selection.types(step.events):
        _deliver(state, event)  # connections are open after it
        for boundary in _boundaries(state, event, step.most):
            if state.is_late() or not state.may_kill_again:
                return
            _lose(state, event, boundary) if step.act is BoundaryAct.LOSE else _kill(state, event, boundary)
            _deliver(state, event)  # the receiver connects again, so that the next event's requests are the same ones


def _boundaries(state: ScenarioState, event: str, most: int) -> list[_Boundary]:
    """The requests of a clean event.

    If a receiver polls all the time, as a worker on a table does, only commits can be distinguished from what
    it asks anyway.
    """
    dependencies = dependencies_of(state)
    requests = commits = 0
    is_quiet = True
    for _ in range(_CLEAN):
        answers_before, commits_before = dependencies.answers(state.turn), dependencies.commits(state.turn)
        is_quiet &= _deliver(state, event)
        requests = max(requests, dependencies.answers(state.turn) - answers_before)
        commits = max(commits, dependencies.commits(state.turn) - commits_before)
    if commits and not is_quiet:
        return [_Boundary(number, is_commit=True) for number in _spread(commits, most)]
    return [_Boundary(number, is_commit=False) for number in _spread(requests, most)]


def _lose(state: ScenarioState, event: str, boundary: _Boundary) -> None:
    fault = DependencyFault.LOST_COMMIT if boundary.is_commit else DependencyFault.LOST_ANSWER
    from_ms = _break(state, fault, boundary)
    _deliver(state, event)
    _mend(state, f"dependency {state.turn}: {boundary} lost", from_ms)
    await_return(state)


def _kill(state: ScenarioState, event: str, boundary: _Boundary) -> None:
    process = state.harness.process
    assert process is not None
    fault = DependencyFault.HELD_COMMIT if boundary.is_commit else DependencyFault.HELD_ANSWER
    from_ms = _break(state, fault, boundary)

    def kill() -> None:
        _await_quiet(state, until_hit=True)
        process.kill()

    moment = f"{boundary} of dependency {state.turn} held"
    kill_in_delivery(
        state, event, kill=kill, crash_at=CrashPoint.WHOLE_BODY, moment=moment, before_start=dependencies_of(state).mend
    )
    _mend(state, f"dependency {state.turn}: {boundary} held", from_ms)


def _break(state: ScenarioState, fault: DependencyFault, boundary: _Boundary) -> int:
    """Break it from now on; when that was, in ms since the scenario began."""
    state.harness.pause(APART_S)
    dependencies_of(state).break_(Breakage(fault, state.turn, boundary.number, times=1))
    return state.now_ms()


def _mend(state: ScenarioState, fault: str, from_ms: int) -> None:
    dependencies = dependencies_of(state)
    dependencies.mend()
    state.hits += dependencies.hits
    state.faults.append(FaultFact(fault, from_ms, state.now_ms(), f"hits={dependencies.hits}"))
    state.harness.pause(APART_S)


def _deliver(state: ScenarioState, event: str) -> bool:
    """Deliver one event, and wait until its requests are over: whether the receiver makes no more."""
    raise_events(state, Raise(events=[event]))
    state.drain()
    return _await_quiet(state)


def _await_quiet(state: ScenarioState, *, until_hit: bool = False) -> bool:
    """Wait until the receiver makes no more requests: whether it does; with `until_hit` until one is broken."""
    dependencies, pause = dependencies_of(state), state.harness.pause
    began_s = changed_s = stopwatch()
    seen = dependencies.answers(state.turn)
    while (now_s := stopwatch()) - began_s < _BUSY_S:
        if now_s - changed_s >= _QUIET_S:
            return True
        if until_hit and dependencies.hits:
            return False
        pause(_LOOK_S)
        if (answers := dependencies.answers(state.turn)) != seen:
            seen, changed_s = answers, stopwatch()
    return False


def _spread(requests: int, most: int) -> Sequence[int]:
    """The numbers of the requests to break: all, or so many that lie evenly, with the first and the last."""
    if requests <= most:
        return range(requests)
    return [round(place * (requests - 1) / (most - 1 or 1)) for place in range(most)]
