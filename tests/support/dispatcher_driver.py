"""A dispatcher with a store and a sender that only note what it asks of them."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.delivery.dispatcher import Dispatcher
from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.domain.delivery_request import HeaderNames, Target
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import FaultRule, Match
from frontsim.domain.model import Delivery, Finished, Outcome, Result, Trigger
from frontsim.errors import StoreFailed

OK = Result(Outcome.ANSWERED, "OK", 200, 12)


BODY = b'{"saleId":1,"extId":null}'


class FakeStore:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.finished: list[Finished] = []
        self.postponed: list[tuple[int, int]] = []
        self.made_due: list[int] = []
        self.full = False
        self.copying = asyncio.Event()
        self.copying.set()

    def finish(self, finished: Finished) -> None:
        self.finished.append(finished)

    def postpone(self, delivery: Delivery, due_at: int) -> None:
        self.postponed.append((delivery.run_id, due_at))

    def make_due(self, delivery: Delivery) -> None:
        self.made_due.append(delivery.run_id)

    async def reset(self) -> int:
        self.resetting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        return await self.resetting

    async def copy(self, item: Delivery, copies: int) -> list[Delivery]:
        await self.copying.wait()
        if self.full:
            raise StoreFailed("the disk is full")
        return [delivery(item.event_number, run=item.run + step) for step in range(1, copies + 1)]


class FakeSender:
    """Keeps what is sent; a test answers it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Target, bytes, bytes, Callable[[Result], object], SendPlan]] = []
        self.recalled = 0
        self.broken = False

    def send(
        self, target: Target, headers: bytes, body: bytes, done: Callable[[Result], object], plan: SendPlan = WHOLE
    ) -> None:
        if self.broken:
            raise ValueError("a mistake of ours")
        self.sent.append((target, headers, body, done, plan))

    def recall(self) -> None:
        self.recalled += 1

    def answers(self, result: Result = OK) -> None:
        for *_, done, _plan in self.sent:
            done(result)


class DispatcherDriver:
    """A dispatcher between the two."""

    def __init__(self, *, concurrency: int = 16) -> None:
        self.store, self.sender = FakeStore(), FakeSender()
        self.forgotten = 0
        self.rules = FaultRules(seed=1)
        self.clock = Clock(lambda: 1_000_000.0)
        self.dispatcher = Dispatcher(
            store=self.store,  # type: ignore[arg-type]
            sender=self.sender,  # type: ignore[arg-type]
            rules=self.rules,
            catalog=catalog.load(),
            clock=self.clock,
            headers=HeaderNames("I", "W", "E"),
            concurrency=concurrency,
        )

    def breaks(self, fault: str, **params: Any) -> None:
        self.rules.add(FaultRule(number=0, fault=fault, match=Match(), times=None, probability=1.0, params=params))

    def delivers(self, *items: Delivery) -> None:
        self.dispatcher.deliver(items or [delivery()])

    def forgets(self) -> None:
        self.forgotten += 1

    async def begins_to_reset(self) -> "asyncio.Task[None]":
        """The log is being reset until `store.resetting` is set."""
        resetting = asyncio.get_running_loop().create_task(self.dispatcher.reset(self.forgets))
        await asyncio.sleep(0)
        return resetting

    def answers(self) -> None:
        """The delivery that left last is over."""
        *_, done, _plan = self.sender.sent[-1]
        done(OK)

    def events_sent(self) -> list[int]:
        """The number of each event that was given to the sender, in turn."""
        return [int(headers.split(b"I: ")[1][:36].replace(b"-", b""), 16) for _, headers, *_ in self.sender.sent]


def delivery(
    number: int = 1, *, run: int = 1, event: str = "SaleCreated", trigger: Trigger = Trigger.ORIGINAL
) -> Delivery:
    return Delivery(
        number * 100 + run,
        number,
        run,
        1,
        trigger,
        str(UUID(int=1)),
        str(UUID(int=number)),
        event,
        "http://shop.example/h",
        BODY,
    )
