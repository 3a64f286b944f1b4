"""Sends what the log hands out, breaks it as the fault rules say, and reports each outcome to the log.

    EventLog ── Delivery (begun in the log) ──▶ slot ──▶ fault rule? ──▶ WebhookSender ── Result ──▶ EventLog

The queue decides which deliveries are sent and in which order, the slots how many at once to each destination, the
fault rules what is broken, and the sender how the bytes leave. Each delivery ends in exactly one `Finished`, or goes
back to the queue, or is forgotten by a reset. A rule that reorders holds one delivery of a webhook at a time: if it
held the later ones too, none could overtake the first.

Why there are two limits, the slots and the one in `store/queue`: the queue decides which runs are *begun in the file*,
inside a transaction that may be undone, and learns that a run is over only when that is committed. A slot here is free
as soon as the answer is read, which is one commit earlier. So the queue begins a few runs more than there are slots,
and a slot sends the next of them while the disk still writes why it is free. A run that waits here is begun for the
log, but none of its bytes is sent and no fault rule has been applied to it.

One limit instead of the two was measured, by letting the queue begin nothing ahead: at the default 16 slots a delivery
then costs 1.9 times the processor time (138 us, not 72), because a commit holds at most 16 outcomes, and the rate falls
to 0.6 at most. Beginning everything at once, with the slots alone, would cost no more than today, but a crash would
leave all that waits logged as unknown. Nor can the two share their numbers: the queue's are those of the file, and a
transaction that is undone takes them back; a slot that was used stays used.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from operator import attrgetter

from frontsim.catalog import Catalog
from frontsim.clock import Clock, Milliseconds
from frontsim.delivery.send_plan import WHOLE, Barrier, SendPlan, held, mutate, result_in_log, send_plan
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import HeaderNames, Target, filled_url, parse_target
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import FAULTS, DeliveryFacts, FaultRule, FaultStage
from frontsim.domain.model import NOT_SENT, ChangedRequest, Delivery, Finished, Outcome, Result, StatusText, Trigger
from frontsim.errors import StoreFailed, UnknownEventType
from frontsim.store.event_log import EventLog
from frontsim.store.queue import NEXT


class _DestinationSlots:
    __slots__ = ("filling", "in_use", "urgent", "waiting")

    def __init__(self) -> None:
        self.urgent: deque[Delivery] = deque()
        self.waiting: deque[Delivery] = deque()
        self.in_use = 0
        self.filling = False


class ConcurrencyLimit:
    """The slots of all destinations, on one event loop.

    Args:
        slots: how many deliveries may be under way to each destination.
        send: called with each delivery that has got a slot; it may call `release` before it returns.
    """

    def __init__(self, slots: int, send: Callable[[Delivery], None]) -> None:
        self._slots = slots
        self._send = send
        self._destinations: dict[int, _DestinationSlots] = {}
        self._holders: dict[int, _DestinationSlots] = {}  # by run id, which no reset gives a second time
        self._paused = False

    def enqueue(self, deliveries: Iterable[Delivery], *, urgent: bool = False) -> None:
        """Let deliveries wait for slots; `fill` hands them out. Urgent ones go before the others."""
        for number, some in groupby(deliveries, attrgetter("destination")):
            destination = self._destination(number)
            (destination.urgent if urgent else destination.waiting).extend(some)

    def fill(self, destinations: Iterable[int]) -> None:
        """Send what finds a slot free, first come, first served."""
        for number in destinations:
            destination = self._destinations.get(number)
            if destination is not None:
                self._fill(destination)

    def occupy(self, delivery: Delivery) -> None:
        """Count a delivery that is sent without waiting: until it is over, one slot fewer is handed out."""
        destination = self._destination(delivery.destination)
        destination.in_use += 1
        self._holders[delivery.run_id] = destination

    def release(self, delivery: Delivery) -> None:
        """Free the slot of a delivery that is over, or put back. One that has no slot changes nothing."""
        destination = self._holders.pop(delivery.run_id, None)
        if destination is not None:
            destination.in_use -= 1
            self._fill(destination)

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.fill(list(self._destinations))

    def drop(self, *, before: int) -> None:
        """Forget the deliveries with lower run ids, waiting or under way; the others go on waiting."""
        self.enqueue([delivery for delivery in self.clear() if delivery.run_id >= before])

    def clear(self) -> list[Delivery]:
        """Take out all that waits. What is under way holds no slot of a later delivery."""
        waiting = [item for each in self._destinations.values() for item in (*each.urgent, *each.waiting)]
        for destination in self._destinations.values():
            destination.urgent.clear()
            destination.waiting.clear()
        self._destinations.clear()
        return waiting

    def _destination(self, number: int) -> _DestinationSlots:
        known = self._destinations.get(number)
        if known is None:
            known = self._destinations[number] = _DestinationSlots()
        return known

    def _fill(self, destination: _DestinationSlots) -> None:
        if destination.filling:  # `send` has called `release`: the loop further up the stack goes on
            return
        destination.filling = True
        try:
            while destination.in_use < self._slots and not self._paused:
                queue = destination.urgent or destination.waiting
                if not queue:
                    break
                delivery = queue.popleft()
                destination.in_use += 1
                self._holders[delivery.run_id] = destination
                self._send(delivery)
        finally:
            destination.filling = False


@dataclass(slots=True)
class _Held:
    delivery: Delivery
    behind: int
    rule: int
    overtaken_by: set[int] = field(default_factory=set)
    """Numbers of the later events that have reached the receiver; an event that is sent several times counts once."""


class Reordering:
    """Holds deliveries back, by webhook, until later ones have overtaken them.

    Args:
        make_due: makes a postponed delivery due now.
    """

    def __init__(self, *, make_due: Callable[[Delivery], None]) -> None:
        self._make_due = make_due
        self._held: dict[str, dict[int, _Held]] = defaultdict(dict)

    def hold(self, delivery: Delivery, *, behind: int, rule: int) -> None:
        """Hold a delivery back until `behind` later events of its webhook have reached the receiver."""
        self._held[delivery.webhook_id][delivery.run_id] = _Held(delivery, behind, rule)

    def rules_holding(self, webhook_id: str) -> Set[int]:
        """The numbers of the rules that hold a delivery of that webhook."""
        return {held.rule for held in self._held.get(webhook_id, {}).values()}

    def passed(self, delivery: Delivery, *, arrived: bool) -> None:
        """Note that a delivery is over; if it has arrived, each one that it overtook waits for one fewer."""
        held = self._held.get(delivery.webhook_id)
        if not held:
            return
        held.pop(delivery.run_id, None)  # its time ran out, and it was sent
        if not arrived:
            return
        for item in list(held.values()):
            if delivery.event_number > item.delivery.event_number:
                item.overtaken_by.add(delivery.event_number)
                if len(item.overtaken_by) == item.behind:
                    del held[item.delivery.run_id]
                    self._make_due(item.delivery)

    def forget(self) -> None:
        """Hold nothing back any more."""
        self._held.clear()


logger = logging.getLogger(__name__)

_AT_THE_NEXT_START = NEXT  # originals only: a resend is logged as not sent, because its caller may ask again


class Dispatcher:
    """One simulator's sending side, on one event loop.

    Args:
        store: hands out deliveries, and logs their outcomes.
        sender: sends requests.
        rules: the fault rules.
        catalog: the schemas that payload mutations need.
        clock: simulator time.
        headers: names of a delivery's headers.
        body_of: the body that a delivery's payload is sent in.
        concurrency: how many deliveries may be under way to one destination at once.
    """

    def __init__(
        self,
        *,
        store: EventLog,
        sender: WebhookSender,
        rules: FaultRules,
        catalog: Catalog,
        clock: Clock,
        headers: HeaderNames,
        concurrency: int,
        body_of: Callable[[Delivery], bytes] = attrgetter("body"),
    ) -> None:
        self._store = store
        self._sender = sender
        self._rules = rules
        self._catalog = catalog
        self._clock = clock
        self._headers = headers
        self._body_of = body_of
        self._slots = ConcurrencyLimit(concurrency, self._start)
        self._postponed: dict[int, str] = {}
        self._copying: set[asyncio.Task[None]] = set()
        self._reordering = Reordering(make_due=store.make_due)
        self._resetting = asyncio.Lock()
        self._first_kept = 0  # the last reset forgot every run with a lower number
        self._stopped = False

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Send deliveries that the log has handed out, as slots get free.

        Two kinds are urgent and go first: resends, because a caller waits for the answer, and runs that a fault had put
        back, because they have had their turn.
        """
        postponed = self._postponed
        urgent = [item for item in deliveries if item.trigger is Trigger.RESEND or item.run_id in postponed]
        first = {item.run_id for item in urgent}
        self._slots.enqueue(urgent, urgent=True)
        self._slots.enqueue([item for item in deliveries if item.run_id not in first] if urgent else deliveries)
        self._slots.fill(dict.fromkeys([item.destination for item in deliveries]))

    async def stop(self) -> None:
        """Send nothing more: originals go back into the queue, resends are logged as not sent."""
        self._stopped = True
        now = self._clock.now()
        for delivery in self._slots.clear():
            self._finish(delivery, now, "", None, NOT_SENT)
        if self._copying:
            await asyncio.wait(self._copying)

    async def reset(self, forget: Callable[[], None]) -> None:
        """Reset the log; what it forgets is not sent any more.

        Args:
            forget: called when the log has been reset, before anything is sent again.

        Raises:
            StoreFailed: nothing was forgotten.
        """
        async with self._resetting:
            self._slots.pause()  # the reset may forget what is handed out until then
            try:
                self._first_kept = await self._store.reset()
                forget()
                self._sender.recall()
                self._slots.drop(before=self._first_kept)
                self._postponed.clear()
                self._reordering.forget()
            finally:
                self._slots.resume()

    def _start(self, delivery: Delivery) -> None:
        now = self._clock.now()
        fault = self._postponed.pop(delivery.run_id, "") if self._postponed else ""
        try:
            rule = self._apply_first_match(delivery, now) if self._rules.any and not fault else None
            if rule is None:
                self._send(delivery, now, WHOLE, fault)
            else:
                self._break(delivery, now, rule)
        except Exception:  # an error about one delivery must not stop all others
            logger.exception("run %d of event %s could not be sent", delivery.run, delivery.webhook_event_id)
            self._give_up(delivery, now, fault)

    def _give_up(self, delivery: Delivery, now: Milliseconds, fault: str) -> None:
        """End a delivery that our own error kept from being sent."""
        result = Result(Outcome.NOT_SENT, StatusText.CONNECTION_FAILED.value)
        self._end(Finished(delivery, result, now, fault), arrived=False)

    def _apply_first_match(self, delivery: Delivery, now: Milliseconds) -> FaultRule | None:
        return self._rules.apply_first_match(
            DeliveryFacts(
                chance_key=f"{delivery.event_number}/{delivery.run}",
                now=now,
                event=delivery.event,
                webhook_id=delivery.webhook_id,
                url=delivery.url,
                trigger=delivery.trigger,
                run=delivery.run,
            ),
            skipping=self._reordering.rules_holding(delivery.webhook_id),
        )

    def _break(self, delivery: Delivery, now: Milliseconds, rule: FaultRule) -> None:
        match FAULTS[rule.fault].stage:
            case FaultStage.NEVER_ARRIVES | FaultStage.LOG_LIES:
                if rule.fault == "false-failure":
                    self._send(delivery, now, WHOLE, rule.fault, logged=result_in_log(rule))
                else:
                    self._end(Finished(delivery, result_in_log(rule), now, rule.fault), arrived=False)
            case FaultStage.CHANGED:
                self._send_changed(delivery, now, rule)
            case FaultStage.ODDLY_DELIVERED:
                self._deliver_oddly(delivery, now, rule)
            case _:
                self._send(delivery, now, send_plan(rule), rule.fault)

    def _send_changed(self, delivery: Delivery, now: Milliseconds, rule: FaultRule) -> None:
        try:
            schema = self._catalog.find(delivery.event).schema
        except UnknownEventType:  # one of the user's own types, from a start with other --contracts
            schema = {}
        sent = mutate(
            rule,
            delivery.body,
            delivery.event,
            schema,
            delivery.event_number,
            body_of=lambda payload, event: self._body_of(delivery._replace(body=payload, event=event)),
        )
        headers = self._headers.lines(delivery, event=sent.event, content_type=sent.content_type)
        changed = ChangedRequest.of(headers, sent.body)
        done = partial(self._finish, delivery, now, rule.fault, None, changed=changed)
        self._sender.send(_target(delivery.url, delivery.event), headers, sent.body, done)

    def _deliver_oddly(self, delivery: Delivery, now: Milliseconds, rule: FaultRule) -> None:
        if rule.fault == "duplicate":
            copying = asyncio.get_running_loop().create_task(self._send_copies(delivery, rule))
            self._copying.add(copying)
            copying.add_done_callback(self._copying.discard)
            return
        wait_s = rule.param("seconds" if rule.fault == "delay" else "atMostS")
        self._postponed[delivery.run_id] = rule.fault
        if rule.fault == "reorder":
            self._reordering.hold(delivery, behind=rule.param("behind"), rule=rule.number)
        self._put_back(delivery, now + round(wait_s * 1000))

    async def _send_copies(self, delivery: Delivery, rule: FaultRule) -> None:
        """Send a delivery and its copies. If the log cannot take the copies, none of them is sent."""
        try:
            copies = await self._store.copy(delivery, rule.param("copies"))
        except StoreFailed as error:
            logger.error("a duplicate was not sent: %s", error)
            copies = []
        async with self._resetting:
            if delivery.run_id < self._first_kept:
                self._slots.release(delivery)
            else:
                self._send_each(delivery, copies, rule)

    def _send_each(self, delivery: Delivery, copies: Sequence[Delivery], rule: FaultRule) -> None:
        now, apart = self._clock.now(), rule.param("apart")
        if self._stopped:
            for item in (delivery, *copies):
                self._finish(item, now, rule.fault, None, NOT_SENT)
            return
        if isinstance(apart, str):
            barrier = Barrier(1 + len(copies))
            for copy in copies:
                self._slots.occupy(copy)
            for item in (delivery, *copies):
                self._send_or_give_up(item, now, held(barrier), rule.fault)
            return
        self._send_or_give_up(delivery, now, WHOLE, rule.fault)
        for number, copy in enumerate(copies, 1):
            self._postponed[copy.run_id] = rule.fault
            self._store.postpone(copy, now + round(apart * number * 1000))

    def _send_or_give_up(self, delivery: Delivery, now: Milliseconds, plan: SendPlan, fault: str) -> None:
        """`_send` for a task, whose exception would be lost."""
        try:
            self._send(delivery, now, plan, fault)
        except Exception:
            logger.exception("run %d of event %s could not be sent", delivery.run, delivery.webhook_event_id)
            self._give_up(delivery, now, fault)

    def _send(
        self, delivery: Delivery, now: Milliseconds, plan: SendPlan, fault: str, *, logged: Result | None = None
    ) -> None:
        headers, body = self._headers.lines(delivery), self._body_of(delivery)
        done = partial(self._finish, delivery, now, fault, logged)
        if plan is not WHOLE and plan.cuts_body:
            done = partial(done, changed=ChangedRequest.of(headers, plan.part_of(body), announced=len(body)))
        self._sender.send(_target(delivery.url, delivery.event), headers, body, done, plan)

    def _finish(
        self,
        delivery: Delivery,
        began_at: Milliseconds,
        fault: str,
        logged: Result | None,
        result: Result,
        *,
        changed: ChangedRequest | None = None,
    ) -> None:
        """Log the sender's result, or put the delivery back into the queue if nothing of it was sent."""
        arrived = result.outcome is not Outcome.NOT_SENT
        if not arrived and result.status == StatusText.NOT_SENT and delivery.trigger is Trigger.ORIGINAL:
            self._put_back(delivery, _AT_THE_NEXT_START)
            return
        if logged is not None and result.success:  # the log lies; how long it took is true
            result = logged._replace(duration_ms=result.duration_ms)
        self._end(Finished(delivery, result, began_at, fault, changed if arrived else None), arrived=arrived)

    def _end(self, finished: Finished, *, arrived: bool) -> None:
        """Log the outcome. `arrived`: the receiver has seen the delivery, at least in part, whatever the log says."""
        self._store.finish(finished)
        self._reordering.passed(finished.delivery, arrived=arrived)
        self._slots.release(finished.delivery)

    def _put_back(self, delivery: Delivery, due_at: Milliseconds) -> None:
        self._store.postpone(delivery, due_at)
        self._slots.release(delivery)


@lru_cache(maxsize=4096)
def _target(url: str, event: str) -> Target:
    return parse_target(filled_url(url, event))
