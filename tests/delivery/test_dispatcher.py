"""What the dispatcher does with a delivery: which plan, which result, and when nothing is sent at all."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.delivery.dispatcher import Dispatcher
from frontsim.delivery.send_plan import LOST_RESPONSE, RESET_AFTER_SEND, WHOLE, Ending, SendPlan
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import FAULTS, FaultRule, FaultStage, Match
from frontsim.domain.headers import HeaderNames
from frontsim.domain.model import Delivery, Finished, Outcome, Result, Trigger
from frontsim.domain.target import Target
from frontsim.errors import StoreFailed
from frontsim.store.queue_rows import NEXT

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


class Desk:
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


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_nothing_is_broken(desk: Desk):
    """Without a rule a delivery leaves whole, once, and its result is logged with when it began."""
    desk.delivers()
    ((target, headers, body, _, plan),) = desk.sender.sent
    assert (b"POST /h HTTP/1.1", BODY, WHOLE) == (target.head_start.split(b"\r\n")[0], body, plan)
    assert b"E: SaleCreated\r\n" in headers
    assert [] == desk.store.finished
    desk.sender.answers()
    assert [Finished(delivery(), OK, 1_000_000_000)] == desk.store.finished


@pytest.mark.parametrize(
    ("fault", "plan"),
    [
        ("lost-response", LOST_RESPONSE),
        ("reset-after-send", RESET_AFTER_SEND),
        ("partial-body", SendPlan(body_share=0.5, ending=Ending.CLOSE)),
        ("slow-headers", SendPlan(head_rate=100)),
        ("slow-body", SendPlan(body_rate=100)),
        ("timeout", SendPlan(ending=Ending.GIVE_UP, after_s=1.0)),
        ("false-failure", WHOLE),
    ],
)
def test_manners(desk: Desk, fault: str, plan: SendPlan):
    """How each fault that reaches the receiver is sent."""
    desk.breaks(fault)
    desk.delivers()
    assert [plan] == [sent[-1] for sent in desk.sender.sent]
    desk.sender.answers()
    assert [fault] == [each.fault for each in desk.store.finished]


@pytest.mark.parametrize(
    "fault", [f.name for f in FAULTS.values() if f.stage is FaultStage.NEVER_ARRIVES] + ["false-success"]
)
def test_nothing_leaves(desk: Desk, fault: str):
    """What never reaches the receiver is not even given to the sender; the log has its result at once."""
    desk.breaks(fault)
    desk.delivers()
    assert [] == desk.sender.sent
    (finished,) = desk.store.finished
    answered = fault in ("answer", "false-success")
    assert (fault, Outcome.ANSWERED if answered else Outcome.NOT_SENT) == (finished.fault, finished.result.outcome)
    assert (fault == "false-success") == finished.result.success


def test_a_lie_tells_the_true_duration(desk: Desk):
    """false-failure logs another answer, but how long it took is true."""
    desk.breaks("false-failure", status=503)
    desk.delivers()
    desk.sender.answers()
    assert Result(Outcome.ANSWERED, "Service unavailable", 503, 12) == desk.store.finished[0].result


@pytest.mark.parametrize(("fault", "wait_ms"), [("delay", 1_000), ("reorder", 10_000)])
def test_put_back(desk: Desk, fault: str, wait_ms: int):
    """Nothing is sent until it comes again; then it goes whole, under the fault's name, and no rule strikes twice."""
    desk.breaks(fault)
    desk.delivers()
    assert ([], [(101, 1_000_000_000 + wait_ms)]) == (desk.sender.sent, desk.store.postponed)
    desk.delivers()
    assert [WHOLE] == [sent[-1] for sent in desk.sender.sent]
    desk.sender.answers()
    assert [fault] == [each.fault for each in desk.store.finished]
    assert {1: 1} == desk.rules.fired


def test_overtaking(desk: Desk):
    """The held one is made_due when a later one is over, not when it is sent."""
    desk.breaks("reorder")
    desk.delivers(delivery(1))
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert [] == desk.store.made_due
    desk.sender.answers()
    assert [101] == desk.store.made_due


