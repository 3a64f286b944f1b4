"""What a sending process asks for next: new events, or the failed ones again.

Both classes are asked with the seconds since the test's start, and told when no failed event was left.
"""

from enum import StrEnum
from typing import Protocol

from frontsim.load.delivery_faults import NO_OUTAGE, Outage


class Want(StrEnum):
    """What the next lease is to hold."""

    NEW = "new"
    RESENDS = "resends"


class LeasePolicy(Protocol):
    """Says what to lease. `resends_wait`: resends begin only when all that is out has been reported."""

    resends_wait: bool

    def want(self, at_s: float) -> Want:
        """What to ask for now."""

    def got(self, at_s: float, want: Want, count: int) -> None:
        """A lease of `want` brought `count` deliveries."""


class SteadyPolicy:
    """New events all the time; every `resend_after_s` the list -> resend job, until nothing is left.

    The job does not run while the path is down, and begins at once when it is up again.
    """

    resends_wait = False

    def __init__(self, *, resend_after_s: float, outage: Outage = NO_OUTAGE) -> None:
        self._every_s = resend_after_s
        self._outage = outage
        self._next_s = resend_after_s

    def want(self, at_s: float) -> Want:
        """What to ask for now."""
        if self._outage.covers(at_s):
            self._next_s = self._outage.to_s
            return Want.NEW
        return Want.RESENDS if at_s >= self._next_s else Want.NEW

    def got(self, at_s: float, want: Want, count: int) -> None:
        """An empty list of failures ends the job."""
        if want is Want.RESENDS and not count:
            self._next_s = at_s + self._every_s


class StormPolicy:
    """A backlog of `backlog` events, all of them failed, then everything resent at full speed; then again."""

    resends_wait = True

    def __init__(self, *, backlog: int) -> None:
        self._backlog = backlog
        self._missing = backlog

    def want(self, at_s: float) -> Want:  # noqa: ARG002 - a storm goes by number, not by the clock
        """What to ask for now."""
        return Want.NEW if self._missing > 0 else Want.RESENDS

    def got(self, at_s: float, want: Want, count: int) -> None:  # noqa: ARG002 - as above
        """Count the backlog; when it is gone, begin the next."""
        if want is Want.NEW:
            self._missing -= count
        elif not count:
            self._missing = self._backlog
