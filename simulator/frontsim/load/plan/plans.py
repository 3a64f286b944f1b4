"""What each load test breaks and what must hold: the one registry for the locustfiles, the verdict and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from frontsim.load.plan.delivery_faults import Shares

DAY_MIX: Mapping[str, float] = {
    "StockMovementCreated": 1968,
    "SaleCreated": 515,
    "StockReservationCreated": 164,
    "SaleExternalCreated": 151,
    "CustomerCreated": 120,
    "OmniChannelOrderUpdated": 82,
    "StockReservationExpired": 52,
    "OmniChannelOrderFulfilled": 42,
    "OmniChannelEndlessAisleOrderCreated": 25,
    "DeliveryItemsReceived": 19,
    "POSSettlementCreated": 18,
    "DeliveryCompleted": 15,
    "InvoiceCreated": 14,
    "CustomerUpdated": 12,
    "OmniChannelOrderRefundUpdated": 11,
    "ProductTransferCreated": 9,
    "ProductTransferReceived": 9,
    "StockAdjustmentCreated": 6,
    "ProductTransferVirtualCreated": 4,
    "ProductTransferVirtualReceived": 3,
    "StockCountReconciled": 3,
}
"""How many events of each type `frontsim simulate day` raises: the mean of three seeds. A test compares the two."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A load test.

    Attributes:
        name: as the verdict's JSON names it.
        breaks: what breaks, in a sentence.
        holds: what must hold all the same.
        mix: event types and their weights; --mix replaces them.
        shares: what is broken by chance; the options replace them.
        has_outage: the path to the receiver is down from --down-from to --down-to.
        is_storm: the senders build a backlog of --backlog failed events and resend it at full speed.
        is_polled: the simulator delivers, and the users are integrators who list and resend over the API.
    """

    name: str
    breaks: str
    holds: str
    mix: Mapping[str, float] = field(default_factory=lambda: DAY_MIX)
    shares: Shares = field(default_factory=Shares)
    has_outage: bool = False
    is_storm: bool = False
    is_polled: bool = False


_ONCE = "Every event is booked exactly once."
_ONCE_AFTER = "After the list -> resend job every event is booked exactly once."

STEADY = Plan("steady", "Nothing is broken: events come as fast as the receiver takes them.", _ONCE)
DOWNTIME = Plan(
    "downtime",
    "The path to the receiver is down for a while, deliveries in flight stay unanswered, and all is resent afterwards.",
    _ONCE_AFTER,
    has_outage=True,
)
LOST_ANSWERS = Plan(
    "lost-answers",
    "A share of the answers never arrives, so events that may be booked are resent, hundreds of events later.",
    _ONCE_AFTER,
    shares=Shares(lost=0.1),
)
RESEND_STORM = Plan(
    "resend-storm",
    "A whole backlog has failed, some of it unanswered, some of it late, and all of it is resent at once.",
    _ONCE_AFTER,
    shares=Shares(unsent=0.6, lost=0.2, late=0.2),
    is_storm=True,
)
STORE_DAY = Plan(
    "store-day",
    "A trading day of the chain in minutes, with its peaks at lunch and in the evening, and some answers lost.",
    _ONCE_AFTER,
    shares=Shares(lost=0.01),
)
API = Plan(
    "api",
    "Deliveries fail in several ways, and many integrators list and resend at once, often the same events.",
    _ONCE_AFTER,
    is_polled=True,
)

PLANS: Mapping[str, Plan] = {each.name: each for each in (STEADY, DOWNTIME, LOST_ANSWERS, RESEND_STORM, STORE_DAY, API)}
