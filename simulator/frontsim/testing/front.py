"""A simulator that a test owns, for plain and async tests, and the events and subscriptions that it compares.

An event is its id: two `Event`s are equal when they have the same id, type and webhook. Everything else about it is
read from the simulator's log at the moment when a test asks.
"""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar, Unpack

from anyio.to_thread import run_sync

from frontsim.client.control import Simulator
from frontsim.client.errors import is_call_error
from frontsim.client.http import EVER, FrontSystems, read_log
from frontsim.client.models import EventEntry, RaisedEvent, RunView, TriggerAnswer
from frontsim.client.reconcile import reconcile
from frontsim.hosting.serving import run_in_thread
from frontsim.hosting.simulator_process import Running
from frontsim.settings import Settings
from frontsim.testing.verifying import Verification, VerifyOptions, explore, verify, verify_recovery
from frontsim.user_input.configuration import delivery_settings, read_configuration

__tracebackhide__ = is_call_error
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence for one webhook; `id` is the webhookEventId that the receiver gets with each delivery."""

    id: str
    type: str
    webhook_id: str
    _api: FrontSystems = field(repr=False, compare=False)

    @property
    def payload(self) -> Mapping[str, Any]:
        """The payload, as it is delivered."""
        payload: Mapping[str, Any] = self._entry.payload
        return payload

    @property
    def success(self) -> bool:
        """True once the log says that the receiver has taken the event."""
        return self._entry.success is True

    @property
    def status(self) -> str | None:
        """The log's words for its newest run, such as `OK` or `Timeout`; None while it waits to be sent."""
        return self._entry.status

    @property
    def status_code(self) -> int | None:
        """The receiver's answer to its newest run, None when there was none."""
        return self._entry.status_code

    @property
    def runs(self) -> tuple[RunView, ...]:
        """Every attempt to deliver it, oldest first."""
        return self._entry.runs

    def resend(self) -> bool:
        """Have the vendor's API deliver it once more; whether the receiver took it."""
        return self._api.deliver(self.webhook_id, self.id).success is True

    @property
    def _entry(self) -> EventEntry:
        return self._api.get_event(self.webhook_id, self.id)


@dataclass(frozen=True, slots=True)
class TriggeredEvents:
    """The events that a trigger or a business act put into the log, in their order."""

    occurrences: int
    events: list[Event]

    @property
    def event(self) -> Event:
        """The only event.

        Raises:
            LookupError: there is none, or more than one.
        """
        if len(self.events) == 1:
            return self.events[0]
        hint = "no webhook matches; subscribe one first" if not self.events else "use .events"
        raise LookupError(f"expected one event, got {len(self.events)} ({hint})")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook: `url` gets the events of one type. Its lists are read when a test asks, oldest first."""

    id: str
    type: str
    url: str
    _api: FrontSystems = field(repr=False, compare=False)

    @property
    def events(self) -> list[Event]:
        return self._listed(success=None)

    @property
    def failed(self) -> list[Event]:
        """Those that the log does not show as received: what the list -> resend job works on."""
        return self._listed(success=False)

    @property
    def received(self) -> list[Event]:
        """Those that the log shows as received, whether the receiver has booked them or not."""
        return self._listed(success=True)

    def unsubscribe(self) -> None:
        self._api.delete_webhook(self.id)

    def _listed(self, *, success: bool | None) -> list[Event]:
        entries = read_log(self._api, [self.id], success=success)
        return [Event(entry.webhook_event_id, self.type, self.id, self._api) for entry in entries]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The result of the list -> resend job over all webhooks; `left` are the events that still fail."""

    listed: int
    resent: int
    recovered: int
    left: list[Event]


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault rule. It breaks what it matches until its `with` block ends, `remove` is called or it is used up."""

    id: str
    name: str
    _control: Simulator = field(repr=False, compare=False)

    @property
    def fired(self) -> int:
        """How often it has broken something."""
        count: int = self._control.stats()["faults"].get(self.id, 0)
        return count

    def remove(self) -> None:
        self._control.remove_fault(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


@dataclass(frozen=True, slots=True)
class SimulatorClock:
    """The simulator's time: what the log says, and when a delivery that a fault delays is due."""

    _control: Simulator = field(repr=False, compare=False)

    @property
    def now(self) -> datetime:
        """In the vendor's local time, without a zone, as the log has it."""
        return self._control.now()

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        moved = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._control.advance(moved.total_seconds())

    def set(self, now: datetime | str) -> None:
        """Make this the present; without an offset it is the vendor's local time."""
        self._control.set_clock(now if isinstance(now, str) else now.isoformat())


@dataclass(frozen=True, slots=True)
class Sink:
    """A stand-in for the shop or ERP behind the receiver: what is sent to `url` as JSON is recorded."""

    name: str
    url: str
    _control: Simulator = field(repr=False, compare=False)

    @property
    def records(self) -> list[Any]:
        """Oldest first."""
        return self._control.sink(self.name)


