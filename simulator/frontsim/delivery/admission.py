"""Decides when a delivery may leave: limits for each destination, and reordering.

EventLog ── begun, some of them ahead ──▶ queued here ── a slot is free ──▶ send ── over, or put back ──▶ next

Why there are two limits, this one and the one in `store/queue`: the queue decides which runs are *begun in the file*,
inside a transaction that may be undone, and learns that a run is over only when that is committed. A slot here is free
as soon as the answer is read, which is one commit earlier. So the queue begins a few runs more than there are slots,
and this limit sends the next of them while the disk still writes why the slot is free. A run that waits here is begun
for the log, but none of its bytes is sent and no fault rule has been applied to it.

One limit instead of the two was measured, by letting the queue begin nothing ahead: at the default 16 slots a delivery
then costs 1.9 times the processor time (138 us, not 72), because a commit holds at most 16 outcomes, and the rate falls
to 0.6 at most. Beginning everything at once, with the limit here alone, would cost no more than today, but a crash
would leave all that waits logged as unknown. Nor can the two share their numbers: the queue's are those of the file,
and a transaction that is undone takes them back; a slot that was used stays used.

A rule holds one delivery of a webhook at a time: if it held the later ones too, none could overtake the first.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from frontsim.domain.model import Delivery


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
