"""The composition root: the one place where the parts of a simulator are put together.

caller -> OriginGuard -> /_sim/... -> ControlApi, TriggerApi, Faults, LeaseApi, Sinks, Stream ────────┐
                     ├-> any other /_sim/... -> NotFoundRoutes                                        │
                     ├-> / and /_sim/page/... -> PageRoutes, LogReads, EventReads, Verify, ... ───────┤
                     └-> everything else -> CallLog -> Gateway -> Webhooks, WebhookTypes, Events, Desk┤
                                                                                                      │
                                                                 EventLog -> Dispatcher -> WebhookSender
"""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import cache, partial
from importlib import metadata
from ipaddress import ip_address
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from frontsim import catalog
from frontsim.api.control import Calls, ControlApi, Faults
from frontsim.api.gateway import CallFaults, CallLog, Gateway, Keys
from frontsim.api.leases import LeaseApi
from frontsim.api.origin_guard import OriginGuard
from frontsim.api.responses import NotFoundRoutes, no_operation, refusal
from frontsim.api.sinks import IS_RULES, Sinks
from frontsim.api.stream import Stream
from frontsim.api.trigger import ReplayApi, TriggerApi
from frontsim.api.webhooks import Events, Webhooks, WebhookTypes
from frontsim.clock import Clock, Ids, WireTime
from frontsim.delivery.dispatcher import Dispatcher
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import HeaderNames, read_delivery_shape, tls_context
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import SINK
from frontsim.domain.model import Delivery
from frontsim.errors import FrontsimError, StoreFailed
from frontsim.neighbours.book import Book
from frontsim.neighbours.desk import Desk
from frontsim.pages.log import EventReads, LogReads, SinkReads
from frontsim.pages.site import ASSETS, PageRoutes, Registry
from frontsim.pages.verify import REPORTS, Verify
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import AsyncPayloads
from frontsim.payloads.making.profiles import RECORDED, STRICT, profile_of
from frontsim.payloads.making.shop import Shop
from frontsim.payloads.world.moments import EventTimes, Ticks, of_clock
from frontsim.settings import Settings
from frontsim.store.event_log import EventLog
from frontsim.store.reader import Reader

CONTROL = "/_sim"
version = cache(metadata.version)  # reading it takes 2 ms, and a verification starts some twenty simulators
GRACE_S = 0.3
"""Seconds that deliveries in flight may still take when the simulator stops."""


