"""Benches on simulators of our own: one for each scenario, and nothing is left behind."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext

from frontsim.serving import run_in_thread
from frontsim.verification.observe.settle import ReceiverLatency
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.process import ReceiverProcess
from frontsim.verification.request import (
    Address,
    Request,
    Shared,
    check,
    check_simulator,
    harness_of,
    observer_of,
    own_simulator,
    process_of,
    selection_of,
)
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.session import OpenHarness, seed_of


@contextmanager
def open_harnesses(
    request: Request,
    seed: int,
    *,
    pause: Callable[[float], None],
    address: Address | None = None,
    latency: ReceiverLatency | None = None,
) -> Iterator[OpenHarness]:
    """Check what was asked for, start the receiver if it is ours to start, and give open_harnesses until the end.

    Args:
        request: the receiver and how its effects are read.
        seed: of the whole run.
        pause: waits so many seconds.
        address: a simulator that runs already, to be used instead of our own.
        latency: what earlier runs have shown of the receiver's speed.

    Raises:
        BadInput: something in the request cannot be used.
        Unusable: nobody listens at the receiver's URL, the command does not start it, or the address has no simulator.
    """
    process = process_of(request, pause=pause)
    selection, observer = selection_of(request), observer_of(request, address)
    shared = Shared(selection, observer, process, latency or ReceiverLatency())

    @contextmanager
    def open_harness(scenario: Scenario) -> Iterator[Harness]:
        with (
            _simulator(request, seed_of(seed, scenario.name), address) as found,
            closing(harness_of(request, found, shared, pause=pause)) as harness,
        ):
            yield harness

    with closing(observer) if observer else nullcontext():
        check(request, pause=pause)
        if address is not None:
            check_simulator(address)
        with _started(process):
            yield open_harness


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


@contextmanager
def _simulator(request: Request, seed: int, address: Address | None) -> Iterator[Address]:
    if address is not None:
        yield address
        return
    running = run_in_thread(own_simulator(seed, request.limits, request.contracts))
    try:
        yield Address(running.base_url, running.control_url)
    finally:
        running.stop()
