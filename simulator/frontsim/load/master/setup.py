"""What the master sets up before a load test: the simulator, the webhooks, the observer, and its own sender."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from gevent.pool import Pool

from frontsim import catalog
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.leases import DeliveryReport, LeasedDelivery, by_lease
from frontsim.client.vendor import FrontSystems
from frontsim.errors import BadInput, Unusable
from frontsim.load.master.http_sender import CONCURRENCY, HttpSender
from frontsim.load.master.load_state import open_state
from frontsim.load.master.simulator_process import address_of, start_simulator
from frontsim.load.plan.load import Load
from frontsim.verification.observe.effect_reader import EffectReader
from frontsim.verification.observe.settle import WaitLimits
from frontsim.verification.observe.state_reader import StateReader
from frontsim.verification.play.harness import TimeLimits
from frontsim.verification.play.log.exchanges import ExchangeSource
from frontsim.verification.play.scenario_state import since_ms
from frontsim.verification.request import Address, Request, check, observer_of
from frontsim.verification.scenario.selection import Selection

MISSING_S = 15.0
"""How long to wait for missing effects, at least: a receiver may book in batches."""
MASTER_TTL_S = 3600.0
"""How long the master's own leases live: when the master dies, the run is over anyway."""


@dataclass(slots=True)
class LoadSetup:
    """Everything that the beginning and the end of a load test need.

    Attributes:
        effects: reads effects; None where the user gave no way.
        state: reads what the receiver derives; None where the user gave no way.
        webhooks: the event type of each webhook, by its id.
        created: the ids of the webhooks that this run created.
        wait_limits: how long to wait for effects.
        events_before: how many events the simulator had before the run.
    """

    load: Load
    address: Address
    api: FrontSystems
    simulator: Simulator
    sender: HttpSender
    effects: EffectReader | None
    state: StateReader | None
    selection: Selection
    epoch: datetime
    webhooks: Mapping[str, str]
    created: list[str]
    wait_limits: WaitLimits
    events_before: int
    cleanup: ExitStack

    def now_ms(self) -> int:
        """Milliseconds of the simulator's time since the start. Raises CallError."""
        return since_ms(self.epoch, self.simulator.now())

    @property
    def exchange_source(self) -> ExchangeSource:
        """Where the requests and answers of findings are read."""
        return ExchangeSource(self.simulator, self.selection, Pool(CONCURRENCY).map, self.load.options.payloads)

    def deliver(self, deliveries: Sequence[LeasedDelivery]) -> list[DeliveryReport]:
        """Send leased deliveries, several at once, and report how they ended. Raises CallError."""
        reports = self.sender.post_all(deliveries)
        for lease_id, of_lease in by_lease(reports).items():
            self.simulator.report_lease(lease_id, of_lease)
        return reports

    def close(self) -> None:
        """Delete the webhooks of this run, close the connections, and end the simulator if this run started it."""
        try:
            for webhook_id in self.created:
                self.api.delete_webhook(webhook_id)
        except CallError:
            pass  # the simulator is gone, and its webhooks with it; the verdict says so
        self.cleanup.close()


def set_up(load: Load) -> LoadSetup:
    """Check the options, find or start the simulator, and subscribe the receiver.

    Raises:
        FrontsimError: something is not as it must be; the text says what.
    """
    load.check()
    request = request_of(load)
    try:
        check(request, pause=sleep)
    except Unusable as error:
        raise Unusable(f"expected a receiver at {load.options.receiver}, got no connection: start it first") from error
    selection = Selection(catalog.load(), list(load.mix))
    options = load.options
    with ExitStack() as cleanup:
        if options.simulator:
            address = address_of(options.simulator, token=options.simulator_token)
        else:
            address, stop = start_simulator(
                seed=options.seed,
                answer_s=options.answer_timeout,
                delivery_shape=options.delivery_shape,
                payloads=options.payloads,
                tls=load.tls,
            )
            cleanup.callback(stop)
        setup = _set_up(load, request, selection, address, cleanup)
        setup.cleanup = cleanup.pop_all()
        return setup


def limits_of(load: Load) -> TimeLimits:
    """How long the receiver may take for what it is asked before and after the load."""
    options = load.options
    return TimeLimits(settle_s=options.settle, answer_s=options.answer_timeout, last_s=MISSING_S)


def request_of(load: Load) -> Request:
    """The receiver and the way to see its effects, as `frontsim verify` takes them."""
    options = load.options
    return Request(
        receiver=options.receiver,
        **load.observers,
        observe_key=options.observe_key,
        observe_state=options.observe_state,
        delivery=load.tls,
    )


def _set_up(load: Load, request: Request, selection: Selection, address: Address, cleanup: ExitStack) -> LoadSetup:
    options = load.options
    api = cleanup.enter_context(
        FrontSystems(address.base_url, api_key=address.api_key, subscription_key=address.subscription_key)
    )
    simulator = cleanup.enter_context(Simulator(address.control_url, token=address.token))
    sender = cleanup.enter_context(closing(HttpSender(answer_s=options.answer_timeout, tls=load.tls_context())))
    limits = limits_of(load)
    state = cleanup.enter_context(open_state(load, request, selection, address, limits=limits))
    effects = None
    if (observer := observer_of(request, address)) is not None:
        cleanup.callback(observer.close)
        effects = EffectReader(observer, options.observe_key, pause=sleep)
        effects.take_baseline()
    epoch, events_before = simulator.now(), int(simulator.stats().get("events", 0))
    existing = _existing_webhooks(api, selection.types("all"), options.receiver)
    missing = [event for event in selection.types("all") if event not in existing.values()]
    created = {api.create_webhook(event, options.receiver).id: event for event in missing}
    return LoadSetup(
        load=load,
        address=address,
        api=api,
        simulator=simulator,
        sender=sender,
        effects=effects,
        state=state,
        selection=selection,
        epoch=epoch,
        webhooks={**existing, **created},
        created=list(created),
        wait_limits=WaitLimits(options.settle, max(10 * options.settle, MISSING_S), options.end_timeout),
        events_before=events_before,
        cleanup=cleanup,
    )


def _existing_webhooks(api: FrontSystems, types: Sequence[str], receiver: str) -> dict[str, str]:
    """The event type of each webhook for these types. Raises BadInput for one to another URL: it would get our load."""
    existing = [each for each in api.list_webhooks() if each.event in types]
    foreign = [each for each in existing if each.url != receiver]
    if foreign:
        raise BadInput(
            f"expected a simulator whose webhooks for {foreign[0].event} go to {receiver} only, got one to "
            f"{foreign[0].url}: delete it, or leave --simulator out to have one for this run"
        )
    return {each.id: each.event for each in existing}
