"""What a load test breaks of one delivery: a pure decision from the plan, the moment and a seeded draw.

SEND     nothing: the delivery is sent as it is
UNSENT   it never leaves: the path to the receiver is down; the log says *not sent*
LOST     it is sent, and its answer is ignored: the log says *unknown*, and a resend follows
LATE     the log says *unknown* at once, and the delivery arrives together with its resend
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class DeliveryFault(StrEnum):
    """What the load test does to a delivery."""

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
        """Whether the path went down while a delivery was in flight: its answer then never arrives."""
        return self._outage.covers(ended_s) and not self._outage.covers(began_s)


def seeded_draws(seed: int, worker: int) -> Callable[[], float]:
    """The random draws of one worker process."""
    return random.Random(f"{seed}:{worker}").random  # noqa: S311 - a load test, and it must be repeatable
