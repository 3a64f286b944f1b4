"""The master sets up the simulator and its webhooks before a load test."""

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from types import MappingProxyType
from typing import Any

from gevent.pool import Pool
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError
from geventhttpclient.url import URL

from frontsim import catalog
from frontsim.client.control import DeliveryReport, LeasedDelivery, Simulator, answered, by_lease, control_url
from frontsim.client.errors import CallError
from frontsim.client.http import FrontSystems, read_url
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import BadInput, Unusable
from frontsim.load.leases import never_left
from frontsim.load.options import Load
from frontsim.payloads.making.profiles import profile_of
from frontsim.settings import Settings
from frontsim.verification.compare.state_reader import StateReader
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.patience import TimeLimits, WaitLimits
from frontsim.verification.play.log import ExchangeSource
from frontsim.verification.play.scenario_state import since_ms
from frontsim.verification.request import Address, Request, check
from frontsim.verification.run import open_run
from frontsim.verification.scenario.selection import Selection

_URL = re.compile(r"https?://\S+/restapi/V2")
_END_S = 5.0
KEYS = ("api_key", "subscription_key")
"""Settings that the environment may give: `FRONTSIM_API_KEY`, `FRONTSIM_SUBSCRIPTION_KEY`."""


def address_of(url: str, *, token: str = "") -> Address:
    """A simulator that runs already, with the keys of the environment. The URL may lack the path. Raises BadInput."""
    parsed = read_url(url)
    base_url = url if parsed.path.strip("/") else str(parsed.copy_with(path="/restapi/V2"))
    keys = {name: os.environ.get(f"FRONTSIM_{name.upper()}", getattr(Settings, name)) for name in KEYS}
    return Address(base_url, control_url(url), token, **keys)


def start_simulator(
    *,
    seed: int,
    answer_s: float,
    delivery_shape: str = "bare",
    payloads: str = Settings.payloads,
    tls: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Address, Callable[[], None]]:
    """Start a simulator on a free port with its own log; gives its address and a function that ends it.

    Raises:
        Unusable: it did not start; it wrote the reason to standard error.
    """
    settings = {
        "--port": "0",
        "--seed": str(seed),
        "--timeout": f"{answer_s:g}",
        "--auth": "lenient",
        "--token": "",
        "--delivery-shape": delivery_shape,
        "--payloads": payloads,
    }
    if tls.get("tls_ca"):
        settings["--tls-ca"] = str(tls["tls_ca"])
    words = [word for setting in settings.items() for word in setting]
    words.append("--tls-verify" if tls.get("tls_verify", True) else "--no-tls-verify")
    process = subprocess.Popen(
        [sys.executable, "-m", "frontsim.cli.child", "serve", "--quiet", "--ephemeral", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C ends Locust alone: the verdict still needs the log
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode(errors="replace")
    found = _URL.search(line)
    if found is None:
        _stop(process)
        raise Unusable(f"expected a simulator to start, got {line.strip() or 'nothing'}; standard error says why")
    address = Address(found[0], control_url(found[0]), "", Settings.api_key, Settings.subscription_key)
    return address, lambda: _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which ends it, and wait."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


CONCURRENCY = 16
"""Deliveries in flight at once."""


class HttpSender:
    """Keep-alive connections to the receiver. It follows no redirect: a 3xx is not a 2xx.

    Args:
        answer_s: seconds of silence after which the sender stops waiting for an answer.
        tls: the TLS settings.
    """

    def __init__(self, *, answer_s: float, tls: ssl.SSLContext) -> None:
        self._answer_s = answer_s
        self._tls = tls
        self._clients: dict[tuple[str, str, int], HTTPClient] = {}

    def post_all(self, deliveries: Iterable[LeasedDelivery]) -> list[DeliveryReport]:
        """Send deliveries, several at once."""
        return list(Pool(CONCURRENCY).imap_unordered(self.post, deliveries))

    def post(self, delivery: LeasedDelivery) -> DeliveryReport:
        """Send one delivery, once. An error counts as *not sent* only when it proves that no byte left."""
        url = URL(delivery.url)
        began = stopwatch()
        try:
            answer = self._client(url).request(
                "POST", url.request_uri, body=delivery.body, headers=dict(delivery.headers)
            )
            body = bytes(answer.read())
        except (OSError, HTTPParseError) as error:
            outcome = Outcome.NOT_SENT if never_left(error) else Outcome.UNKNOWN
            return DeliveryReport(delivery, outcome, None, _since_ms(began))
        return answered(delivery, answer.get_code(), _since_ms(began), body=body, headers=answer.items())

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _client(self, url: URL) -> HTTPClient:
        key = (url.scheme, url.host, url.port or 0)
        if key not in self._clients:
            self._clients[key] = HTTPClient.from_url(
                url,
                concurrency=CONCURRENCY,
                network_timeout=self._answer_s,
                connection_timeout=self._answer_s,
                insecure=not self._tls.check_hostname,  # otherwise the client would check it all the same
                ssl_context_factory=lambda: self._tls,
            )
        return self._clients[key]


def _since_ms(began: float) -> int:
    return round((stopwatch() - began) * 1000)


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
        limits: how long the receiver may take for what it is asked before and after the load.
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
    limits: TimeLimits
    wait_limits: WaitLimits
    events_before: int
    cleanup: ExitStack

    def now_ms(self) -> int:
        """Milliseconds of the simulator's time since the start. Raises CallError."""
        return since_ms(self.epoch, self.simulator.instant())

    @property
    def exchange_source(self) -> ExchangeSource:
        """Where the requests and answers of findings are read."""
        return ExchangeSource(
            self.simulator, self.selection, Pool(CONCURRENCY).map, profile_of(self.load.options.payloads)
        )

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
    request, options = request_of(load), load.options
    try:
        check(request, pause=sleep)
    except Unusable as error:
        raise Unusable(f"expected a receiver at {options.receiver}, got no connection: start it first") from error
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
        setup = _set_up(load, request, address, cleanup)
        setup.cleanup = cleanup.pop_all()
        return setup


def request_of(load: Load) -> Request:
    """The receiver and the way to see its effects, as `frontsim verify` takes them."""
    options = load.options
    return Request(
        receiver=options.receiver,
        **load.observers,
        observe_key=options.observe_key,
        observe_state=options.observe_state,
        limits=TimeLimits(settle_s=options.settle, answer_s=options.answer_timeout),
        delivery=load.tls,
    )


def _set_up(load: Load, request: Request, address: Address, cleanup: ExitStack) -> LoadSetup:
    """Clean events show how the receiver keeps what it derives, before the rows are read that count as there before."""
    options, selection = load.options, Selection(catalog.load(), list(load.mix))
    opened = cleanup.enter_context(
        open_run(request, options.seed, simulators=address, pause=sleep, selection=selection)
    )
    sender = cleanup.enter_context(closing(HttpSender(answer_s=options.answer_timeout, tls=load.tls_context())))
    given, state, effects = opened.given, None, None
    if given.state:
        state = StateReader(given.state, pause=sleep)
        state.take_baseline()
    if given.observer:
        effects = EffectReader(given.observer, options.observe_key, pause=sleep)
        effects.take_baseline()
    harness = cleanup.enter_context(opened.harness("load test"))
    api, simulator = harness.api, harness.sim
    epoch, events_before = simulator.instant(), int(simulator.stats().get("events", 0))
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
        limits=request.limits,
        wait_limits=request.limits.only_wait(end_s=options.end_timeout),
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
