"""Harnesses on our own simulators: one for each scenario, closed when it ends."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from ssl import SSLContext

from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.vendor import FrontSystems
from frontsim.clock import stopwatch
from frontsim.domain.delivery_shape import DeliveryShape, read_delivery_shape
from frontsim.hosting.simulator_process import StartSimulator
from frontsim.hosting.user_program import ReceiverProcess
from frontsim.settings import Settings
from frontsim.verification.compare.columns import ColumnMemory, read_column_map, read_state_map
from frontsim.verification.compare.state_events import CREATED, MOVEMENT
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.dependency.proxies import Dependencies, open_dependencies
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.observers import SharedObserver
from frontsim.verification.first_passes import OpenHarness
from frontsim.verification.patience import ReceiverLatency, TimeLimits
from frontsim.verification.play.given import skip_reason
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.probes import ProbedTypes, probe, probe_state
from frontsim.verification.request import (
    Address,
    Request,
    check,
    observer_of,
    own_simulator,
    process_of,
    selection_of,
    state_observer_of,
)
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.session import seed_of

logger = logging.getLogger(__name__)

_FEW_TYPES = 3
"""A user who names so few has chosen them."""


@contextmanager
def open_harnesses(
    request: Request,
    seed: int,
    *,
    simulators: StartSimulator | Address,
    pause: Callable[[float], None],
    selection: Selection | None = None,
    latency: ReceiverLatency | None = None,
    on_probe: Callable[[ProbedTypes], None] | None = None,
    on_dependencies: Callable[[Dependencies], None] | None = None,
    on_state: Callable[[RunState], None] | None = None,
) -> Iterator[OpenHarness]:
    """Check the request, start the receiver if `--receiver-cmd` says how, and give harnesses until the end.

    Args:
        request: the receiver and how its effects are read.
        seed: of the whole run.
        simulators: starts one for each scenario, or is one that runs already, for all.
        pause: waits so many seconds.
        selection: the event types of the run; read from the request when it is not given.
        latency: what earlier runs have shown of the receiver's speed.
        on_probe: called with the types that the receiver takes; without it, only `--events auto` probes them.
        on_dependencies: called with the addresses that the receiver must connect to, before anything looks for it.
        on_state: called with what clean events showed of the receiver's derived state, if there is a way to read it.

    Raises:
        BadInput: something in the request cannot be used.
        Unusable: nothing listens at the receiver's URL or at a dependency's, the command does not start it, nothing
            answers at the simulator's address, or the delivery shape cannot be read.
    """
    observed = _observed(request, _named(simulators), pause=pause)
    with observed as (observer, state), _announced(request, on_dependencies) as dependencies:
        harnesses = _Harnesses(
            request,
            seed,
            simulators,
            pause=pause,
            selection=selection or selection_of(request),
            observer=observer,
            process=process_of(request, pause=pause, dependencies=dependencies),
            dependencies=dependencies,
            latency=latency or ReceiverLatency(),
            shape=read_delivery_shape(request.delivery_shape),
            columns=ColumnMemory(read_column_map(request.observe_map)),
            state=state,
            tls=request.tls(),
        )
        check(request, pause=pause, dependencies=dependencies, address=_named(simulators))
        with _started(harnesses.process):
            yield _looked_at(harnesses, on_probe, on_state)


@contextmanager
def _observed(
    request: Request, address: Address | None, *, pause: Callable[[float], None]
) -> Iterator[tuple[SharedObserver | None, RunState | None]]:
    """What reads the effects, and the receiver's state, not yet looked at; None for what the user gave no way to."""
    with ExitStack() as stack:
        shared = []
        keys = request.observe_key, BUSINESS  # rows of a state are no records that must stay
        for reads, key in zip((observer_of(request, address), state_observer_of(request)), keys, strict=True):
            patience_s = request.limits.last_s
            observer = SharedObserver(reads, pause=pause, patience_s=patience_s, key=key) if reads else None
            if observer:
                stack.enter_context(closing(observer))
            shared.append(observer)
        effects, levels = shared
        yield effects, RunState(levels, read_state_map(request.observe_map)) if levels else None


