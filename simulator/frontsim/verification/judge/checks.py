"""The checker: a pure function of one scenario's history; clauses put to the test, counts, notes.

history -> correlate -> rules, which accuse events -> findings, each against a clause -> verdict

It keeps these promises. A check that could not run never counts as passed: without an observer nothing is said about
effects, and the verdict is *unknown* at best. What cannot be seen accuses no receiver: an observer that died, a
preflight check that failed, or effects that still change make the scenario *unknown*; of those, a duplicate stands only
in effects that still change, because more time cannot undo it. A missing effect accuses no receiver where a doubt is
cast on it: by an observer that shows less than before, or a wait that was cut short. Everything else stands then too.

A scenario in which no event arrives twice says nothing about `books-a-repeat-once`. So a clause that is not broken has
either held or was not exercised, and only the first is a pass.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from frontsim import bundled
from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import NOTE, Clause, Contract, Verdict, read
from frontsim.verification.compare.contents import were_compared
from frontsim.verification.compare.wrong_state import check_state, checks
from frontsim.verification.effects.classes import GOOD, UNSEEN, Class, Classified, SeenOrders, class_by_effects
from frontsim.verification.effects.correlate import BUSINESS, Correlation, EventGroup, correlate
from frontsim.verification.effects.history import EventFact, Expect, History
from frontsim.verification.judge.rules import Evidence, Opinion, missing_event_id, opinion_on
from frontsim.wording import counted


def classes_of(
    history: History, correlation: Correlation, accused: Sequence[Classified], *, replaced: AbstractSet[str]
) -> dict[str, Class]:
    """The class of each event that was judged, by its webhookEventId: its first accusation, or how it ended well.

    `replaced`: the events in whose place a newer state is shown.
    """
    classes: dict[str, Class] = {}
    if history.final is not None and not history.why_not_judged:
        for group in correlation.groups:
            for event in group.events:
                found = class_by_effects(event, effects=len(group.effects), least=group.least, most=group.most)
                is_well = Class.OK if event.webhook_event_id in replaced else Class.UNSETTLED
                classes[event.webhook_event_id] = found.class_ if found.class_ in GOOD else is_well
    for each in reversed(accused):
        classes[each.event.webhook_event_id] = each.class_
    return classes


def counts_of(history: History, correlation: Correlation, classes: Mapping[str, Class]) -> dict[str, int]:
    """How many events, acknowledged events, resends, effects (where they were seen) and events of each class."""
    counts = {
        "events": len(history.events),
        "acknowledged": sum(event.acknowledged for event in history.events),
        "resent": sum(max(0, len(event.runs) - 1) for event in history.events),
    }
    if history.final is not None:
        counts["effects"] = sum(len(group.effects) for group in correlation.groups)
    return counts | _numbers(classes)


def _numbers(classes: Mapping[str, Class]) -> dict[str, int]:
    return {str(class_): number for class_, number in sorted(Counter(classes.values()).items())}


_NO_KEY = "send Ocp-Apim-Subscription-Key with each call, because the vendor answers 401 without it: {} sent none"
_DUPLICATE = "duplicate"
"""The fault that sends copies of one run."""


def sentences(
    history: History, correlation: Correlation, *, replaced: AbstractSet[str], orders: SeenOrders
) -> Sequence[str]:
    """The notes, one sentence each. `replaced`: the events in whose place a newer state is shown."""
    found = (
        _tries(history),
        _twins(correlation),
        _ambiguous(correlation),
        _replaced(correlation, replaced),
        _unseen_orders(orders),
        _no_identity(history),
        history.limit,
        *_unclear_state(history),
        history.volume,
        *map(_NO_KEY.format, history.keyless),
    )
    return list(filter(None, found))


def _unclear_state(history: History) -> list[str]:
    """Levels and customers that are not as expected, and that prove nothing."""
    levels, customers = checks(history)
    what = [
        *(("the levels", "stock item", number, reason) for reason, number in levels.unclear.items()),
        *(("the rows", "customer", number, reason) for reason, number in customers.unclear.items()),
    ]
    return [
        f"{rows} of {counted(number, thing)} differ from the events, but prove nothing: {reason}"
        for rows, thing, number, reason in what
    ]


def _tries(history: History) -> str:
    """How often a race was tried with each type, where a scenario is about nothing else: a rare one may need more."""
    if {fault.fault for fault in history.faults} != {_DUPLICATE}:
        return ""
    spans = [(fault.from_ms, fault.to_ms) for fault in history.faults]
    tries = Counter(
        event.event
        for event in history.events
        if any(begin <= run.at_ms <= end for run in event.runs for begin, end in spans)
    )
    types: dict[int, list[str]] = defaultdict(list)
    for event, number in sorted(tries.items()):
        types[number].append(event)
    chances = "; ".join(f"{number} of {', '.join(types[number])}" for number in sorted(types, reverse=True))
    return f"events that arrived as several copies at once, a chance for a race each: {chances}" if tries else ""


def _twins(correlation: Correlation) -> str:
    double = sum(len(group.effects) > 1 for group in correlation.groups if _is_twin(group))
    if not double:
        return ""
    return (
        f"two webhooks reported {counted(double, 'occurrence')}, and the receiver booked each once per webhook: "
        "two event ids, so no violation, but the business may see them twice"
    )


def _is_twin(group: EventGroup) -> bool:
    webhooks = {event.webhook_id for event in group.events}
    return len(webhooks) > 1 and len({event.entity for event in group.events}) == 1


def _ambiguous(correlation: Correlation) -> str:
    ambiguous = sum(group.ambiguous for group in correlation.groups)
    if not ambiguous:
        return ""
    entities = counted(ambiguous, "entity", "entities")
    return f"{entities} had several events that no effect tells apart: one effect or more is right"


def _replaced(correlation: Correlation, replaced: AbstractSet[str]) -> str:
    older = sum(
        event.acknowledged and event.webhook_event_id in replaced and not group.effects
        for group in correlation.groups
        for event in group.events
    )
    if not older:
        return ""
    return (
        f"{counted(older, 'older state has', 'older states have')} no effect: the effects keep one row for each "
        "customer, order or stock item, and the newest state is there; only a list that keeps each event shows whether "
        "an older one was booked"
    )


def _unseen_orders(orders: SeenOrders) -> str:
    """The types of which the order was not seen, beside others of which it was."""
    unseen = sorted(event for event, is_seen in orders.items() if not is_seen)
    if len(unseen) in (0, len(orders)):
        return ""
    return f"the order of {', '.join(unseen)} could not be seen: no effect shows which of two states counts"


def _no_identity(history: History) -> str:
    if history.observer_key != BUSINESS:
        return ""
    without = {event.event for event in history.events if event.entity is None}
    return f"not judged, because the catalogue knows no identity: {', '.join(sorted(without))}" if without else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a receiver must not do, and did. `event` is "" where it is about no single event."""

    class_: Class
    clause: str
    event: str
    webhook_event_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A scenario's verdict with all that led to it.

    Attributes:
        reason: why the verdict is *unknown* or *skipped*.
        notes: sentences that accuse no receiver.
        classes: each event that was judged, by its webhookEventId.
        effects: how many effects each event has.
        missing: the webhookEventIds of the events whose missing effect is the reason for an accusation.
        has_wrong_levels: a level or a customer that the receiver keeps is not right yet.
        items, customers: how many of each were compared with the events.
    """

    verdict: Verdict
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    classes: dict[str, Class] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    has_wrong_levels: bool = False
    items: int = 0
    customers: int = 0

    @property
    def may_change(self) -> bool:
        """A later look may show what is missing now."""
        return bool(self.missing) or self.has_wrong_levels


def judge(history: History, contract: Contract, *, doubt: str = "", change: str = "") -> Judgement:
    """The verdict on one scenario.

    Args:
        history: what happened.
        contract: the clauses that findings break.
        doubt: why an effect that is missing proves nothing, "" when it does.
        change: what still changed when the effects did not settle.
    """
    return judge_by(Evidence(history, correlate(history, history.final), doubt, change), contract)


def judge_by(evidence: Evidence, contract: Contract) -> Judgement:
    """As `judge`, by evidence that was worked out before."""
    reason = evidence.history.why_not_judged
    return _judgement(evidence, Opinion(unknown=reason) if reason else opinion_on(evidence), contract)


def without_guesses(judgement: Judgement, guesses: Mapping[str, str]) -> Judgement:
    """The judgement with warnings in place of refusals that depend on a guess: on which, by webhookEventId.

    A receiver that refuses what no source shows may never get it, so that alone is not a violation.
    """
    kept = tuple(
        each for each in judgement.findings if each.class_ is not Class.REJECTED or each.webhook_event_id not in guesses
    )
    warned = Counter(
        (each.event, each.detail.rpartition(", got ")[2], guesses[each.webhook_event_id])
        for each in judgement.findings
        if each not in kept
    )
    notes = [
        f"warning: {number} {event} answered {answer} at every try; {guess}; no source shows such a null, so this is "
        "no finding without --strict"
        for (event, answer, guess), number in warned.items()
    ]
    return replace(judgement, verdict=_verdict(kept, judgement.reason), findings=kept, notes=(*notes, *judgement.notes))


def without(judgement: Judgement, findings: Collection[Finding], *, unknown: str) -> Judgement:
    """The judgement without some findings; `unknown` says why they prove nothing, "" where they are no fault."""
    if not findings:
        return judgement
    kept = tuple(each for each in judgement.findings if each not in findings)
    left = {each.webhook_event_id for each in findings} - {each.webhook_event_id for each in kept}
    classes = {event_id: class_ for event_id, class_ in judgement.classes.items() if event_id not in left}
    counts = {name: number for name, number in judgement.counts.items() if name not in set(Class)}
    reason = judgement.reason or unknown
    return replace(
        judgement,
        verdict=_verdict(kept, reason),
        reason=reason,
        findings=kept,
        classes=classes,
        counts=counts | _numbers(classes),
    )


def _judgement(evidence: Evidence, opinion: Opinion, contract: Contract) -> Judgement:
    history, correlation = evidence.history, evidence.correlation
    levels, customers = checks(history)
    findings, notes = _findings(evidence, opinion, contract)
    unsettled = [each.reason for each in opinion.accused if each.class_ is Class.UNSETTLED]
    unknown = opinion.unknown or (unsettled[0] if unsettled else "")
    classes = classes_of(history, correlation, opinion.accused, replaced=evidence.replaced)
    return Judgement(
        verdict=_verdict(findings, unknown),
        reason=unknown,
        findings=tuple(findings),
        notes=(
            *sentences(history, correlation, replaced=evidence.replaced, orders=evidence.orders),
            *evidence.contents.notes,
            *notes,
        ),
        classes=classes,
        effects={event_id: len(effects) for event_id, effects in evidence.effects.items()} if history.final else {},
        counts=counts_of(history, correlation, classes),
        missing=frozenset(filter(None, map(missing_event_id, opinion.accused))),
        has_wrong_levels=opinion.has_wrong_levels,
        items=levels.checked,
        customers=customers.checked,
    )


def _verdict(findings: Sequence[Finding], unknown: str) -> Verdict:
    if findings:
        return Verdict.VIOLATED
    if not unknown:
        return Verdict.VERIFIED
    return Verdict.SKIPPED if unknown == UNSEEN else Verdict.UNKNOWN


def _findings(evidence: Evidence, opinion: Opinion, contract: Contract) -> tuple[list[Finding], list[str]]:
    """The findings, and what breaks only a clause that is a note."""
    findings, notes = [], []
    for each in _once_each(opinion.accused):
        clause = contract.broken_by(each.class_, evidence.history.scenario)
        finding = Finding(each.class_, clause.id, each.event.event, each.event.webhook_event_id, each.reason)
        if clause.severity == NOTE:
            notes.append(f"{finding.event} {finding.webhook_event_id}: {finding.class_}: {finding.detail}")
        else:
            findings.append(finding)
    return findings, notes


def _once_each(accused: Sequence[Classified]) -> list[Classified]:
    """Each event and class once, with the first reason."""
    unique: dict[tuple[str, Class], Classified] = {}
    for each in accused:
        unique.setdefault((each.event.webhook_event_id, each.class_), each)
    return list(unique.values())


def receiver_contract(file: Path | None = None) -> Contract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    wrong = [class_ for class_ in Class if class_ not in GOOD]
    return read(file or bundled.folder("contracts") / "receiver.toml", wrong, plays="scenarios")


"""The fault that sends copies of one run."""


def why_not_exercised(clause: Clause, history: History) -> str:
    """The reason in a sentence, "" when something happened that can break the clause."""
    if any(_TESTS[Class(class_)](history) for class_ in clause.classes):
        return ""
    wanting = " and ".join(dict.fromkeys(_WANTING[Class(class_)] for class_ in sorted(clause.classes)))
    return f"not exercised by {history.scenario}: {wanting}"


def _was_acknowledged(history: History) -> bool:
    return any(event.acknowledged for event in history.events)


def _was_resent_after_a_failure(history: History) -> bool:
    return any(
        run.trigger is Trigger.RESEND and not before.acknowledged
        for event in history.events
        for before, run in pairwise(event.runs)
    )


def _arrived_twice(history: History) -> bool:
    copies = any(fault.fault == _DUPLICATE for fault in history.faults)
    return copies or any(_arrivals(event) > 1 for event in history.events)


def _arrivals(event: EventFact) -> int:
    """How often it arrived, or may have."""
    return sum(run.outcome is not Outcome.NOT_SENT for run in event.runs)


def _arrived_broken(history: History) -> bool:
    return history.checkpoint is not None and any(event.expect is Expect.REFUSED for event in history.events)


def _has_states(history: History) -> bool:
    return any(event.series and event.rank for event in history.events)


def _state_was_read(history: History) -> bool:
    return check_state(history).checked > 0


def _was_tried_fairly(history: History) -> bool:
    return any(not run.faulted for event in history.events for run in event.runs)


def _was_asked_for_liveness(history: History) -> bool:
    return history.liveness is not None


def _was_echoed(history: History) -> bool:
    return any(event.is_echo for event in history.events)


def _was_observed(history: History) -> bool:
    return history.final is not None


_TESTS: Mapping[Class, Callable[[History], bool]] = {
    Class.LOST_AFTER_ACK: _was_acknowledged,
    Class.BURNED: _was_resent_after_a_failure,
    Class.LOST: _was_resent_after_a_failure,
    Class.DUPLICATED: _arrived_twice,
    Class.UNEXPECTED: _arrived_broken,
    Class.CORRUPT: were_compared,
    Class.STALE: _has_states,
    Class.WRONG_STATE: _state_was_read,
    Class.REJECTED: _was_tried_fairly,
    Class.CRASHED: _was_asked_for_liveness,
    Class.LOOPED: _was_echoed,
    Class.UNSETTLED: _was_observed,
}
"""For each class, whether a wrong receiver could have been found out."""

_WANTING: Mapping[Class, str] = {
    Class.LOST_AFTER_ACK: "no event was acknowledged",
    Class.BURNED: "no event was resent after a failure",
    Class.LOST: "no event was resent after a failure",
    Class.DUPLICATED: "no event arrived more than once",
    Class.UNEXPECTED: "no broken body arrived",
    Class.CORRUPT: "no effect carries a payload or a named column",
    Class.STALE: "no older state arrived after a newer one",
    Class.WRONG_STATE: "what the receiver derives from events was not read (--observe-state)",
    Class.REJECTED: "no event was sent without a fault",
    Class.CRASHED: "the receiver was not asked for a sign of life",
    Class.LOOPED: "no write of the receiver raised an event",
    Class.UNSETTLED: "no effects were observed",
}
