"""The end of a load test: last resends, clean events, the record.

leases end -> liveness -> list -> resend until nothing is left -> read the log -> effects settle -> history

Whatever stops it is recorded as trouble: the verdict is then *unknown*, and accuses no receiver.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from time import sleep

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.reconcile import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.client.vendor import read_log
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import FrontsimError
from frontsim.load.options import Load
from frontsim.load.setup import MASTER_TTL_S, LoadSetup
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import ContentCheck, EventFact, FaultFact, History, Observation
from frontsim.verification.patience import Patience
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log import Condition, outcome_of, read_webhook_facts
from frontsim.verification.play.preflight import CleanEvent, Preflight, PreflightResult
from frontsim.verification.play.runner import Recording
from frontsim.wording import counted

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
        may_wait=lambda stalled_s: stalled_s < setup.limits.last_s,
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
        longest_s=setup.limits.last_s,
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

    def facts(self, sent: CleanEvent) -> Sequence[EventFact]:
        setup, webhook_id, entity = self._setup, self._webhooks[sent.webhook_event_id], None
        if setup.load.options.observe_key == BUSINESS:
            payload = setup.load.shape.as_sent(
                setup.api.get_event(webhook_id, sent.webhook_event_id).payload,
                event=sent.event,
                webhook_id=webhook_id,
                webhook_event_id=sent.webhook_event_id,
            )
            entity = setup.selection.entity(sent.event, payload)
        return [EventFact(webhook_id, sent.webhook_event_id, sent.event, (), entity=entity)]


_DRAIN_MARGIN_S = 5.0


def record(setup: LoadSetup, preflight: PreflightResult, *, duration_s: float) -> Recording:
    """Bring the run to its end, and record all that happened.

    Args:
        setup: of the run.
        preflight: what came of the preflight.
        duration_s: how long the load lasted.
    """
    history = History(
        scenario=setup.load.plan.name,
        observer=setup.effects.name if setup.effects else "",
        observer_key=setup.load.options.observe_key,
        check_content=ContentCheck.KNOWN if setup.load.options.check_content else ContentCheck.OFF,
        preflight=(preflight.check,),
        duration_s=duration_s,
    )
    if preflight.check.failure:
        return Recording(history)
    try:
        history = replace(history, faults=windows(setup.load, duration_s=duration_s, ended_ms=setup.now_ms()))
        return _observed(setup, _ended(setup, history), preflight.webhook_event_id)
    except FrontsimError as error:
        return Recording(replace(history, trouble=str(error)))


def windows(load: Load, *, duration_s: float, ended_ms: int) -> tuple[FaultFact, ...]:
    """When the load test broke something, in ms from the beginning of the history.

    Args:
        load: says what is broken, and when in the load.
        duration_s: how long the load lasted.
        ended_ms: when it ended.
    """
    began_ms = max(0, ended_ms - round(duration_s * 1000))
    found = []
    if load.plan.has_outage:
        from_ms, to_ms = (began_ms + round(at_s * 1000) for at_s in (load.outage.from_s, load.outage.to_s))
        if from_ms < min(to_ms, ended_ms):
            found.append(FaultFact(load.plan.name, from_ms, min(to_ms, ended_ms)))
    if load.plan.is_polled or load.shares.total:
        shares = asdict(load.shares).items()
        detail = " ".join(f"{name}={share:g}" for name, share in shares if share)
        found.append(FaultFact("chance" if load.plan.has_outage else load.plan.name, began_ms, ended_ms, detail))
    return tuple(found)


def faulted_until(breaks_until_ms: int) -> Condition:
    """Holds for runs that the load test may have made fail: unanswered, and begun while something was broken."""
    return lambda outcome, at_ms: outcome is not Outcome.ANSWERED and at_ms < breaks_until_ms


def open_deliveries(events: Sequence[EventFact], *, drained: bool) -> str:
    """Why the log proves nothing yet, "" when every delivery in it has ended."""
    without_end = sum(not event.runs for event in events)
    if without_end:
        return f"expected every delivery to have ended in the log, got {counted(without_end, 'event')} without an end"
    return "" if drained else "deliveries were still in flight at the end"


def _ended(setup: LoadSetup, history: History) -> History:
    """Wait for what is in flight, check that the receiver lives, resend what failed, and read the log."""
    longest_s = setup.load.ttl_s + _DRAIN_MARGIN_S
    logger.info("the end: waiting for outstanding deliveries (at most %g s)", longest_s)
    drained = setup.simulator.drain(longest_s)
    breaks_until_ms = setup.now_ms() if setup.load.breaks else 0
    began_s = stopwatch()
    liveness = preflight_of(setup).check_liveness(
        is_late=lambda: stopwatch() - began_s >= setup.load.options.end_timeout
    )
    is_unfinished = False if liveness.failure else resend_failed(setup)
    drained = setup.simulator.drain(_DRAIN_MARGIN_S) and drained
    events = tuple(_events(setup, is_faulted=faulted_until(breaks_until_ms)))
    return replace(
        history,
        events=events,
        liveness=liveness,
        unfinished=is_unfinished,
        trouble=open_deliveries(events, drained=drained),
    )


def _observed(setup: LoadSetup, history: History, preflight_event_id: str) -> Recording:
    """Wait until the effects have settled."""
    if history.trouble or setup.effects is None:
        return Recording(history)
    logger.info("the end: %d events; waiting until the effects have settled", len(history.events))
    settled = setup.effects.wait_until_settled(history, setup.wait_limits)
    if settled.failure:
        return Recording(replace(history, observer_failure=settled.failure))
    if setup.state is not None and settled.is_quiet:
        history = replace(history, state=setup.state.wait(history, setup.wait_limits))
    last_look = LastLook(
        setup.effects,
        settled,
        levels=setup.state,
        patience=Patience(setup.limits),
        preflight_event_id=preflight_event_id,
    )
    final = Observation(setup.now_ms(), settled.effects)
    return Recording(replace(history, final=final, settled=settled.is_quiet), last_look)


def _events(setup: LoadSetup, *, is_faulted: Condition) -> Iterator[EventFact]:
    """All events since the start, with payloads only where the verdict needs them. Raises CallError."""
    options = setup.load.options
    return read_webhook_facts(
        setup.api,
        setup.webhooks,
        epoch=setup.epoch,
        is_faulted=is_faulted,
        entity_of=setup.selection.entity if options.observe_key == BUSINESS else None,
        keeps_payloads=options.check_content or setup.state is not None,
        shape=setup.load.shape,
    )