class Front:
    """A running simulator: make one with `simulator()`, or take the pytest fixture `front`.

    `base_url` (it ends in `/restapi/V2`), `api_key` and `subscription_key` are what the code under test needs to call
    the vendor's API; `api` and `control` are clients of the vendor's API and of the simulator's own surface.
    """

    def __init__(self, running: Running, settings: Settings) -> None:
        self.base_url = running.base_url
        self.control_url = running.control_url
        self.api_key = settings.api_key
        self.subscription_key = settings.subscription_key
        self.api = FrontSystems(self.base_url, api_key=self.api_key, subscription_key=self.subscription_key)
        self.control = Simulator(self.control_url, token=settings.token)
        self.clock = SimulatorClock(self.control)
        self._settings = settings

    def close(self) -> None:
        """Close the clients' connections."""
        self.api.close()
        self.control.close()

    def subscribe(self, event: str, url: str, *, store_id: int | None = None) -> Subscription:
        """Have the events of one type delivered to `url`."""
        webhook = self.api.create_webhook(event, url, store_id=store_id)
        return Subscription(webhook.id, webhook.event, webhook.url, self.api)

    @property
    def subscriptions(self) -> list[Subscription]:
        """Every webhook, also those that the code under test made itself."""
        return [Subscription(each.id, each.event, each.url, self.api) for each in self.api.list_webhooks()]

    def trigger(
        self,
        event: str,
        *,
        count: int = 1,
        store_id: int | None = None,
        set: Mapping[str, object] | None = None,  # noqa: A002 - the word of the CLI and of /_sim/trigger
        payload: Mapping[str, object] | None = None,
        invalid: bool = False,
    ) -> TriggeredEvents:
        """Raise occurrences of a type. They are in the log when this returns; `wait` waits for their delivery.

        Args:
            event: the type.
            count: how many.
            store_id: where it happens.
            set: values by the dotted path of the field that they change.
            payload: stands in place of a made-up payload.
            invalid: take a payload that breaks the type's schema all the same.
        """
        return self._triggered(
            self.control.trigger(event, count=count, store_id=store_id, set_=set, payload=payload, invalid=invalid)
        )

    def simulate(self, what: str, *, count: int = 1) -> TriggeredEvents:
        """Do a business act, such as `sale` or `return`, and everything that it causes."""
        return self._triggered(self.control.simulate(what, count=count))

    def fault(
        self,
        name: str,
        *,
        times: int | None = None,
        match: Mapping[str, object] | None = None,
        probability: float = 1.0,
        **params: object,
    ) -> InjectedFault:
        """Break deliveries, the log or the API from now on; as a context manager, until the block ends.

        Deliveries happen on their own time: call `wait` inside the block.

        Args:
            name: of the fault, such as `lost-response`.
            times: how often it applies, None for no limit.
            match: what it applies to, such as `{"event": "SaleCreated", "trigger": "Resend"}`; everything by default.
            probability: of striking what it matches.
            params: the fault's own, such as `status=503`.
        """
        rule = self.control.add_fault(name, match=match, times=times, probability=probability, params=params)
        return InjectedFault(str(rule["id"]), name, self.control)

    def wait(self, timeout_s: float = _WAIT_S) -> None:
        """Wait until nothing is due or in flight.

        Raises:
            TimeoutError: something still is.
        """
        if not self.control.drain(timeout_s):
            raise TimeoutError(f"expected all deliveries to end within {timeout_s:g} s, but some are still under way")

    @property
    def log(self) -> list[Event]:
        """The events of all webhooks, in the order in which they were raised."""
        events = [event for subscription in self.subscriptions for event in subscription.events]
        return sorted(events, key=lambda event: event.id)  # the simulator's ids sort by time

    def reconcile(self) -> Reconciled:
        """Run the list -> resend job over all webhooks, as an integrator's job would.

        Raises:
            CallError: the API refused or broke what the job needs, so nothing is known about what is left.
        """
        listed = resent = recovered = 0
        left: list[Event] = []
        for webhook in self.subscriptions:
            result = reconcile(self.api, webhook.id, from_=EVER[0], to=EVER[1], sleep=time.sleep)
            if result.stopped is not None:
                raise result.stopped
            listed, resent, recovered = listed + result.listed, resent + result.resent, recovered + result.recovered
            left += [Event(entry.webhook_event_id, webhook.type, webhook.id, self.api) for entry in result.left]
        return Reconciled(listed, resent, recovered, left)

    def sink(self, name: str) -> Sink:
        """A stand-in for the system behind the receiver: give its URL to the receiver, and read what arrived."""
        return Sink(name, f"{self.control_url}/sink/{name}", self.control)

    def reset(self) -> None:
        """Forget webhooks, events, faults, sinks and the clock's offset."""
        self.control.reset()

    def verify(
        self,
        receiver: str,
        *,
        scenarios: Sequence[str] = (),
        seed: int | None = None,
        **options: Unpack[VerifyOptions],
    ) -> Verification:
        """Play the scenarios of `frontsim verify` against a receiver: see `frontsim.testing.verify`.

        Each scenario has its own simulator, so this one keeps its state.
        """
        drawn_by = self._settings.seed if seed is None else seed
        return verify(receiver, scenarios=scenarios, seed=drawn_by, **options)

    def explore(self, receiver: str, **options: Any) -> Verification:
        """Search for an outage that a receiver does not survive: see `frontsim.testing.explore`."""
        options.setdefault("seed", self._settings.seed)
        return explore(receiver, **options)

    def verify_recovery(self, job: str, *, cases: Sequence[str] = (), **options: Any) -> Verification:
        """Play the cases of `frontsim verify-recovery` against a list -> resend job, a command."""
        options.setdefault("seed", self._settings.seed)
        return verify_recovery(job, cases=cases, **options)

    def _triggered(self, answer: TriggerAnswer) -> TriggeredEvents:
        return TriggeredEvents(answer.occurrences, [self._event(raised) for raised in answer.events])

    def _event(self, raised: RaisedEvent) -> Event:
        return Event(raised.webhook_event_id, raised.event, raised.webhook_id, self.api)


