"""Breaking the receiver's dependencies in a scenario, and the receiver's return afterwards.

A right receiver may fail while its database is away: it may refuse events, hold dead connections in its pool, or end
and be started again by its supervisor. It comes back by itself. So after the fault verify waits for it.
"""

from frontsim.clock import stopwatch
from frontsim.errors import Unusable
from frontsim.verification.dependency.breakage import Breakage
from frontsim.verification.dependency.dependencies import Dependencies
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.play.receiver.process import is_listening
from frontsim.verification.play.scenario_state import APART_S, BrokenDependency, ScenarioState
from frontsim.verification.scenario.steps import BreakDependency

_LOOK_S = 0.05
_PATIENCE = 2.5
"""A circuit breaker or a pool may take half a minute to trust a dependency again: 37.5 s by default."""


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
    harness = state.harness
    began_s = stopwatch()
    _start_again(state)
    while not is_listening(harness.receiver_url):
        if stopwatch() - began_s > patience_s(state):
            raise Unusable(
                f"expected a receiver at {harness.receiver_url} once its dependency was whole again, got none within "
                f"{patience_s(state):g} s: it ended, and nothing started it again; run it under its supervisor, or let "
                "verify start it (--receiver-cmd)"
            )
        harness.pause(_LOOK_S)
        _start_again(state)  # what has closed its sockets may take a moment to end
    while state.effects is not None and not state.effects.is_absent and stopwatch() - began_s < harness.limits.last_s:
        try:
            state.effects.read_all()
        except ObserverFailed:  # the receiver may show its effects itself, through connections that are dead
            harness.pause(_LOOK_S)
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
    process = state.harness.process
    if process is not None and not process.is_running:
        process.start()
        state.mark("receiver started: it had ended while its dependency was broken")


def patience_s(state: ScenarioState) -> float:
    """How long a receiver may refuse everything before the list -> resend job gives up."""
    last_s = state.harness.limits.last_s
    return last_s * _PATIENCE if state.scenario.needs_dependency else last_s


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
    assert state.harness.dependencies is not None
    return state.harness.dependencies
