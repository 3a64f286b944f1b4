"""The leases that a worker takes, and what a network error proves about how far a request got.

simulator -> leases -> take() -> a sender -> report() -> batches of reports -> simulator

Invariants: each leased delivery is reported exactly once, as *not sent* when no sender took it. No sender gets a
delivery whose lease could run out in flight. The buffer holds a fraction of a second of work, so that senders never
wait for the simulator and no delivery grows old in it. Under Locust the threads are greenlets.
"""

import errno
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Protocol

from frontsim.client.control import DeliveryReport, LeasedDelivery, by_lease
from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.plan import NO_OUTAGE, Outage

_NEVER_LEFT = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


def never_left(error: BaseException | None) -> bool:
    """An error of a name, a certificate or a refused connection proves that no byte left. A timeout proves nothing."""
    return isinstance(error, gaierror | SSLCertVerificationError) or getattr(error, "errno", None) in _NEVER_LEFT


class Want(StrEnum):
    """A worker wants its next lease to hold new events or resends."""

    NEW = "new"
    RESENDS = "resends"


class LeasePolicy(Protocol):
    """Decides what to lease. Moments are seconds since the test's start.

    `reports_before_resends`: the first resend waits until every original has been reported.
    """

    reports_before_resends: bool

    def want(self, at_s: float) -> Want:
        """Chooses what to lease now."""

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


logger = logging.getLogger(__name__)

LEAST, MOST = 10, 500
"""Deliveries in one lease."""
AHEAD_S = 0.2
"""Seconds of work that one lease brings. The buffer asks for the next lease when it holds less than half of that."""
FINISH_S = 2.0
"""Seconds in which senders may take what waits when the test is about to stop."""
REPORT_S = 0.2
_LOOK_S = 0.005
_RETRY_S = 0.3
_LAST_TRIES = 10


class LeaseSource(Protocol):
    """Where leases come from: a `Simulator`, or a stand-in."""

    def lease(self, mix: Mapping[str, float], *, count: int, ttl_s: float) -> list[LeasedDelivery]:
        """Deliveries of new events."""

    def lease_resends(self, *, count: int, ttl_s: float) -> list[LeasedDelivery]:
        """Resends of failed events."""

    def report_lease(self, lease_id: str, reports: list[DeliveryReport]) -> bool:
        """How deliveries of one lease ended; False when the lease had run out."""


class LeaseBuffer:
    """Supplies the senders of this process with deliveries.

    Args:
        source: where leases come from.
        policy: decides what to lease next.
        mix: event types and their weights.
        ttl_s: seconds after which a lease runs out.
        answer_s: seconds that one delivery may take.
        elapsed_s: gives the seconds since the test's start.
        fetchers: how many calls for leases may be in flight at once.
    """

    def __init__(
        self,
        source: LeaseSource,
        policy: LeasePolicy,
        *,
        mix: Mapping[str, float],
        ttl_s: float,
        answer_s: float,
        elapsed_s: Callable[[], float],
        fetchers: int = 2,
    ) -> None:
        self._source = source
        self._policy = policy
        self._mix = mix
        self._ttl_s = ttl_s
        self._answer_s = answer_s
        self._elapsed_s = elapsed_s
        self._waiting: queue.SimpleQueue[LeasedDelivery] = queue.SimpleQueue()
        self._reports: list[DeliveryReport] = []
        self._requested = 0
        self._unreported = 0
        self._last_want = Want.NEW
        self._taken = 0
        self._per_s = 0.0
        self._measured = (stopwatch(), 0)
        self._stopped = threading.Event()
        jobs = [self._fetch_all] * fetchers + [self._report_all]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        self.late: dict[str, LeasedDelivery] = {}
        """Deliveries that were reported as unknown, by event: each is sent together with its resend."""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def take(self, timeout_s: float = 1.0) -> LeasedDelivery | None:
        """The next delivery to send; None when there is none yet."""
        try:
            delivery = self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None
        self._taken += 1
        if stopwatch() + self._answer_s < delivery.until:
            return delivery
        self.report(DeliveryReport(delivery, Outcome.NOT_SENT))
        return None

    def report(self, report: DeliveryReport) -> None:
        """Take in how a delivery ended; the next batch carries it to the log."""
        self._reports.append(report)

    def finish(self) -> None:
        """Stop leasing, and give the senders a moment to take what waits."""
        self._stopped.set()
        began = stopwatch()
        while not self._waiting.empty() and stopwatch() - began < FINISH_S:
            threading.Event().wait(_LOOK_S)

    def close(self) -> None:
        """Stop leasing, and report everything: what no sender took was not sent. Senders must have ended."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        while not self._waiting.empty():
            self.report(DeliveryReport(self._waiting.get(), Outcome.NOT_SENT))
        for _ in range(_LAST_TRIES):  # not `client.errors`: a try calls for each lease that is left
            if self._send_reports():
                return
            threading.Event().wait(_RETRY_S)
        logger.error("%d outcomes could not be reported: their leases will run out", len(self._reports))

    def _fetch_all(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(self._fetch_next())

    def _fetch_next(self) -> float:
        """Fetch one lease if it is time to; gives the seconds to wait before the next look."""
        # what the senders take in `AHEAD_S` at the present rate
        now, (then, before) = stopwatch(), self._measured
        if now - then >= 2 * AHEAD_S:
            self._per_s = (self._taken - before) / (now - then)
            self._measured = (now, self._taken)
        size = max(LEAST, min(MOST, round(self._per_s * AHEAD_S)))
        if self._waiting.qsize() + self._requested > size // 2:
            return _LOOK_S
        want = self._policy.want(self._elapsed_s())
        if self._must_wait(want):
            return _LOOK_S
        try:
            count = self._fetch(want, size)
        except CallError as error:
            logger.warning("no lease: %s", error)
            return _RETRY_S
        self._policy.got(self._elapsed_s(), want, count)
        return 0.0 if count else _LOOK_S

    def _must_wait(self, want: Want) -> bool:
        """Between the last new event and the first resend, until every delivery that is out has been reported."""
        begins_resends = want is Want.RESENDS and self._last_want is Want.NEW
        if begins_resends and self._policy.reports_before_resends and self._unreported:
            return True
        self._last_want = want
        return False

    def _fetch(self, want: Want, size: int) -> int:
        self._requested += size
        try:
            if want is Want.RESENDS:
                deliveries = self._source.lease_resends(count=size, ttl_s=self._ttl_s)
            else:
                deliveries = self._source.lease(self._mix, count=size, ttl_s=self._ttl_s)
        finally:
            self._requested -= size
        self._unreported += len(deliveries)
        for delivery in deliveries:
            self._waiting.put(delivery)
        return len(deliveries)

    def _report_all(self) -> None:
        while not self._stopped.wait(REPORT_S):
            self._send_reports()

    def _send_reports(self) -> bool:
        """Send every report that is there; False when some could not be sent yet."""
        reports, self._reports = self._reports, []
        for lease_id, of_lease in by_lease(reports).items():
            try:
                if not self._source.report_lease(lease_id, of_lease):
                    logger.warning("lease %s ran out: %d deliveries are logged as unknown", lease_id, len(of_lease))
            except CallError as error:  # it may have arrived: the simulator ignores a second report of the same
                logger.warning("no report: %s", error)
                self._reports += of_lease
                continue
            self._unreported -= len(of_lease)
        return not self._reports