@contextmanager
def simulator(**settings: Any) -> Iterator[Front]:
    """A fresh simulator until the block ends, on a free port, with a log that is deleted at the end.

    How deliveries look and are sent (their headers, their shape, TLS, the time zone) comes from the FRONTSIM_...
    variables and the configuration file, as for `frontsim serve`, unless it is given here.

    Args:
        settings: those of `frontsim serve` under their Python names, such as `seed=7`, `timeout=2.0`, `auth="strict"`.

    Raises:
        ValueError: a setting has a value that it does not take.
        Unusable: a file that a setting names cannot be used.
    """
    configured = delivery_settings(read_configuration(Path.cwd()), os.environ, "serve")
    chosen = Settings(**{"port": 0, "ephemeral": True, **configured, **settings})
    running = run_in_thread(chosen)
    try:
        front = Front(running, chosen)
        try:
            yield front
        finally:
            front.close()
    finally:
        running.stop()


P = ParamSpec("P")
T = TypeVar("T")


class AsyncFront:
    """A running simulator whose calls are awaited: make one with `async_simulator()`. `sync` is the same, blocking.

    What it gives (`Subscription`, `Event`, `Sink`) reads the simulator without `await`: it takes milliseconds, and does
    not wait for a receiver. `await front.call(function, ...)` runs anything else in a thread, such as `event.resend`.
    """

    def __init__(self, front: Front) -> None:
        self.sync = front
        self.base_url = front.base_url
        self.control_url = front.control_url
        self.api_key = front.api_key
        self.subscription_key = front.subscription_key
        self.clock = front.clock

    @staticmethod
    async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in a thread."""
        return await run_sync(partial(function, *args, **kwargs))

    async def subscribe(self, event: str, url: str, *, store_id: int | None = None) -> Subscription:
        return await self.call(self.sync.subscribe, event, url, store_id=store_id)

    async def trigger(
        self,
        event: str,
        *,
        count: int = 1,
        set: Mapping[str, object] | None = None,  # noqa: A002 - as in Front
        **others: Any,
    ) -> TriggeredEvents:
        return await self.call(self.sync.trigger, event, count=count, set=set, **others)

    async def simulate(self, what: str, *, count: int = 1) -> TriggeredEvents:
        return await self.call(self.sync.simulate, what, count=count)

    @asynccontextmanager
    async def fault(
        self,
        name: str,
        *,
        times: int | None = None,
        match: Mapping[str, object] | None = None,
        probability: float = 1.0,
        **params: object,
    ) -> AsyncIterator[InjectedFault]:
        """Break what matches until the block ends."""
        rule = await self.call(self.sync.fault, name, times=times, match=match, probability=probability, **params)
        try:
            yield rule
        finally:
            await self.call(rule.remove)

    async def wait(self, timeout_s: float = 30.0) -> None:
        """Wait until nothing is due or in flight. Raises TimeoutError."""
        await self.call(self.sync.wait, timeout_s)

    async def log(self) -> list[Event]:
        return await self.call(lambda: self.sync.log)

    async def reconcile(self) -> Reconciled:
        return await self.call(self.sync.reconcile)

    async def reset(self) -> None:
        await self.call(self.sync.reset)

    def sink(self, name: str) -> Sink:
        return self.sync.sink(name)

    async def verify(
        self,
        receiver: str,
        *,
        scenarios: Sequence[str] = (),
        seed: int | None = None,
        **options: Unpack[VerifyOptions],
    ) -> Verification:
        return await self.call(self.sync.verify, receiver, scenarios=scenarios, seed=seed, **options)

    async def explore(self, receiver: str, **options: Any) -> Verification:
        return await self.call(self.sync.explore, receiver, **options)

    async def verify_recovery(self, job: str, **options: Any) -> Verification:
        return await self.call(self.sync.verify_recovery, job, **options)


@asynccontextmanager
async def async_simulator(**settings: Any) -> AsyncIterator[AsyncFront]:
    """`simulator()` for `async with`."""
    started = simulator(**settings)
    front = await run_sync(started.__enter__)
    try:
        yield AsyncFront(front)
    finally:
        await run_sync(started.__exit__, None, None, None)
