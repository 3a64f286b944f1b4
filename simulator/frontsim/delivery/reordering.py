"""Deliveries that are held back until later ones of their webhook have reached the receiver.

A rule holds one of a webhook at a time: were the later ones held, too, none would be left to overtake it.
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
    """Numbers of the later events that have reached the receiver: one that is sent several times counts once."""


class Reordering:
    """What is held back, by webhook.

    Args:
        hasten: makes a delivery due that was postponed.
    """

    def __init__(self, *, hasten: Callable[[Delivery], None]) -> None:
        self._hasten = hasten
        self._held: dict[str, dict[int, _Held]] = defaultdict(dict)

    def hold(self, delivery: Delivery, *, behind: int, rule: int) -> None:
        """Hold one back until `behind` later events of its webhook have reached the receiver; a rule wants that."""
        self._held[delivery.webhook_id][delivery.run_id] = _Held(delivery, behind, rule)

    def rules_holding(self, webhook_id: str) -> Set[int]:
        """The numbers of the rules for which one of that webhook is held."""
        return {held.rule for held in self._held.get(webhook_id, {}).values()}

    def passed(self, delivery: Delivery, *, arrived: bool) -> None:
        """A delivery is over; if it has arrived, whatever it has overtaken waits for one less."""
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
                    self._hasten(item.delivery)

    def forget(self) -> None:
        """Hold nothing back any more."""
        self._held.clear()
