"""A user's request for a run, from the command line or from pytest, and the parts of a run that are built from it."""

import math
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from frontsim import catalog
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.domain.delivery_request import tls_context
from frontsim.errors import BadInput, Unusable
from frontsim.hosting.user_program import CONNECT_S, ReceiverProcess, faketime_library
from frontsim.payloads.making.profiles import profile_of
from frontsim.settings import Settings
from frontsim.user_input.configuration import read_settings
from frontsim.verification import patience
from frontsim.verification.compare.state_reader import state_observer
from frontsim.verification.dependency.breakage import PLACEHOLDER, DependencyAddress, WayBack
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.effects.observers import (
    CommandObserver,
    FunctionObserver,
    IgnoringObserver,
    Observer,
    SinkObserver,
    UrlObserver,
    import_observer,
    read_ignored,
    sql_observer,
)
from frontsim.verification.patience import READ_S, TimeLimits
from frontsim.verification.scenario.selection import Selection

CONCURRENCY = 50
"""Deliveries that our own simulator has in flight at once, as many as a storm sends."""
KEY = "webhookEventId"
_OURSELVES = r"127(?:\.\d+){3}|localhost|\[?::1\]?|0\.0\.0\.0"
AUTO, ALL = "auto", "all"
"""In place of event types: those that the receiver takes; each of them, so that each must be booked."""


