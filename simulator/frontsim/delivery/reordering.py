"""Holds deliveries back until later ones of the same webhook have reached the receiver.

A rule holds one delivery of a webhook at a time: if it held the later ones too, none could overtake the first.
"""

from collections import defaultdict
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from frontsim.domain.model import Delivery


@dataclass(slots=True)
class _Held:
    delivery: Delivery
    behind: int
    rule: int
    overtaken_by: set[int] = field(default_factory=set)
    """Numbers of the later events that have reached the receiver; an event that is sent several times counts once."""


class Reordering:
    """What is held back, by webhook.

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
