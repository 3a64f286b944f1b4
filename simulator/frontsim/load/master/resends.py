"""The last list -> resend job of a load test: Locust's master leases the resends and sends them."""

import logging
from collections.abc import Sequence
from time import sleep

from frontsim.client.log_reader import read_log
from frontsim.client.resend_job import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.clock import stopwatch
from frontsim.load.master.setup import MASTER_TTL_S, MISSING_S, LoadSetup

logger = logging.getLogger(__name__)

RESENDS_PER_ROUND = 2000


def resend_failed(setup: LoadSetup) -> bool:
    """Resend until no event is failed, nothing moves, or --end-timeout is over. Raises CallError.

    Returns:
        Whether time was over while the job still made progress.
    """
    began_s = stopwatch()
    limits = JobLimits(
        is_late=lambda: stopwatch() - began_s >= setup.load.options.end_timeout,
        may_wait=lambda stalled_s: stalled_s < MISSING_S,
        pause=sleep,
    )
    return run_resend_job(LeasedResends(setup), limits)


class LeasedResends:
    """The failed events, by the log. A round resends the oldest of them."""

    def __init__(self, setup: LoadSetup) -> None:
        self._setup = setup
        self._resent = 0

    def due(self) -> Due[EventAddress]:
        entries = list(read_log(self._setup.api, self._setup.webhooks, since=self._setup.epoch, success=False))
        events = frozenset((entry.webhook_id, entry.webhook_event_id) for entry in entries)
        return Due(sorted(events), events, is_refused_for_good([entry.status_code for entry in entries]))

    def resend(self, events: Sequence[EventAddress]) -> None:  # noqa: ARG002 - a lease cannot name events
        deliveries = self._setup.simulator.lease_resends(count=RESENDS_PER_ROUND, ttl_s=MASTER_TTL_S)
        self._resent += len(self._setup.deliver(deliveries))
        logger.info("the end: %d resent", self._resent)