@pytest.mark.anyio
async def test_forgetting(desk: Desk):
    """After a reset nothing is known of what was held."""
    for number, fault in enumerate(("delay", "reorder"), 1):
        desk.rules.clear()
        desk.breaks(fault)
        desk.delivers(delivery(number))
    desk.rules.clear()
    resetting = await desk.begins_to_reset()
    desk.store.resetting.set_result(200)
    await resetting
    desk.delivers(delivery(1), delivery(3))
    desk.sender.answers()
    assert (["", ""], []) == ([each.fault for each in desk.store.finished], desk.store.made_due)


def test_a_type_that_is_no_longer_known(desk: Desk):
    """An event of another start's --contracts is changed as far as that needs no schema, never lost."""
    for fault in [f.name for f in FAULTS.values() if f.stage is FaultStage.CHANGED]:
        desk.rules.clear()
        desk.breaks(fault, **({"bytes": 10} if fault == "huge" else {}))
        desk.delivers(delivery(event="OfYesterday"))
    assert 11 == len(desk.sender.sent)


def test_what_was_not_begun_when_we_stop(desk: Desk):
    """An original goes back into the queue, for the next start; a resend is logged, as its caller knows of it."""
    stopped = Result(Outcome.NOT_SENT, "Not sent")
    desk.delivers(delivery(1))
    desk.sender.answers(stopped)
    assert ([(101, NEXT)], []) == (desk.store.postponed, desk.store.finished)
    desk.sender.sent.clear()
    desk.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    desk.sender.answers(stopped)
    assert [stopped] == [each.result for each in desk.store.finished]


@pytest.mark.anyio
async def test_more_is_handed_out_than_there_are_slots():
    """The next leaves when one is over, a resend and what was put back first; a stop gives back the rest."""
    desk = Desk(concurrency=1)
    desk.breaks("delay")
    desk.delivers(delivery(1))
    desk.rules.clear()
    desk.delivers(*map(delivery, (2, 3, 4)))
    desk.delivers(delivery(1), delivery(5, run=2, trigger=Trigger.RESEND), delivery(6, run=2, trigger=Trigger.RESEND))
    for _ in range(3):
        desk.answers()
    assert [2, 1, 5, 6] == desk.events_sent()
    await desk.dispatcher.stop()
    desk.answers()
    assert [(301, NEXT), (401, NEXT)] == desk.store.postponed[1:]
    assert [2, 1, 5, 6] == [each.delivery.event_number for each in desk.store.finished]
    assert 4 == len(desk.sender.sent)


@pytest.mark.anyio
async def test_a_resend_that_waits_for_a_lane_when_we_stop_is_logged():
    """Its caller is told that it was not sent."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1))
    desk.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    await desk.dispatcher.stop()
    [finished] = desk.store.finished
    assert (2, Result(Outcome.NOT_SENT, "Not sent")) == (finished.delivery.event_number, finished.result)


def test_a_rule_strikes_what_leaves_not_what_waits():
    """One that is added while deliveries wait for a slot breaks them."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    desk.breaks("refuse")
    desk.answers()
    assert ["", "refuse"] == [each.fault for each in desk.store.finished]


def test_a_lane_is_free_again_after_each_fault_that_sends_nothing():
    """Put back or never sent: the next leaves."""
    for fault in ("refuse", "answer", "false-success", "delay", "reorder"):
        desk = Desk(concurrency=1)
        desk.breaks(fault)
        desk.delivers(*map(delivery, (1, 2, 3)))
        assert (fault == "reorder") == bool(desk.sender.sent)  # it holds one at a time: the second leaves
        assert desk.sender.sent or 3 == len(desk.store.finished) + len(desk.store.postponed)


