"""What a user asks for, from the command line or from pytest, and the harness that is built from it."""

import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from frontsim import catalog
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.vendor import FrontSystems
from frontsim.errors import BadInput, Unusable
from frontsim.settings import Settings
from frontsim.verification.observe.observers import (
    CommandObserver,
    ImportObserver,
    Observer,
    SinkObserver,
    SqlObserver,
    UrlObserver,
)
from frontsim.verification.observe.settle import ReceiverLatency
from frontsim.verification.play.harness import Harness, TimeLimits
from frontsim.verification.play.process import ReceiverProcess
from frontsim.verification.scenario.selection import Selection

CONCURRENCY = 50
"""Deliveries that our own simulator has in flight at once: a storm is that many."""
KEY = "webhookEventId"


@dataclass(frozen=True, slots=True)
class Request:
    """A receiver, a way to see its effects (at most one of `observe_...`), and limits. Times are seconds."""

    receiver: str
    observe_url: str = ""
    observe_sql: tuple[str, str] | None = None
    observe_cmd: str = ""
    observe_sink: str = ""
    observe_import: str = ""
    observe_key: str = KEY
    receiver_cmd: str = ""
    events: Sequence[str] = ()
    limits: TimeLimits = field(default_factory=TimeLimits)
    contracts: Path | None = None

    @property
    def observers(self) -> list[str]:
        """The options that give a way to see effects."""
        names = ("observe_url", "observe_sql", "observe_cmd", "observe_sink", "observe_import")
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name)]


@dataclass(frozen=True, slots=True)
class Address:
    """A simulator that runs somewhere."""

    base_url: str
    control_url: str
    token: str = ""
    api_key: str = Settings.api_key
    subscription_key: str = Settings.subscription_key


@dataclass(frozen=True, slots=True)
class Shared:
    """What all scenarios of a run share."""

    selection: Selection
    observer: Observer | None
    process: ReceiverProcess | None
    latency: ReceiverLatency = field(default_factory=ReceiverLatency)


def own_simulator(seed: int, limits: TimeLimits, contracts: Path | None = None) -> Settings:
    """The settings of a simulator that is there for one run only."""
    return Settings(
        port=0,
        ephemeral=True,
        seed=seed,
        concurrency=CONCURRENCY,
        timeout=limits.answer_s,
        connect_timeout=limits.answer_s,
        contracts=contracts,
    )


def check(request: Request, *, pause: Callable[[float], None]) -> None:
    """Refuse what cannot work, before anything is started.

    Raises:
        BadInput: the receiver's URL cannot be used, or effects are to be seen in more than one way.
        Unusable: nothing listens at the receiver's URL, and there is no command that starts it.
    """
    if len(request.observers) > 1:
        raise BadInput(f"expected one way to read effects, got {' and '.join(request.observers)}")
    host, port = _address(request.receiver)
    if request.receiver_cmd:
        return
    for _ in range(3):
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError as error:
            reason = error.strerror or str(error)
            pause(0.2)
        else:
            return
    raise Unusable(
        f"expected a receiver at {request.receiver}, got nobody on {host} port {port} ({reason}); start it, or let "
        "--receiver-cmd start it"
    )


def check_simulator(address: Address) -> None:
    """Refuse a simulator that is not there, before a scenario is begun.

    Raises:
        BadInput: its URL cannot be used.
        Unusable: nobody answers there, or not as a simulator does.
    """
    with closing(Simulator(address.control_url, token=address.token)) as simulator:
        try:
            simulator.clock()
        except CallError as error:
            raise Unusable(
                f"--base-url: expected a running simulator at {address.base_url}, got none that can be used: {error}; "
                "start one with frontsim serve"
            ) from error


def process_of(request: Request, *, pause: Callable[[float], None]) -> ReceiverProcess | None:
    """The receiver as a process of ours, not yet started; None without a command."""
    if not request.receiver_cmd:
        return None
    return ReceiverProcess(request.receiver_cmd, request.receiver, pause=pause)


def selection_of(request: Request) -> Selection:
    """The event types that the run is about. Raises BadInput or Unusable."""
    return Selection(catalog.load(*[request.contracts] if request.contracts else []), request.events)


def harness_of(request: Request, address: Address, shared: Shared, *, pause: Callable[[float], None]) -> Harness:
    """Everything that a scenario needs, on the simulator at that address."""
    return Harness(
        api=FrontSystems(address.base_url, api_key=address.api_key, subscription_key=address.subscription_key),
        sim=Simulator(address.control_url, token=address.token),
        receiver_url=request.receiver,
        selection=shared.selection,
        pause=pause,
        observer=shared.observer,
        observer_key=request.observe_key,
        process=shared.process,
        limits=request.limits,
        latency=shared.latency,
    )


def observer_of(request: Request, address: Address | None = None) -> Observer | None:
    """The way to see effects, None when the user gave none.

    A sink is in a simulator: `address` is the one that the receiver knows.

    Raises:
        BadInput: what the user gave cannot be used.
    """
    if request.observe_url:
        return UrlObserver(request.observe_url)
    if request.observe_sql:
        return SqlObserver(*request.observe_sql)
    if request.observe_cmd:
        return CommandObserver(request.observe_cmd)
    if request.observe_sink:
        if address is None:
            raise BadInput("--observe-sink: expected --base-url too: the receiver must know that simulator")
        return SinkObserver(address.control_url, request.observe_sink, token=address.token)
    return ImportObserver(request.observe_import) if request.observe_import else None


def _address(url: str) -> tuple[str, int]:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInput(f"expected the receiver's URL, such as http://127.0.0.1:8500/hook, got {url!r}")
    return parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)
