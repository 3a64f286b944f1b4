"""What we do to one delivery of a load test: a pure decision from the plan, the moment and the dice.

SEND     as it should be
UNSENT   never leaves: the receiver's path is down, the log says *not sent*
LOST     is sent and answered, and the answer is ignored: the log says *unknown*, a resend follows
LATE     is given up, the log says *unknown*, and its bytes arrive together with its resend
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class DeliveryFault(StrEnum):
    """What becomes of a delivery by our doing."""

    SEND = "send"
    UNSENT = "unsent"
    LOST = "lost"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Shares:
    """Of all deliveries, the share that each fault takes, 0 to 1; what is left is sent as it should be."""

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

    def drawn(self, chance: float) -> DeliveryFault:
        """The fate at a point of the unit interval."""
        if chance < self.unsent:
            return DeliveryFault.UNSENT
        if chance < self.unsent + self.lost:
            return DeliveryFault.LOST
        return DeliveryFault.LATE if chance < self.total else DeliveryFault.SEND


@dataclass(frozen=True, slots=True)
class Outage:
    """When the receiver's path is down, in seconds from the test's start: `from_s` inclusive, `to_s` exclusive."""

    from_s: float
    to_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.from_s <= self.to_s:
            raise ValueError(
                f"--down-from, --down-to: expected 0 or more, and an end behind it, got {self.from_s} and {self.to_s}"
            )

    def covers(self, at_s: float) -> bool:
        """Whether it is down then."""
        return self.from_s <= at_s < self.to_s


NO_OUTAGE = Outage(0.0, 0.0)


class DeliveryFaults:
    """Decides for one process.

    Args:
        shares: what is broken by chance.
        outage: what is broken by the clock.
        resends_too: resends are broken by chance as originals are.
        dice: gives a number from 0 to 1; from the seed, so that a run can be repeated.
    """

    def __init__(
        self, shares: Shares, outage: Outage = NO_OUTAGE, *, resends_too: bool, dice: Callable[[], float]
    ) -> None:
        self._shares = shares
        self._outage = outage
        self._resends_too = resends_too
        self._dice = dice

    def of(self, *, at_s: float, is_resend: bool) -> DeliveryFault:
        """What is to be done with a delivery that would be sent at `at_s`."""
        if self._outage.covers(at_s):
            return DeliveryFault.UNSENT
        if is_resend and not self._resends_too:
            return DeliveryFault.SEND
        return self._shares.drawn(self._dice())

    def is_cut_off(self, *, began_s: float, ended_s: float) -> bool:
        """Whether the path went down while a delivery was under way: then its answer never came."""
        return self._outage.covers(ended_s) and not self._outage.covers(began_s)


def dice_of(seed: int, worker: int) -> Callable[[], float]:
    """The dice of one worker process."""
    return random.Random(f"{seed}:{worker}").random  # noqa: S311 - a load test, and it must be repeatable