@pytest.mark.anyio
async def test_a_reset_drops_what_waits_for_a_lane():
    """What the log has forgotten is not sent, not even what it handed out just before; what came after it is."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    resetting = await desk.begins_to_reset()
    desk.delivers(delivery(3), delivery(4))
    desk.answers()
    assert [1] == desk.events_sent()
    desk.store.resetting.set_result(401)
    await resetting
    assert [1, 4] == desk.events_sent()


@pytest.mark.anyio
async def test_a_reset_that_fails_drops_nothing():
    """What waited meanwhile leaves."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    resetting = await desk.begins_to_reset()
    desk.answers()
    desk.store.resetting.set_exception(StoreFailed("the disk is full"))
    with pytest.raises(StoreFailed):
        await resetting
    assert [1, 2] == desk.events_sent()
    assert (0, 0) == (desk.forgotten, desk.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_calls_back_what_has_not_begun(desk: Desk):
    """What still waits for its connection; and the others are told to forget while nothing leaves."""
    resetting = await desk.begins_to_reset()
    desk.store.resetting.set_result(200)
    await resetting
    assert (1, 1) == (desk.forgotten, desk.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_while_a_delivery_is_being_copied():
    """Neither it nor a copy is sent, and nothing of it is left."""
    desk = Desk(concurrency=1)
    desk.store.copying.clear()
    desk.breaks("duplicate")
    desk.delivers(delivery(1))
    resetting = await desk.begins_to_reset()
    desk.store.copying.set()
    desk.store.resetting.set_result(200)
    await resetting
    await asyncio.wait(desk.dispatcher._copying)
    assert {} == desk.dispatcher._slots._holders
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert [2] == desk.events_sent()


@pytest.mark.anyio
async def test_a_stop_while_a_delivery_is_being_copied(desk: Desk):
    """It and its copies go back into the queue."""
    desk.store.copying.clear()
    desk.breaks("duplicate", copies=1)
    desk.delivers(delivery(1))
    stopping = asyncio.ensure_future(desk.dispatcher.stop())
    await asyncio.sleep(0)
    desk.store.copying.set()
    await stopping
    assert ([(101, NEXT), (102, NEXT)], []) == (desk.store.postponed, desk.sender.sent)


@pytest.mark.anyio
async def test_a_mistake_about_one_that_is_copied():
    """Each ends, and the next leaves."""
    desk = Desk(concurrency=1)
    desk.sender.broken = True
    desk.breaks("duplicate", copies=1)
    desk.delivers(delivery(1))
    await asyncio.wait(desk.dispatcher._copying)
    desk.sender.broken = False
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert ([1, 1], [2]) == ([each.delivery.event_number for each in desk.store.finished], desk.events_sent())


def test_a_mistake_about_one_keeps_back_no_other(caplog: pytest.LogCaptureFixture):
    """It ends as not sent, and the next leaves."""
    desk = Desk(concurrency=1)
    desk.sender.broken = True
    with caplog.at_level(logging.ERROR):
        desk.delivers(delivery(1))
    desk.sender.broken = False
    desk.delivers(delivery(2))
    assert [2] == desk.events_sent()
    assert [Result(Outcome.NOT_SENT, "Connection failed")] == [each.result for each in desk.store.finished]
    assert [f"run 1 of event {UUID(int=1)} could not be sent"] == caplog.messages


@pytest.mark.anyio
async def test_copies_that_cannot_be_logged(desk: Desk, caplog: pytest.LogCaptureFixture):
    """If the log cannot take the copies, the delivery goes alone, and the reason is told."""
    desk.store.full = True
    desk.breaks("duplicate", copies=2)
    with caplog.at_level(logging.ERROR):
        await desk.dispatcher._send_copies(delivery(), next(iter(desk.rules)))
    assert (1, "a duplicate was not sent: the disk is full") == (len(desk.sender.sent), caplog.messages[0])


@pytest.mark.anyio
async def test_copies(desk: Desk):
    """At once they share a barrier; apart, they are put back for later."""
    desk.breaks("duplicate", copies=2)
    await desk.dispatcher._send_copies(delivery(), next(iter(desk.rules)))
    assert (3, 1) == (len(desk.sender.sent), len({id(sent[-1].barrier) for sent in desk.sender.sent}))
    desk.rules.clear()
    desk.breaks("duplicate", copies=2, apart=60)
    await desk.dispatcher._send_copies(delivery(5), next(iter(desk.rules)))
    assert (4, [(502, 1_000_060_000), (503, 1_000_120_000)]) == (len(desk.sender.sent), desk.store.postponed)
