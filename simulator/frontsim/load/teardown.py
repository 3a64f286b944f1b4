"""The end of a load test: last resends, clean events, the record, and the verdict with the highest rates.

leases end -> liveness -> list -> resend until nothing is left -> read the log -> effects settle -> history -> report

Whatever stops it is recorded as trouble: the verdict is then *unknown*, and accuses no receiver.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from time import sleep

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.http import read_log
from frontsim.client.reconcile import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import FrontsimError
from frontsim.load.options import Load
from frontsim.load.setup import MASTER_TTL_S, LoadSetup
from frontsim.masking import CommandLine, masked
from frontsim.report.as_json import as_data, document
from frontsim.report.exchange import Exchange
from frontsim.report.html import as_html
from frontsim.report.model import RunResult
from frontsim.report.text import lines
from frontsim.verdicts import EXIT_CODES, Contract, Verdict
from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import ContentCheck, EventFact, FaultFact, History, Observation, Run
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.patience import Patience
from frontsim.verification.play.log import Condition, ExchangeSource, outcome_of, read_exchanges, read_webhook_facts
from frontsim.verification.play.preflight import CleanEvent, Preflight, PreflightResult
from frontsim.verification.play.runner import LastLook, Recording
from frontsim.verification.played import Played, Report, accused_by, judge_recorded, weighed
from frontsim.verification.result import result_of, without_secrets
from frontsim.verification.scenario.scenario import Scenario
from frontsim.wording import counted

WINDOW_S = 3
"""A rate is the mean over this many seconds; a shorter window shows the batches of leases, not the receiver."""


def highest_rate(events: Sequence[EventFact], classes: Mapping[str, Class] | None) -> float:
    """Answered deliveries a second in the best window without an event of a bad class; 0 when there is no such window.

    With `classes` None every window counts. An event without a class was not judged, and is not bad. A run that is
    shorter than a window is one window.
    """
    answered: Counter[int] = Counter()
    bad: set[int] = set()
    for event in events:
        answered.update(_second(run) for run in event.runs if run.outcome is Outcome.ANSWERED)
        if classes is not None and classes.get(event.webhook_event_id, Class.OK) not in GOOD:
            bad.update(map(_second, event.runs))  # its unanswered runs too: the receiver may have booked them
    if not answered:
        return 0.0
    first, last = min(answered), max(answered)
    length = min(WINDOW_S, last - first + 1)
    windows = (range(start, start + length) for start in range(first, last - length + 2))
    clean = (window for window in windows if bad.isdisjoint(window))
    return max((sum(answered[second] for second in window) / length for window in clean), default=0.0)


def _second(run: Run) -> int:
    return run.at_ms // 1000


MOST_FINDINGS = 200
"""Findings that the report lists one by one; the counts include all of them."""
MOST_GOOD = 60
"""Events of each good class that the page lists."""
LOST = (Class.LOST, Class.LOST_AFTER_ACK, Class.BURNED)
_IN_ROWS_OF_THEIR_OWN = {*LOST, Class.DUPLICATED, Class.OK, Class.RECOVERED}


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A load test that has ended, and its verdict."""

    scenario: Scenario
    history: History
    judgement: Judgement
    contract: Contract
    receiver: str
    seed: int
    replay: CommandLine
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the receiver. A load test that could not be judged is unknown."""
        return Verdict.UNKNOWN if self.judgement.verdict is Verdict.SKIPPED else self.judgement.verdict

    @property
    def exit_code(self) -> int:
        """0 verified, 1 violated, 2 unknown."""
        return EXIT_CODES[self.verdict]

    @property
    def lost(self) -> int | None:
        """Events without an effect, whatever the reason; None without an observation."""
        return None if self.history.final is None else sum(self._count(each) for each in LOST)

    @property
    def duplicated(self) -> int | None:
        """Events with more than one effect; None without an observation."""
        return None if self.history.final is None else self._count(Class.DUPLICATED)

    @property
    def rate(self) -> float:
        """Deliveries a second in the best window of all."""
        return highest_rate(self.history.events, None)

    @property
    def clean_rate(self) -> float | None:
        """Deliveries a second in the best window without a lost or duplicated event; None without an observation."""
        return None if self.history.final is None else highest_rate(self.history.events, self.judgement.classes)

    def as_json(self) -> bytes:
        """The JSON of `frontsim verify`, with `rates`: deliveries a second."""
        data = as_data(self._as_verified())
        clean = self.clean_rate
        data["rates"] = {"highest": round(self.rate, 1), "highestClean": None if clean is None else round(clean, 1)}
        return document(data)

    def as_html(self) -> bytes:
        """The page of `frontsim verify`."""
        return as_html(self._as_verified()).encode()

    def table(self) -> Iterator[str]:
        """The lines of the table, then of the findings and the verdict."""
        counts = self.judgement.counts
        rows: dict[str, object] = {name: counts.get(name) for name in ("events", "acknowledged", "resent", "effects")}
        rows |= {"lost": self.lost, "duplicated": self.duplicated}
        rows |= {str(each): counts[each] for each in Class if counts.get(each) and each not in _IN_ROWS_OF_THEIR_OWN}
        rows |= {"highest rate": f"{self.rate:,.0f}/s", "highest clean rate": _per_s(self.clean_rate)}
        width = max(map(len, rows))
        for name, value in rows.items():
            text = "not observed" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
            yield f"{name:<{width}}  {text:>10}"
        yield ""
        *story, _ = lines(self._as_verified(most=len(self.judgement.findings)))
        yield from story
        load = f"{self.scenario.name}, {self.history.duration_s:.0f} s"
        yield f"{str(self.verdict).upper()}: {self.receiver}: {load}; seed {self.seed}"

    def _count(self, class_: Class) -> int:
        return self.judgement.counts.get(str(class_), 0)

    def _as_verified(self, most: int = MOST_FINDINGS) -> RunResult:
        """As the result of `frontsim verify`, with no more findings and events than a reader can take in."""
        findings = self.judgement.findings[:most]
        more = len(self.judgement.findings) - len(findings)
        notes = self.judgement.notes
        if more:
            notes = (*notes, f"{counted(more, 'more finding is', 'more findings are')} in the counts and not listed")
        judgement = replace(self.judgement, verdict=self.verdict, findings=findings, notes=notes)
        history = replace(self.history, events=self._shown())
        played = Played(self.scenario, history, judgement, self.exchanges)
        return result_of(Report(self.receiver, self.seed, [played], self.contract, replay=lambda _: self.replay))

    def _shown(self) -> tuple[EventFact, ...]:
        """The events of the first findings, and some without a finding."""
        found = {finding.webhook_event_id for finding in self.judgement.findings[:MOST_FINDINGS]}
        classes = self.judgement.classes
        events = self.history.events
        shown = [event for event in events if event.webhook_event_id in found]
        for class_ in GOOD:
            of_class = (event for event in events if classes.get(event.webhook_event_id) is class_)
            shown += islice(of_class, MOST_GOOD)
        return tuple(shown)


def report_on(
    recording: Recording,
    scenario: Scenario,
    contract: Contract,
    *,
    receiver: str,
    seed: int,
    replay: CommandLine,
    exchange_source: ExchangeSource | None = None,
) -> LoadReport:
    """Judge what was recorded. No form of the report holds a secret.

    Args:
        recording: of the load test.
        scenario: what the load test breaks, and what must hold.
        contract: the clauses.
        receiver: its URL.
        seed: of the payloads.
        replay: the command that repeats the load test.
        exchange_source: where the requests and answers of the findings are read; None: the report shows none.
    """
    history = recording.history
    judgement = judge_recorded(history, contract, recording.last_look, is_last=True)
    listed = judgement.findings[:MOST_FINDINGS]
    exchanges = read_exchanges(exchange_source, history, accused_by(listed)) if exchange_source else {}
    judgement = without_secrets(weighed(Played(scenario, history, judgement, exchanges)).judgement)
    return LoadReport(scenario, history, judgement, contract, masked(receiver), seed, replay, exchanges)


def _per_s(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:,.0f}/s"


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