@dataclass(slots=True, eq=False)
class _Harnesses:
    """What the harnesses of one run share. Each has its own simulator, unless `simulators` is one for all."""

    request: Request
    seed: int
    simulators: StartSimulator | Address
    _: KW_ONLY
    pause: Callable[[float], None]
    selection: Selection
    observer: SharedObserver | None
    process: ReceiverProcess | None
    dependencies: Dependencies | None
    latency: ReceiverLatency
    shape: DeliveryShape
    columns: ColumnMemory
    state: RunState | None
    tls: SSLContext | None
    began_s: float = field(default_factory=stopwatch)
    refused: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def sink(self) -> str:
        """The sink that effects are read from, "" for none."""
        return self.request.observe_sink

    @property
    def limits(self) -> TimeLimits:
        return self.request.limits

    def __call__(self, scenario: Scenario) -> AbstractContextManager[Harness]:
        return self.open(scenario.name)

    def skip_reason(self, scenario: Scenario) -> str:
        return skip_reason(scenario, self)

    @contextmanager
    def open(self, name: str) -> Iterator[Harness]:
        """A harness for what has that name, which with the run's seed decides its simulator's seed."""
        request = self.request
        with _simulator(request, seed_of(self.seed, name), self.simulators) as at:
            harness = Harness(
                api=FrontSystems(at.base_url, api_key=at.api_key, subscription_key=at.subscription_key),
                sim=Simulator(at.control_url, token=at.token),
                receiver_url=request.receiver,
                selection=self.selection,
                pause=self.pause,
                observer=self.observer,
                observer_key=request.observe_key,
                check_content=request.check_content,
                process=self.process,
                dependencies=self.dependencies,
                sink=self.sink,
                owns_simulator=_named(self.simulators) is None,
                cleans_up=_named(self.simulators) is not None,
                limits=request.limits,
                latency=self.latency,
                shape=self.shape,
                columns=self.columns,
                state=self.state,
                payloads=request.delivery.get("payloads", Settings.payloads),
                is_strict=request.strict,
                tls=self.tls,
            )
            with closing(harness):
                yield harness


def _probed(harnesses: _Harnesses, on_probe: Callable[[ProbedTypes], None] | None) -> _Harnesses:
    """The harnesses after each type was tried. A probe that fails says nothing: the scenarios then say more."""
    try:
        with harnesses.open("type probe") as harness:
            found = probe(harness)
    except CallError as error:
        logger.warning("the types could not be probed: %s", error)
        return harnesses
    if on_probe:
        on_probe(found)
    selection = harnesses.selection.only(found.taken) if harnesses.request.is_auto else harnesses.selection
    return replace(harnesses, selection=selection, refused=found.statuses)


def _looked_at(
    harnesses: _Harnesses,
    on_probe: Callable[[ProbedTypes], None] | None,
    on_state: Callable[[RunState], None] | None,
) -> _Harnesses:
    """The harnesses after the probes that come before the first scenario."""
    if harnesses.request.is_auto or (on_probe and len(harnesses.selection.types("all")) > _FEW_TYPES):
        harnesses = _probed(harnesses, on_probe)
    if harnesses.state:
        _learn_state(harnesses, harnesses.state)
        if on_state:
            on_state(harnesses.state)
        shown = MOVEMENT if harnesses.state.shape else CREATED
        harnesses = replace(harnesses, selection=harnesses.selection.preferring(shown))
    return harnesses


def _learn_state(harnesses: _Harnesses, state: RunState) -> None:
    """Look at how the receiver keeps what it derives. A probe that fails leaves that unknown."""
    try:
        with harnesses.open("state probe") as harness:
            probe_state(harness, state)
    except CallError as error:
        state.failure = f"{state.name}: {error}"


@contextmanager
def _announced(
    request: Request, on_dependencies: Callable[[Dependencies], None] | None
) -> Iterator[Dependencies | None]:
    with open_dependencies(request.dependencies) as dependencies:
        if dependencies and on_dependencies:
            on_dependencies(dependencies)
        yield dependencies


@contextmanager
def _started(process: ReceiverProcess | None) -> Iterator[None]:
    if process is None:
        yield
        return
    try:
        process.start()
        yield
    finally:
        process.close()


def _named(simulators: StartSimulator | Address) -> Address | None:
    """The simulator that runs already, None when we start our own."""
    return simulators if isinstance(simulators, Address) else None


@contextmanager
def _simulator(request: Request, seed: int, simulators: StartSimulator | Address) -> Iterator[Address]:
    if isinstance(simulators, Address):
        yield simulators
        return
    running = simulators(own_simulator(request, seed))
    try:
        yield Address(running.base_url, running.control_url)
    finally:
        running.stop()
