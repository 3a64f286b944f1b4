"""`Front` for async tests: each call runs in a thread, so a receiver in the test's own event loop goes on answering."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar, Unpack

from anyio.to_thread import run_sync

from frontsim.testing.events import Event, Reconciled, Subscription, TriggeredEvents
from frontsim.testing.front import Front, InjectedFault, Sink, simulator
from frontsim.testing.verifying import Verification, VerifyOptions

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