@dataclass(frozen=True, slots=True)
class Request:
    """A receiver, a way to see its effects (at most one of the `observe_...`), and limits.

    `observe_ignore` has `COLUMN=VALUE` each, for effects to leave out. `observe_state` shows the levels that it derives
    from the events: a URL, a query, or a DSN and a query.
    `finds_key`: where no effect has a clean event's id at `observe_key`, look for a key by value.
    `observe_discreetly`: follow no redirect of an observed URL, and show nothing of an answer that is no list.
    `changes` are values by path that all payloads with such a path get. `strict`: also what depends on a guess about
    the vendor is a finding. `delivery` has further settings of deliveries by their names, such as `event_id_header` and
    `tls_ca`.
    """

    receiver: str
    observe_url: str = ""
    observe_sql: tuple[str, str] | None = None
    observe_cmd: str = ""
    observe_sink: str = ""
    observe_import: str = ""
    observe_function: Callable[[], Sequence[Any]] | None = None
    observe_key: str = KEY
    observe_ignore: Sequence[str] = ()
    finds_key: bool = True
    observe_map: Path | None = None
    observe_state: str = ""
    observe_discreetly: bool = False
    check_content: ContentCheck = ContentCheck.KNOWN
    receiver_cmd: str = ""
    dependencies: Sequence[DependencyAddress] = ()
    events: Sequence[str] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    limits: TimeLimits = field(default_factory=TimeLimits)
    budget_s: float | None = None
    contracts: Path | None = None
    delivery_shape: str = "bare"
    delivery: Mapping[str, Any] = field(default_factory=dict)

    def tls(self) -> ssl.SSLContext | None:
        """The TLS settings of what talks to the receiver; None for the system's authorities. Raises Unusable."""
        verify, ca = self.delivery.get("tls_verify", True), self.delivery.get("tls_ca")
        return None if verify and ca is None else tls_context(verify=verify, ca=ca)

    @property
    def payloads(self) -> str:
        """The payload profile."""
        return profile_of(str(self.delivery.get("payloads", Settings.payloads)))

    @property
    def zone(self) -> str:
        """The vendor's, whose date-times carry none."""
        return str(self.delivery.get("timezone", Settings.timezone))

    @property
    def look_s(self) -> float:
        """The longest that one look at the effects may take."""
        return min(READ_S, self.limits.timeout_s, self.budget_s or math.inf)

    @property
    def is_auto(self) -> bool:
        """The types are those that the receiver takes (`--events auto`)."""
        return list(self.events) == [AUTO]

    @property
    def seeks_key(self) -> bool:
        """The user has named no key of the effects."""
        return self.finds_key and self.observe_key == KEY

    @property
    def demands_each(self) -> bool:
        """Each type must be booked, because the user has named the types or wants all."""
        return bool(self.events) and not self.is_auto

    @property
    def observers(self) -> list[str]:
        """The options that give a way to see effects."""
        names = ("observe_url", "observe_sql", "observe_cmd", "observe_sink", "observe_import", "observe_function")
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name)]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a simulator runs, and what it wants from callers."""

    base_url: str
    control_url: str
    token: str = ""
    api_key: str = Settings.api_key
    subscription_key: str = Settings.subscription_key


def own_simulator(request: Request, seed: int) -> Settings:
    """The settings of a simulator that serves one scenario. Raises BadInput."""
    limits = request.limits
    return read_settings(
        port=0,
        ephemeral=True,
        seed=seed,
        concurrency=CONCURRENCY,
        timeout=limits.answer_s,
        connect_timeout=limits.answer_s,
        contracts=request.contracts,
        delivery_shape=request.delivery_shape,
        **request.delivery,
    )


def check(
    request: Request,
    *,
    pause: Callable[[float], None],
    dependencies: Dependencies | None = None,
    address: Address | None = None,
) -> None:
    """Refuse a request that cannot work, before anything starts.

    A receiver that must connect to `dependencies` learns their ports only now, so it gets time to start.

    Raises:
        BadInput: the receiver's URL or the simulator's cannot be used, there is more than one way to see effects, or
            effects would be read through a dependency's proxy.
        Unusable: nothing listens at the receiver's URL, and no command starts it; or no simulator answers at `address`.
    """
    if dependencies:
        _refuse_proxied_observer(request, dependencies)
    if len(request.observers) > 1:
        raise BadInput(f"expected one way to read effects, got {' and '.join(request.observers)}")
    if request.observe_state and not request.observers:
        raise BadInput(
            "--observe-state: expected another --observe-... too, because levels do not show which event was lost, "
            "and which counted twice"
        )
    host, port = _address(request.receiver)
    if request.limits.travel_s:
        _check_travel(request)
    if not request.receiver_cmd:
        looks = patience.looks_for_a_port(is_starting=dependencies is not None)
        _await_receiver(request, host, port, looks=looks, pause=pause)
    if address is not None:
        check_simulator(address)


def _await_receiver(request: Request, host: str, port: int, *, looks: int, pause: Callable[[float], None]) -> None:
    for _ in range(looks):
        try:
            socket.create_connection((host, port), timeout=CONNECT_S).close()
        except socket.gaierror as error:
            raise Unusable(
                f"expected a receiver at {request.receiver}, but the name {host} has no address ({error.strerror}); "
                "check the host"
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            pause(patience.CHILD_LOOK_S)
        else:
            return
    raise Unusable(
        f"expected a receiver at {request.receiver}, but nothing listens on {host} port {port} ({reason}); start it, "
        "or let --receiver-cmd start it"
    )


def check_tls(request: Request) -> None:
    """Refuse a receiver at an https URL with which there is no TLS session. Raises Unusable.

    Whether it listens is checked elsewhere, so that a connection that fails says nothing here.
    """
    if not request.receiver.lower().startswith("https:"):
        return
    host, port = _address(request.receiver)
    tls = request.tls() or tls_context(verify=True, ca=None)
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S) as connection:
            tls.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        raise Unusable(
            f"expected a certificate of {host} that can be trusted: {error.verify_message}; name its authority with "
            "--tls-ca FILE, or take any certificate with --no-tls-verify"
        ) from error
    except ssl.SSLError as error:
        raise Unusable(
            f"expected TLS at {request.receiver}, got {error.reason or error}; the URL of a receiver without it begins "
            "with http:"
        ) from error
    except OSError:
        return


def _check_travel(request: Request) -> None:
    if not request.receiver_cmd:
        raise BadInput("--time-travel: expected --receiver-cmd too: only a receiver that frontsim starts can travel")
    if faketime_library() is None:
        raise Unusable("--time-travel: expected libfaketime (Debian's package faketime), but it is not installed")


def check_simulator(address: Address) -> None:
    """Refuse a simulator that does not answer, before a scenario begins.

    Raises:
        BadInput: its URL cannot be used.
        Unusable: nothing answers there, or something that is not a simulator.
    """
    with closing(Simulator(address.control_url, token=address.token)) as simulator:
        try:
            simulator.clock()
        except CallError as error:
            raise Unusable(
                f"--base-url: expected a running simulator at {address.base_url}, got none that can be used: {error}; "
                "start one with frontsim serve"
            ) from error


def process_of(
    request: Request,
    *,
    pause: Callable[[float], None],
    dependencies: Dependencies | None = None,
    way_back: WayBack | None = None,
) -> ReceiverProcess | None:
    """The process that runs the receiver, not yet started; None without a command."""
    if not request.receiver_cmd:
        return None
    command, environment = request.receiver_cmd, dict[str, str]()
    if way_back is not None:
        command = command.replace(PLACEHOLDER, way_back.base_url)
        environment |= way_back.environment
    if dependencies is not None:
        command = dependencies.filled_in(command)
        environment |= dependencies.environment
    return ReceiverProcess(command, request.receiver, pause=pause, environment=environment)


def selection_of(request: Request) -> Selection:
    """The event types that the run is about. Raises BadInput or Unusable."""
    names = () if list(request.events) in ([AUTO], [ALL]) else request.events
    return Selection(catalog.load(*[request.contracts] if request.contracts else []), names, request.changes)


def observer_of(request: Request, address: Address | None = None) -> Observer | None:
    """The way to see effects, without those that `--observe-ignore` leaves out; None when the user gave none.

    Raises:
        BadInput: what the user gave cannot be used.
    """
    ignored = read_ignored(request.observe_ignore)
    observer = _observer(request, address)
    return IgnoringObserver(observer, ignored) if observer and ignored else observer


def _observer(request: Request, address: Address | None) -> Observer | None:
    """The way to see all effects.

    A sink is in a simulator: `address` is the one that the receiver knows.

    Raises:
        BadInput: what the user gave cannot be used.
    """
    if request.observe_url:
        return UrlObserver(
            request.observe_url,
            tls=request.tls(),
            keeps_past=False,
            is_discreet=request.observe_discreetly,
        )
    if request.observe_sql:
        return sql_observer(*request.observe_sql, start_s=request.look_s)
    if request.observe_cmd:
        return CommandObserver(request.observe_cmd)
    if request.observe_sink:
        if address is None:
            raise BadInput("--observe-sink: expected --base-url too: the receiver must know that simulator")
        return SinkObserver(address.control_url, request.observe_sink, token=address.token)
    if request.observe_function is not None:
        return FunctionObserver(request.observe_function)
    return import_observer(request.observe_import, start_s=request.look_s) if request.observe_import else None


def state_observer_of(request: Request) -> Observer | None:
    """The way to see the receiver's state, None when the user gave none. Raises BadInput."""
    if not request.observe_state:
        return None
    dsn = request.observe_sql[0] if request.observe_sql else ""
    return state_observer(
        request.observe_state,
        dsn=dsn,
        tls=request.tls(),
        start_s=request.look_s,
        is_discreet=request.observe_discreetly,
    )


def _refuse_proxied_observer(request: Request, dependencies: Dependencies) -> None:
    """Effects must be read directly: what the proxy breaks would look like the receiver's loss."""
    ways = {
        "--observe-url": request.observe_url,
        "--observe-sql": " ".join(request.observe_sql or ()),
        "--observe-cmd": request.observe_cmd,
        "--observe-state": request.observe_state,
    }
    for each in dependencies.addresses:
        port = dependencies.port(each.name)
        proxied = re.compile(
            rf"{re.escape(each.placeholder)}|(?:{_OURSELVES})(?::|\W+port\W+){port}(?!\d)", re.IGNORECASE
        )
        for option in [option for option, text in ways.items() if proxied.search(text)]:
            raise BadInput(
                f"{option}: expected {each.name} itself ({each.shown}), got port {port} of --dependency {each.name}: "
                "what is broken there would look like the receiver's loss"
            )


def _address(url: str) -> tuple[str, int]:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInput(f"expected the receiver's URL, such as http://127.0.0.1:8500/hook, got {url!r}")
    return parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)
