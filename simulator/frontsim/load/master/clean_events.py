"""Clean events that Locust's master sends itself, on the path that the load takes: before the load and after it."""

from collections.abc import Sequence
from time import sleep

from frontsim.client.errors import UnexpectedAnswer
from frontsim.clock import stopwatch
from frontsim.load.master.setup import MASTER_TTL_S, MISSING_S, LoadSetup
from frontsim.verification.facts.correlate import BUSINESS
from frontsim.verification.facts.history import EventFact
from frontsim.verification.play.log.log_facts import outcome_of
from frontsim.verification.play.probes.preflight import CleanEvent, Preflight


def preflight_of(setup: LoadSetup) -> Preflight:
    """The checks of a load test, with clean events of the mix's first type."""
    options = setup.load.options
    return Preflight(
        sender=LeasedCleanEvents(setup, next(iter(setup.load.mix))),
        effects=setup.effects,
        receiver=options.receiver,
        pause=sleep,
        answer_s=options.answer_timeout,
        missing_s=setup.wait_limits.missing_s,
        longest_s=MISSING_S,
    )


class LeasedCleanEvents:
    """Leases events of one type, and sends them.

    A lease cannot name an event, so `resend` sends a new one. The list -> resend job at the end takes the failed one.
    """

    def __init__(self, setup: LoadSetup, event: str) -> None:
        self._setup = setup
        self._event = event
        self._webhooks: dict[str, str] = {}

    def send(self, number: int) -> Sequence[CleanEvent]:
        return [self._send() for _ in range(number)]

    def _send(self) -> CleanEvent:
        sent_s = stopwatch()
        reports = self._setup.deliver(self._setup.simulator.lease({self._event: 1}, count=1, ttl_s=MASTER_TTL_S))
        if not reports:
            raise UnexpectedAnswer("POST /_sim/leases", expected=f"a delivery of {self._event}", got="none")
        sent = next((report for report in reports if report.acknowledged), reports[0]).delivery
        self._webhooks[sent.webhook_event_id] = sent.webhook_id
        entry = self._setup.api.get_event(sent.webhook_id, sent.webhook_event_id)
        return CleanEvent(
            sent.webhook_event_id, sent.event, sent_s, outcome_of(entry), entry.status_code, entry.outcome
        )

    def resend(self, sent: CleanEvent) -> CleanEvent:  # noqa: ARG002 - the class says why
        return self._send()

    def fact(self, sent: CleanEvent) -> EventFact:
        setup, webhook_id, entity = self._setup, self._webhooks[sent.webhook_event_id], None
        if setup.load.options.observe_key == BUSINESS:
            payload = setup.load.shape.as_sent(
                setup.api.get_event(webhook_id, sent.webhook_event_id).payload,
                event=sent.event,
                webhook_id=webhook_id,
                webhook_event_id=sent.webhook_event_id,
            )
            entity = setup.selection.entity(sent.event, payload)
        return EventFact(webhook_id, sent.webhook_event_id, sent.event, (), entity=entity)
