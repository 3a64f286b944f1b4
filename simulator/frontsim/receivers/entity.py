"""Which events carry the new state of something that changes, and since when that state holds.

Customers, orders and stock levels change, and a newer event can overtake an older one (a resend comes hours
later), so an older state must not overwrite a newer. Sales, transfers and the rest happen once and have no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.receivers.inbound import ReceivedEvent, value_at


@dataclass(frozen=True, slots=True)
class EntityRule:
    """Which fields of an event type say what it is about (`keys`) and since when (the first of `moments` that is set).

    `rank` names a number that grows: it orders two states of one moment.
    """

    kind: str
    keys: Sequence[str]
    moments: Sequence[str]
    rank: str = ""


CUSTOMER = EntityRule("customer", ("customerId",), ("updatedDateTime", "createdDateTime"))
ORDER = EntityRule("order", ("orderId",), ("updatedDateTime", "createdDateTime"))
STOCK = EntityRule("stock", ("stockId", "sku", "gtin"), ("createdDateTime",), rank="movementId")

RULES: Mapping[str, EntityRule] = {
    "CustomerCreated": CUSTOMER,
    "CustomerUpdated": CUSTOMER,
    "OmniChannelEndlessAisleOrderCreated": ORDER,
    "OmniChannelOrderFulfilled": ORDER,
    "OmniChannelOrderRefundUpdated": ORDER,
    "OmniChannelOrderUpdated": ORDER,
    "StockMovementCreated": STOCK,
}


@dataclass(frozen=True, slots=True)
class EntityState:
    """The state of `entity` since `moment`. Moments compare as text, because the vendor writes them in one form."""

    entity: str
    moment: str
    rank: int


def state_of(event_type: str, event: ReceivedEvent) -> EntityState | None:
    """The state in this event; None if events of its type hold no state, or if it does not say what it is about."""
    rule = RULES.get(event_type)
    if rule is None:
        return None
    keys = [value_at(event.payload, key) for key in rule.keys]
    if all(key is None for key in keys):
        return None
    rank = value_at(event.payload, rule.rank) if rule.rank else 0
    ranked = isinstance(rank, int) and abs(rank) < 2**63  # what SQLite can hold
    return EntityState(
        ":".join([rule.kind, *map(str, keys)]), _moment(rule, event.payload), int(rank or 0) if ranked else 0
    )


def _moment(rule: EntityRule, payload: Mapping[str, Any]) -> str:
    found = (value_at(payload, path) for path in rule.moments)
    return next((moment for moment in found if isinstance(moment, str)), "")
