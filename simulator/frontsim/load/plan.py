"""The plan of each load test: what it breaks, when, and what must hold.

SEND     nothing: the delivery is sent as it is
UNSENT   it never leaves: the path to the receiver is down; the log says *not sent*
LOST     it is sent, and its answer is ignored: the log says *unknown*, and a resend follows
LATE     the log says *unknown* at once, and the delivery arrives together with its resend
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class DeliveryFault(StrEnum):
    """The load test treats each delivery in one of these ways."""

    SEND = "send"
    UNSENT = "unsent"
    LOST = "lost"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of all deliveries that each fault takes, 0 to 1; the rest is sent unbroken."""

    unsent: float = 0.0
    lost: float = 0.0
    late: float = 0.0

    def __post_init__(self) -> None:
        for name, share in (("unsent", self.unsent), ("lost", self.lost), ("late", self.late)):
            if not 0 <= share <= 1:
                raise ValueError(f"--{name}-share: expected 0 to 1, got {share}")
        if self.total > 1:
            raise ValueError(f"the fault shares: expected a sum of at most 1, got {self.total:g}")

    @property
    def total(self) -> float:
        """The share that is broken in any way."""
        return self.unsent + self.lost + self.late

    def fault_at(self, point: float) -> DeliveryFault:
        """The fault at a point of the unit interval."""
        if point < self.unsent:
            return DeliveryFault.UNSENT
        if point < self.unsent + self.lost:
            return DeliveryFault.LOST
        return DeliveryFault.LATE if point < self.total else DeliveryFault.SEND


@dataclass(frozen=True, slots=True)
class Outage:
    """When the path to the receiver is down, in seconds since the test's start: from `from_s` until before `to_s`."""

    from_s: float
    to_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.from_s <= self.to_s:
            raise ValueError(
                f"--down-from, --down-to: expected 0 or more, and an end behind it, got {self.from_s} and {self.to_s}"
            )

    def covers(self, at_s: float) -> bool:
        return self.from_s <= at_s < self.to_s


NO_OUTAGE = Outage(0.0, 0.0)


class DeliveryFaults:
    """Decides the fault of each delivery of one process.

    Args:
        shares: what is broken by chance.
        outage: what is broken by the clock.
        breaks_resends: chance breaks resends as it breaks originals.
        draw: gives a number from 0 to 1. It is seeded, so that a run can be repeated.
    """

    def __init__(
        self, shares: Shares, outage: Outage = NO_OUTAGE, *, breaks_resends: bool, draw: Callable[[], float]
    ) -> None:
        self._shares = shares
        self._outage = outage
        self._breaks_resends = breaks_resends
        self._draw = draw

    def draw(self, *, at_s: float, is_resend: bool) -> DeliveryFault:
        """The fault of a delivery that would be sent `at_s` seconds after the test's start."""
        if self._outage.covers(at_s):
            return DeliveryFault.UNSENT
        if is_resend and not self._breaks_resends:
            return DeliveryFault.SEND
        return self._shares.fault_at(self._draw())

    def is_cut_off(self, *, began_s: float, ended_s: float) -> bool:
        """The path went down while a delivery was in flight: its answer then never arrives."""
        return self._outage.covers(ended_s) and not self._outage.covers(began_s)


def seeded_draws(seed: int, worker: int) -> Callable[[], float]:
    """The random draws of one worker process."""
    return random.Random(f"{seed}:{worker}").random  # noqa: S311 - a load test, and it must be repeatable


DAY_MIX: Mapping[str, float] = {
    "StockMovementCreated": 2409,
    "SaleCreated": 515,
    "StockReservationCreated": 202,
    "SaleExternalCreated": 151,
    "CustomerCreated": 124,
    "OmniChannelOrderUpdated": 82,
    "StockReservationExpired": 52,
    "OmniChannelOrderFulfilled": 42,
    "OmniChannelEndlessAisleOrderCreated": 25,
    "DeliveryItemsReceived": 18,
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


HOURS: Sequence[float] = (0.64, 0.74, 0.77, 1.0, 0.85, 0.71, 0.61, 0.61, 0.81, 0.92, 0.78, 0.42)
"""The events of each hour since the opening, as a share of the busiest hour's. A test compares them with the day."""


def users_at(passed: float, *, peak: int) -> int:
    """The number of users when the share `passed` of the day is over (0 to 1): at least one, at most `peak`."""
    hour = min(int(max(passed, 0.0) * len(HOURS)), len(HOURS) - 1)
    return max(1, round(HOURS[hour] * peak))
