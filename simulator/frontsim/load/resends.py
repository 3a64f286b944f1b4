"""The last list -> resend job of a load test: Locust's master leases the resends and sends them."""

import logging
from collections.abc import Sequence
from time import sleep

from frontsim.clock import stopwatch
from frontsim.load.setup import MASTER_TTL_S, MISSING_S, LoadSetup
from frontsim.verification.play.harness import EVER
from frontsim.verification.play.resend_job import EventAddress, Owed, is_refused_for_good, run_resend_job

logger = logging.getLogger(__name__)

RESENDS_PER_ROUND = 2000


def resend_failed(setup: LoadSetup) -> bool:
    """Resend until no event is failed, nothing moves, or --end-timeout is over. Raises CallError.

    Returns:
        Whether time was over while the job still made progress.
    """
    began_s = stopwatch()
    return run_resend_job(
        LeasedResends(setup),
        pause=sleep,
        is_late=lambda: stopwatch() - began_s >= setup.load.options.end_timeout,
        may_wait=lambda stalled_s: stalled_s < MISSING_S,
    )


class LeasedResends:
    """The failed events, by the log. A round resends the oldest of them."""

    def __init__(self, setup: LoadSetup) -> None:
        self._setup = setup
        self._resent = 0

    def owed(self) -> Owed:
        entries = [
            entry
            for webhook_id in self._setup.webhooks
            for entry in self._setup.api.list_events(webhook_id, from_=self._setup.epoch, to=EVER[1], success=False)
        ]
        events = frozenset((entry.webhook_id, entry.webhook_event_id) for entry in entries)
        return Owed(events, is_refused_for_good([entry.status_code for entry in entries]))

    def resend(self, events: Sequence[EventAddress]) -> None:  # noqa: ARG002 - a lease cannot name events
        deliveries = self._setup.simulator.lease_resends(count=RESENDS_PER_ROUND, ttl_s=MASTER_TTL_S)
        self._resent += len(self._setup.deliver(deliveries))
        logger.info("the end: %d resent", self._resent)
