"""What the master has at hand: the simulator, the receiver's effects, our webhooks, and its own hands to send with."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from frontsim import catalog
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.vendor import FrontSystems
from frontsim.errors import BadInput, Unusable
from frontsim.load.http_sender import HttpSender
from frontsim.load.leasing import LeaseDesk
from frontsim.load.options import Load
from frontsim.load.own_simulator import address_of, start_simulator
from frontsim.verification.facts.baseline import Baseline
from frontsim.verification.facts.history import Effect
from frontsim.verification.observe.observers import Observer, effects
from frontsim.verification.observe.settle import WaitLimits
from frontsim.verification.request import Address, Request, check, observer_of
from frontsim.verification.scenario.selection import Selection

_MISSING_S = 15.0  # a receiver may book in batches: for so long missing effects are waited for, at least
LONG_S = 3600.0
"""How long the master's own leases live: when it dies, the run is over anyway."""


@dataclass(slots=True)
class LoadBench:
    """Everything that the beginning and the end of a load test need. `observer` None: nobody gave a way to see effects.

    `webhooks` has the event type of each of our webhooks, `ours` those that were not there before.
    """

    load: Load
    address: Address
    api: FrontSystems
    sim: Simulator
    desk: LeaseDesk
    poster: HttpSender
    observer: Observer | None
    selection: Selection
    epoch: datetime
    webhooks: Mapping[str, str]
    ours: list[str]
    patience: WaitLimits
    baseline: Baseline
    events_before: int
    cleanup: ExitStack

    def new_effects(self) -> tuple[Effect, ...]:
        """What was booked since the start. Raises ObserverFailed."""
        assert self.observer is not None
        return self.baseline.new_in(effects(self.observer, self.load.options.observe_key))

    def now_ms(self) -> int:
        """Milliseconds of the simulator's time since the start. Raises CallError."""
        return round((now_of(self.sim) - self.epoch).total_seconds() * 1000)

    def close(self) -> None:
        """Take our webhooks away, close the connections, and end the simulator if it is ours."""
        try:
            for webhook_id in self.ours:
                self.api.delete_webhook(webhook_id)
        except CallError:
            pass  # it has gone, and its webhooks with it; the verdict has told so
        self.cleanup.close()


def open_bench(load: Load) -> LoadBench:
    """Check what was asked for, find or start the simulator, and subscribe the receiver.

    Raises:
        FrontsimError: something is not as it must be; the text says what.
    """
    load.check()
    request = request_of(load)
    try:
        check(request, pause=sleep)
    except Unusable as error:
        raise Unusable(f"expected a receiver at {load.options.receiver}, got nobody: start it first") from error
    selection = Selection(catalog.load(), list(load.mix))
    options = load.options
    with ExitStack() as cleanup:
        if options.simulator:
            address = address_of(options.simulator, token=options.simulator_token)
        else:
            address, stop = start_simulator(seed=options.seed, answer_s=options.answer_timeout)
            cleanup.callback(stop)
        bench = _open(load, request, selection, address, cleanup)
        bench.cleanup = cleanup.pop_all()
        return bench


def request_of(load: Load) -> Request:
    """The receiver and the way to see its effects, as `frontsim verify` takes them."""
    options = load.options
    return Request(
        receiver=options.receiver,
        observe_url=options.observe_url,
        observe_sql=tuple(options.observe_sql) if options.observe_sql else None,
        observe_cmd=options.observe_cmd,
        observe_sink=options.observe_sink,
        observe_key=options.observe_key,
    )


def now_of(sim: Simulator) -> datetime:
    """The simulator's time, in the vendor's local form, as its log has it. Raises CallError."""
    return datetime.fromisoformat(str(sim.clock().get("now")))


def _open(load: Load, request: Request, selection: Selection, address: Address, cleanup: ExitStack) -> LoadBench:
    options = load.options
    api = cleanup.enter_context(
        FrontSystems(address.base_url, api_key=address.api_key, subscription_key=address.subscription_key)
    )
    sim = cleanup.enter_context(Simulator(address.control_url, token=address.token))
    desk = cleanup.enter_context(closing(LeaseDesk(address.control_url, token=address.token, ttl_s=LONG_S)))
    poster = cleanup.enter_context(closing(HttpSender(answer_s=options.answer_timeout, insecure=options.insecure)))
    observer = observer_of(request, address)
    if observer is not None:
        cleanup.callback(observer.close)
    before = effects(observer, options.observe_key) if observer is not None else ()
    epoch, events_before = now_of(sim), int(sim.stats().get("events", 0))
    there = _webhooks_there(api, selection.types("all"), options.receiver)
    missing = [event for event in selection.types("all") if event not in there.values()]
    ours = {api.create_webhook(event, options.receiver).id: event for event in missing}
    return LoadBench(
        load=load,
        address=address,
        api=api,
        sim=sim,
        desk=desk,
        poster=poster,
        observer=observer,
        selection=selection,
        epoch=epoch,
        webhooks={**there, **ours},
        ours=list(ours),
        patience=WaitLimits(options.settle, max(10 * options.settle, _MISSING_S), options.end_timeout),
        baseline=Baseline.of(before),
        events_before=events_before,
        cleanup=cleanup,
    )


def _webhooks_there(api: FrontSystems, types: Sequence[str], receiver: str) -> dict[str, str]:
    """The webhooks of these types that there are, with their types; one to another URL would get our load. BadInput."""
    there = [each for each in api.list_webhooks() if each.event in types]
    strangers = [each for each in there if each.url != receiver]
    if strangers:
        raise BadInput(
            f"expected a simulator whose webhooks for {strangers[0].event} go to {receiver} only, got one to "
            f"{strangers[0].url}: delete it, or leave --simulator out to have one for this run"
        )
    return {each.id: each.event for each in there}
