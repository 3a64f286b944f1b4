"""What a sending process leases next: new events, or resends of failed ones."""

from enum import StrEnum
from typing import Protocol

from frontsim.load.plan.delivery_faults import NO_OUTAGE, Outage


class Want(StrEnum):
    """What the next lease is to hold."""

    NEW = "new"
    RESENDS = "resends"


class LeasePolicy(Protocol):
    """Decides what to lease. Moments are seconds since the test's start.

    `reports_before_resends`: the first resend waits until every original has been reported.
    """

    reports_before_resends: bool

    def want(self, at_s: float) -> Want:
        """What to lease now."""

    def got(self, at_s: float, want: Want, count: int) -> None:
        """Take in that a lease of `want` brought `count` deliveries."""


class SteadyPolicy:
    """New events all the time; every `resend_after_s` the list -> resend job, until no failed event is left.

    The job does not run while the path is down, and begins at once when it is up again.
    """

    reports_before_resends = False

    def __init__(self, *, resend_after_s: float, outage: Outage = NO_OUTAGE) -> None:
        self._every_s = resend_after_s
        self._outage = outage
        self._next_s = resend_after_s

    def want(self, at_s: float) -> Want:
        if self._outage.covers(at_s):
            self._next_s = self._outage.to_s
            return Want.NEW
        return Want.RESENDS if at_s >= self._next_s else Want.NEW

    def got(self, at_s: float, want: Want, count: int) -> None:
        """Take in what a lease brought: an empty list of failures ends the job."""
        if want is Want.RESENDS and not count:
            self._next_s = at_s + self._every_s


class StormPolicy:
    """A backlog of `backlog` events, all of them failed, then everything resent at full speed; then the next one."""

    reports_before_resends = True

    def __init__(self, *, backlog: int) -> None:
        self._backlog = backlog
        self._missing = backlog

    def want(self, at_s: float) -> Want:  # noqa: ARG002 - a storm follows numbers, not the clock
        return Want.NEW if self._missing > 0 else Want.RESENDS

    def got(self, at_s: float, want: Want, count: int) -> None:  # noqa: ARG002 - as above
        """Take in what a lease brought: when no resend is left, the next backlog begins."""
        if want is Want.NEW:
            self._missing -= count
        elif not count:
            self._missing = self._backlog
