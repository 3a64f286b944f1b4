"""Deliveries that are held back until later ones of their webhook have been answered."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.domain.model import Delivery


@dataclass(slots=True)
class _Held:
    delivery: Delivery
    behind: int
    overtaken_by: set[int] = field(default_factory=set)
    """Numbers of the later events that are over: one that is sent several times counts once."""


class Reordering:
    """What is held back, by webhook.

    Args:
        hasten: makes a delivery due that was postponed.
    """

    def __init__(self, *, hasten: Callable[[Delivery], None]) -> None:
        self._hasten = hasten
        self._held: dict[str, dict[int, _Held]] = defaultdict(dict)

    def hold(self, delivery: Delivery, *, behind: int) -> None:
        """Hold one back until `behind` later events of its webhook are over."""
        self._held[delivery.webhook_id][delivery.run_id] = _Held(delivery, behind)

    def passed(self, delivery: Delivery) -> None:
        """A delivery is over: whatever it has overtaken waits for one less."""
        held = self._held.get(delivery.webhook_id)
        if not held:
            return
        held.pop(delivery.run_id, None)  # its time ran out, and it was sent
        for item in list(held.values()):
            if delivery.event_number > item.delivery.event_number:
                item.overtaken_by.add(delivery.event_number)
                if len(item.overtaken_by) == item.behind:
                    del held[item.delivery.run_id]
                    self._hasten(item.delivery)

    def forget(self) -> None:
        """Hold nothing back any more."""
        self._held.clear()
