"""Which events tell the new state of something that changes, and when that state was true.

A customer, an order and a stock level change; their events can be overtaken (a resend comes hours later),
so an older state must not overwrite a newer. Sales, transfers and the rest happen once: there is no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.receivers.inbound import ReceivedEvent, value_at


@dataclass(frozen=True, slots=True)
class EntityRule:
    """Where an event type says what it is about (`keys`) and when it was so (the first of `moments` that is set).

    `rank` names a number that grows, for two states of one moment.
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
class State:
    """The state of `entity` that an event tells. Moments compare as text: the vendor writes one form only."""

    entity: str
    moment: str
    rank: int


def state_of(event: str, notice: ReceivedEvent) -> State | None:
    """The state that this event tells, None where it tells none or does not say of what."""
    rule = RULES.get(event)
    if rule is None:
        return None
    keys = [value_at(notice.payload, key) for key in rule.keys]
    if all(key is None for key in keys):
        return None
    rank = value_at(notice.payload, rule.rank) if rule.rank else 0
    ranked = isinstance(rank, int) and abs(rank) < 2**63  # what SQLite can hold
    return State(":".join([rule.kind, *map(str, keys)]), _moment(rule, notice.payload), int(rank or 0) if ranked else 0)


def _moment(rule: EntityRule, payload: Mapping[str, Any]) -> str:
    found = (value_at(payload, path) for path in rule.moments)
    return next((moment for moment in found if isinstance(moment, str)), "")
