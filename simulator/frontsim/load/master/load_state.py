"""The receiver's derived state in a load test: its shape, found by clean events before the load, and its rows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import sleep

from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.vendor import FrontSystems
from frontsim.load.plan.load import Load
from frontsim.verification.observe.state_reader import RunState, StateReader
from frontsim.verification.play.harness import Harness, TimeLimits
from frontsim.verification.play.probes.state_probe import probe_state
from frontsim.verification.request import Address, Request, state_observer_of
from frontsim.verification.scenario.selection import Selection


@contextmanager
def open_state(
    load: Load, request: Request, selection: Selection, address: Address, *, limits: TimeLimits
) -> Iterator[StateReader | None]:
    """Reads the rows as they are before the load; None where the user gave no way.

    It raises clean events of the mix's types first, so their effects must not count as the load's.
    """
    observer = state_observer_of(request)
    if observer is None:
        yield None
        return
    with closing(observer):
        run = RunState(observer)
        try:
            with closing(_harness(load, selection, address, run, limits)) as harness:
                probe_state(harness, run)
        except CallError as error:
            run.failure = f"{run.name}: {error}"
        reader = StateReader(run, pause=sleep)
        reader.take_baseline()
        yield reader


def _harness(load: Load, selection: Selection, address: Address, run: RunState, limits: TimeLimits) -> Harness:
    return Harness(
        api=FrontSystems(address.base_url, api_key=address.api_key, subscription_key=address.subscription_key),
        sim=Simulator(address.control_url, token=address.token),
        receiver_url=load.options.receiver,
        selection=selection,
        pause=sleep,
        limits=limits,
        state=run,
    )
