"""Faults of a scenario: rules, broken dependencies, each boundary in turn.

A right receiver may fail while its database is away: it may refuse events, hold dead connections in its pool, or end
and be started again by its supervisor. It comes back by itself. So after the fault verify waits for it.

clean events            how many requests there are: BEGIN, INSERT, INSERT, COMMIT
    event 1                 the answer to BEGIN is lost, or the receiver is killed before it comes
    event 2                 ... to the first INSERT
    ...
    event 5                 BEGIN does not arrive, and so on to the COMMIT (not where the receiver is killed)

What the dependency holds after each of its answers is then what the receiver finds when the event is sent again. So a
receiver of two transactions is found for certain, where a kill after some milliseconds finds it by luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from frontsim.clock import stopwatch
from frontsim.errors import Unusable
from frontsim.hosting.user_program import is_listening
from frontsim.verification import patience
from frontsim.verification.dependency.breakage import Breakage, DependencyFault
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.effects.history import FaultFact
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.patience import APART_S, CHILD_LOOK_S, LOOK_S
from frontsim.verification.play.kills import kill_in_delivery
from frontsim.verification.play.scenario_state import ActiveFault, BrokenDependency, ScenarioState, raise_events
from frontsim.verification.scenario.steps import (
    Advance,
    AtBoundaries,
    BoundaryAct,
    BreakDependency,
    CrashPoint,
    InjectFault,
    Raise,
)


def begin_dependency_fault(state: ScenarioState, step: BreakDependency) -> None:
    """Break a dependency from now on; `down` cuts what a fault before it still holds back. Raises CallError."""
    dependencies = dependencies_of(state)
    _note_end(state)
    state.harness.pause(APART_S)
    name = step.dependency or state.turn
    state.broken = BrokenDependency(f"dependency {name}: {step.fault}", state.now_ms())
    dependencies.break_(Breakage(step.fault, name, step.after, step.times, step.delay_ms / 1000))


def end_dependency_fault(state: ScenarioState) -> None:
    """Mend what is broken, if anything is, and wait until the receiver is back. Raises CallError or Unusable."""
    if state.broken is None:
        return
    dependencies_of(state).mend()
    _note_end(state)
    await_return(state)
    state.harness.pause(APART_S)


def _note_end(state: ScenarioState) -> None:
    """Note what the fault that is on has done, if one is on."""
    if state.broken is None:
        return
    hits = dependencies_of(state).hits
    broken, state.broken = state.broken, None
    state.hits += hits
    state.faults.append(FaultFact(broken.fault, broken.from_ms, state.now_ms(), f"hits={hits}"))


def await_return(state: ScenarioState) -> None:
    """Wait until the receiver listens and its effects can be read; start our own process if it has ended.

    Raises:
        Unusable: it does not listen again, or cannot be started.
    """
    harness, receiver = state.harness, state.harness.given.request.receiver
    began_s, longest_s = stopwatch(), harness.patience.return_s(breaks_dependency=True)
    _start_again(state)
    while not is_listening(receiver):
        if stopwatch() - began_s > longest_s:
            raise Unusable(
                f"expected a receiver at {receiver} once its dependency was whole again, got none within "
                f"{longest_s:g} s: it ended, and nothing started it again; run it under its supervisor, or let "
                "verify start it (--receiver-cmd)"
            )
        harness.pause(CHILD_LOOK_S)
        _start_again(state)  # what has closed its sockets may take a moment to end
    while state.effects is not None and not state.effects.is_absent and stopwatch() - began_s < harness.limits.last_s:
        try:
            state.effects.read_all()
        except ObserverFailed:  # the receiver may show its effects itself, through connections that are dead
            harness.pause(CHILD_LOOK_S)
        else:
            return


def start_what_ended_late(state: ScenarioState) -> None:
    """Start our own process if it has ended since its dependency is whole again.

    A receiver may notice a connection that was broken only then, at its next query. Raises Unusable.
    """
    if state.hits and state.broken is None:
        _start_again(state)


def _start_again(state: ScenarioState) -> None:
    """Start our own process if it has ended. Raises Unusable."""
    process = state.harness.given.process
    if process is not None and not process.is_running:
        process.start()
        state.mark("receiver started: it had ended while its dependency was broken")


def why_nothing_was_hit(state: ScenarioState) -> str:
    """Why nothing was broken, though the scenario should break a dependency; "" when something was.

    Raises:
        Unusable: the receiver does not use the proxies at all.
    """
    if not state.scenario.needs_dependency or state.hits:
        return ""
    dependencies = dependencies_of(state)
    if not dependencies.connections:
        first = dependencies.addresses[0]
        raise Unusable(
            f"--dependency {first.name}: expected the receiver to connect to {dependencies.listens_at(first.name)}, "
            f"got no connection; put {first.placeholder} into --receiver-cmd, or let the receiver read "
            f"{first.variable} (host:port)"
        )
    return "nothing that it breaks passed through --dependency: no answer, or no commit that frontsim recognises"


def dependencies_of(state: ScenarioState) -> Dependencies:
    """The run's dependencies: `skip_reason` has seen to it that there are some."""
    assert state.harness.given.dependencies is not None
    return state.harness.given.dependencies