class App:
    """One simulator: an ASGI app and an async context manager, which delivers from its beginning to its end.

    Args:
        settings: the user's settings.
        db: the file of the log.
        say_keyless: called once with each caller that sends no subscription key, which the vendor would refuse.

    Raises:
        Unusable: the file, the user's contracts or the CA file cannot be used.
    """

    def __init__(self, settings: Settings, *, db: Path, say_keyless: Callable[[str], None] = lambda _: None) -> None:
        self._settings = settings
        self._say_keyless = say_keyless if settings.auth == "lenient" else None
        self._clock = Clock()
        self.wire_time = WireTime(settings.zone, openapi=settings.datetime_form == "openapi")
        self._catalog = catalog.load(*[settings.contracts] if settings.contracts else [])
        self._rules = FaultRules(seed=settings.seed)
        shape = read_delivery_shape(settings.delivery_shape)
        self._headers = HeaderNames(
            settings.event_id_header, settings.webhook_id_header, settings.event_header, shape.headers
        )
        self._body_of: Callable[[Delivery], bytes] = (
            attrgetter("body") if shape.keeps_body else lambda delivery: shape.body(delivery, self.wire_time)
        )
        profile = profile_of(settings.payloads)
        self._payloads = Payloads(
            self._catalog, seed=settings.seed, profile=profile, home=settings.country.upper(), **self._recorded(profile)
        )
        now = partial(_local_time, self._clock, settings.zone)
        self._event_times = EventTimes(now)
        self._async_payloads = AsyncPayloads(self._payloads, seed=settings.seed)
        self._tls = (
            None
            if settings.tls_verify and settings.tls_ca is None
            else tls_context(verify=settings.tls_verify, ca=settings.tls_ca)
        )
        self.store = EventLog(
            db,
            clock=self._clock,
            ids=Ids(),
            concurrency=settings.concurrency,
            most_waiting=settings.max_waiting,
            durable=not settings.ephemeral,
        )
        self._reader = Reader(db, is_quick=lambda: self.store.is_quick)
        self._sinks = Sinks(faults=CallFaults(rules=self._rules, clock=self._clock))
        self._shop = Shop(
            seed=settings.seed,
            in_profile=self._payloads.in_profile,
            is_strict=profile == STRICT,
            home=settings.country.upper(),
        )
        self._book = Book(shop=self._shop, log=self.store, reader=self._reader, wire_time=self.wire_time)
        self._desk = Desk(book=self._book, shop=self._shop, log=self.store, event_times=self._event_times, now=now)
        self._verify = Verify(settings)
        self._stopped = False

    def _recorded(self, profile: str) -> dict[str, Any]:
        """What payloads of a record are drawn by."""
        if profile != RECORDED:
            return {}
        # Records bring an HTTP client, which takes a quarter of a start.
        from frontsim.records.identities import recorded_bodies  # noqa: PLC0415

        return {"recorded": recorded_bodies(Path(self._settings.payloads), self._catalog).draw}

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._sender = WebhookSender(
            connect_timeout_s=settings.connect_timeout, timeout_s=settings.timeout, tls=self._tls
        )
        self._dispatcher = Dispatcher(
            store=self.store,
            sender=self._sender,
            rules=self._rules,
            catalog=self._catalog,
            clock=self._clock,
            headers=self._headers,
            concurrency=settings.concurrency,
            body_of=self._body_of,
        )
        self._asgi = self._compose()
        self.store.start(self._dispatcher.deliver)
        self._desk.start()
        await self.store.wake()  # what waited in the file at the start is due
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    async def stop(self) -> None:
        """Send nothing more, give what is in flight a moment, log the rest as unknown, and release the file."""
        if self._stopped:
            return
        self._stopped = True
        async with AsyncExitStack() as last:  # the last one first; one that fails does not stop the others
            last.callback(self._async_payloads.close)
            last.push_async_callback(self._verify.close)
            last.push_async_callback(self._reader.close)
            last.push_async_callback(self.store.close)
            last.push_async_callback(self._sender.close, GRACE_S)
            await self._desk.stop()
            self.store.stop_sending()
            with suppress(StoreFailed):
                await self.store.wake()  # what the log was handing out meanwhile is handed out now
            await self._dispatcher.stop()

    def _compose(self) -> ASGIApp:
        vendor = [
            *Webhooks(store=self.store, reader=self._reader, catalog=self._catalog).routes,
            *WebhookTypes(catalog=self._catalog).routes,
            *Events(store=self.store, reader=self._reader, wire_time=self.wire_time).routes,
            *self._desk.routes,
        ]
        keys = Keys(
            auth=self._settings.auth,
            api_key=self._settings.api_key,
            subscription_key=self._settings.subscription_key,
        )
        gateway = Gateway(vendor, keys=keys, rules=self._rules, clock=self._clock)
        self._calls = CallLog(gateway, clock=self._clock, say_keyless=self._say_keyless)
        control = self._control([*(route.name for route in vendor), SINK], gateway.forget, self._calls.forget)
        app = Starlette(
            routes=[
                _Operations("/", self._calls),
                *control,
                *self._pages(vendor),
                *NotFoundRoutes(CONTROL, control).routes,
                Mount("/", self._calls),
            ],
            exception_handlers={FrontsimError: _refuse, 404: _no_operation, 405: _no_operation},
        )
        return OriginGuard(
            app,
            host=self._settings.host,
            loopback_only=is_loopback_address(self._settings.host),
            allowed=self._settings.allow_host,
            token=self._settings.token,
            is_control=lambda path: path == CONTROL or path.startswith(f"{CONTROL}/"),
            is_sink=lambda path: path.startswith(f"{CONTROL}/sink/") and not IS_RULES.fullmatch(path),
            sink_token=self._settings.sink_token,
            is_public=lambda path: path.startswith((ASSETS, REPORTS)),
        )

    def _pages(self, vendor: list[Route]) -> list[Route]:
        """The page, and the vendor's operations for it, past the gateway.

        A browser has no keys of the vendor's, and a look at the page must not spend a fault on the API.
        """
        past_the_gateway = [
            Route(f"{CONTROL}/page{route.path}", route.endpoint, methods=list(route.methods or ())) for route in vendor
        ]
        return [
            *PageRoutes(version=version("frontsim")).routes,
            *LogReads(reader=self._reader, clock=self._clock, wire_time=self.wire_time).routes,
            *EventReads(
                reader=self._reader,
                catalog=self._catalog,
                wire_time=self.wire_time,
                headers=self._headers,
                body_of=self._body_of,
            ).routes,
            *Registry(
                version=version("frontsim"),
                catalog=self._catalog,
                async_payloads=self._async_payloads,
                operations=[route.name for route in vendor],
                next_number=lambda: self.store.next_occurrence,
            ).routes,
            *self._verify.routes,
            *SinkReads(counts=self._sinks.counts, newest=self._sinks.newest).routes,
            *past_the_gateway,
        ]

    def _control(self, operations: list[str], *forget: Callable[[], None]) -> list[Route]:
        leases = LeaseApi(
            store=self.store,
            async_payloads=self._async_payloads,
            payloads=self._payloads,
            event_times=self._event_times,
            clock=self._clock,
            headers=self._headers,
            body_of=self._body_of,
        )
        control = ControlApi(
            store=self.store,
            reader=self._reader,
            rules=self._rules,
            clock=self._clock,
            wire_time=self.wire_time,
            about={
                "version": version("frontsim"),
                "pid": os.getpid(),
                "db": str(self.store.path),
                "auth": self._settings.auth,
            },
            reset_log=self._dispatcher.reset,
            clock_moved=self._desk.settle,
            forget=[self._rules.clear, self._sinks.forget, leases.forget, self._shop.reset, self._book.forget, *forget],
        )
        return [
            *TriggerApi(
                store=self.store,
                catalog=self._catalog,
                async_payloads=self._async_payloads,
                event_times=self._event_times,
                shop=self._shop,
                catch_up=self._book.catch_up,
                seed=self._settings.seed,
                is_stopping=lambda: self._stopped,
            ).routes,
            *ReplayApi(store=self.store).routes,
            *control.routes,
            *Calls(log=self._calls, wire_time=self.wire_time).routes,
            *Faults(
                rules=self._rules, catalog=self._catalog, wire_time=self.wire_time, operations=operations
            ).routes,
            *leases.routes,
            *self._sinks.routes,
            *Stream(changes=self.store.changes, wire_time=self.wire_time).routes,
        ]  # fmt: skip


class _Operations(Mount):
    """The vendor's operations under their usual prefix, found before some seventy paths of ours are compared."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if scope["path"][:5].lower() == "/api/" else (Match.NONE, {})


def _local_time(clock: Clock, zone: ZoneInfo) -> Ticks:
    return of_clock(clock.now(), zone)


def is_loopback_address(host: str) -> bool:
    """A simulator that listens on a loopback address hears this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, FrontsimError)
    return refusal(error, bad_input=422)


async def _no_operation(_: Request, __: Exception) -> Response:
    return no_operation()