def begin_fault(state: ScenarioState, step: InjectFault) -> None:
    """Break deliveries, or calls of the API, from now on. Raises CallError."""
    state.harness.pause(APART_S)
    from_ms, receiver = state.now_ms(), state.harness.given.request.receiver
    rule = state.harness.sim.add_fault(
        step.fault,
        match=step.match if step.on_api or step.on_sink else {"url": receiver, **step.match},
        times=step.times or None,
        probability=step.probability,
        params=step.params,
    )
    state.active.append(ActiveFault(str(rule.get("id", "")), step, from_ms))


def end_faults(state: ScenarioState) -> None:
    """Wait for the deliveries in flight, and for those that a fault holds back; then remove all. Raises CallError."""
    if not state.active and state.broken is None:
        return
    state.drain()
    _let_go(state)
    to_ms = state.now_ms()
    fired = {str(rule.get("id")): rule.get("fired") for rule in state.harness.sim.list_faults()} if state.active else {}
    for active in state.active:
        state.harness.sim.remove_fault(active.id)
        state.faults.append(active.ended(to_ms, hits=fired.get(active.id)))
    state.active.clear()
    end_dependency_fault(state)
    state.harness.pause(APART_S)


def _let_go(state: ScenarioState) -> None:
    """Wait for what a fault sends later; a scenario that moves the clock decides itself when that leaves."""
    if any(isinstance(step, Advance) for step in state.scenario.steps):
        return
    while any(each.step.holds_back for each in state.active) and state.harness.sim.stats()["waiting"]:
        if state.is_late():
            return
        state.harness.pause(LOOK_S)
        state.drain()


_CLEAN = 2


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A request of the receiver, its answer, or that to a commit, by its number among those of an event."""

    number: int
    lost: DependencyFault

    @property
    def is_commit(self) -> bool:
        return self.lost is DependencyFault.LOST_COMMIT

    def __str__(self) -> str:
        return f"{self.lost.removeprefix('lost-')} {self.number + 1}"


def break_at_boundaries(state: ScenarioState, step: AtBoundaries) -> None:
    """Break one event at each request. Raises CallError or Unusable."""
    for event in state.harness.given.selection.types(step.events):
        _deliver(state, event)  # connections are open after it
        boundaries = _boundaries(state, event, step.most)
        if step.act is BoundaryAct.LOSE:  # a commit that does not arrive fails in the same place, and nothing is stored
            boundaries += [
                replace(each, lost=DependencyFault.LOST_REQUEST) for each in boundaries if not each.is_commit
            ]
        for boundary in boundaries:
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
        return [_Boundary(number, DependencyFault.LOST_COMMIT) for number in _spread(commits, most)]
    return [_Boundary(number, DependencyFault.LOST_ANSWER) for number in _spread(requests, most)]


def _lose(state: ScenarioState, event: str, boundary: _Boundary) -> None:
    from_ms = _break(state, boundary.lost, boundary)
    _deliver(state, event)
    _mend(state, f"dependency {state.turn}: {boundary} lost", from_ms)
    await_return(state)


def _kill(state: ScenarioState, event: str, boundary: _Boundary) -> None:
    process = state.harness.given.process
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
    state.harness.pause(patience.APART_S)
    dependencies_of(state).break_(Breakage(fault, state.turn, boundary.number, times=1))
    return state.now_ms()


def _mend(state: ScenarioState, fault: str, from_ms: int) -> None:
    dependencies = dependencies_of(state)
    dependencies.mend()
    state.hits += dependencies.hits
    state.faults.append(FaultFact(fault, from_ms, state.now_ms(), f"hits={dependencies.hits}"))
    state.harness.pause(patience.APART_S)


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
    while (now_s := stopwatch()) - began_s < patience.BUSY_S:
        if now_s - changed_s >= patience.QUIET_S:
            return True
        if until_hit and dependencies.hits:
            return False
        pause(patience.MILLISECONDS_S)
        if (answers := dependencies.answers(state.turn)) != seen:
            seen, changed_s = answers, stopwatch()
    return False


def _spread(requests: int, most: int) -> Sequence[int]:
    """The numbers of the requests to break: all, or so many that lie evenly, with the first and the last."""
    if requests <= most:
        return range(requests)
    return [round(place * (requests - 1) / (most - 1 or 1)) for place in range(most)]
