"""The checker: a pure function of one scenario's history, and of nothing else.

    history -> correlate -> class per event -> findings, each against a clause -> verdict

It keeps these rules. A check that could not run never counts as passed: without an observer nothing is said about
effects, and the verdict is *unknown* at best. Who cannot be seen is not accused: an observer that died, a control that
failed, or effects that still change make the scenario *unknown*; of those, only in effects that still change does a
duplicate stand, for more time cannot undo it. What is missing accuses nobody where an observer that shows less than
before, or a wait that was cut short, casts a doubt on it; everything else stands then too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from frontsim.verification.facts import content, staleness
from frontsim.verification.facts.classes import (
    GOOD,
    Class,
    Classified,
    class_by_answers,
    class_by_effects,
    class_without_effects,
)
from frontsim.verification.facts.correlate import Correlation, Group, correlate
from frontsim.verification.facts.history import EventFact, Expect, History
from frontsim.verification.judge.clauses import NOTE, Contract
from frontsim.verification.judge.counts import classes_of, counts_of
from frontsim.verification.judge.notes import sentences

ABSENT = frozenset({Class.LOST, Class.LOST_AFTER_ACK, Class.BURNED})
"""What an event is accused of because no effect of it was seen.

An older state is *stale* for the same reason where the newer one has no effect.
"""


class Verdict(StrEnum):
    """What is known after a scenario, or after all of them."""

    VERIFIED = "verified"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


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

    `reason` says why the verdict is *unknown* or *skipped*; `classes` has each event that was judged, by its
    webhookEventId; `missing` has the webhookEventIds of those events that somebody is accused for because no effect of
    them was seen; `notes` are sentences that accuse nobody.
    """

    verdict: Verdict
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    classes: dict[str, Class] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()


def judge(history: History, contract: Contract, *, doubt: str = "", change: str = "") -> Judgement:
    """The verdict on one scenario.

    `doubt` says why an effect that is missing proves nothing, "" when it does; `change` what had not settled.
    """
    correlation = correlate(history, history.final)
    notes = sentences(history, correlation)
    reason = history.why_not_judged
    if reason:
        return _judgement(history, contract, correlation, [], notes, unknown=reason)
    accused = _by_answers(history.events)
    unknown = ""
    if history.final is None:
        unknown = history.observer_failure or "no way to read effects was given, so nothing is known about them"
        accused += [found for event in history.events if (found := class_without_effects(event))]
    else:
        by_effects = _by_effects(history, correlation)
        replaced = staleness.replaced(history.events, _shares(correlation))
        unknown = staleness.REPLACED if any(_missing(each) in replaced for each in by_effects) else ""
        by_effects = [each for each in by_effects if _missing(each) not in replaced]
        if doubt and any(_missing(each) for each in by_effects):
            by_effects = [each for each in by_effects if not _missing(each)]
            unknown = doubt
        accused = _without_weaker(accused + by_effects)
        if not history.settled:
            accused = [_unsettled(each) for each in accused]
            unknown = f"the effects were still changing when time ran out{': ' if change else ''}{change}"
        unknown = unknown or _unseen_order(history, correlation)
    if history.unfinished:
        accused = [_unfinished(each) for each in accused]
    if history.liveness and history.liveness.failure:
        accused += _death(history)
    return _judgement(history, contract, correlation, accused, notes, unknown=unknown)


def overall(verdicts: Sequence[Verdict], *, strict: bool = False) -> Verdict:
    """The verdict on a receiver: one violation is enough, one gap leaves it unknown, and nothing at all proves nothing.

    `strict` makes a skipped scenario a gap.
    """
    judged = [Verdict.UNKNOWN if strict and each is Verdict.SKIPPED else each for each in verdicts]
    judged = [each for each in judged if each is not Verdict.SKIPPED]
    if Verdict.VIOLATED in judged:
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in judged or not judged else Verdict.VERIFIED


def _by_answers(events: Sequence[EventFact]) -> list[Classified]:
    found = [(event, class_by_answers(event)) for event in events]
    return [Classified(event, *bad) for event, bad in found if bad]


def _by_effects(history: History, correlation: Correlation) -> list[Classified]:
    accused = [each for group in correlation.groups for each in _of_group(group) if each.class_ not in GOOD]
    accused += _mangled_effects(history)
    old, _ = staleness.stale(history.events, _shares(correlation))
    stale_series = {each.event.series for each in old}
    accused = [each for each in accused if each.event.series not in stale_series or not each.event.series]
    return accused + old + [each for group in correlation.groups for each in _changed(group)]


def _of_group(group: Group) -> list[Classified]:
    """Each event's class; of siblings that lack an effect together, or have one too many, one stands for all."""
    classified = [
        class_by_effects(event, effects=len(group.effects), least=group.least, most=group.most)
        for event in group.events
    ]
    if len(group.effects) > group.most:
        return classified[:1]
    return classified


def _mangled_effects(history: History) -> list[Classified]:
    """Effects that were there while only a broken body had arrived."""
    mangled = [event for event in history.events if event.expect is Expect.REFUSED]
    if not mangled or history.checkpoint is None:
        return []
    early = {
        event.webhook_event_id: len(group.effects)
        for group in correlate(history, history.checkpoint).groups
        for event in group.events
        if group.effects and len(group.events) == 1
    }
    reason = "expected no effect before a whole body had arrived"
    return [
        Classified(event, Class.UNEXPECTED, f"{reason}, got {early[event.webhook_event_id]}")
        for event in mangled
        if event.webhook_event_id in early
    ]


def _changed(group: Group) -> list[Classified]:
    """Effects that carry the payload, and not as it was sent."""
    if len(group.events) != 1 or group.events[0].altered or group.events[0].payload is None:
        return []
    event = group.events[0]
    for effect in group.effects:
        kept = content.embedded_payload(effect.value)
        found = content.first_difference(event.payload, kept) if kept is not None else ""
        if found:
            return [Classified(event, Class.CORRUPT, found)]
    return []


def _without_weaker(accused: Sequence[Classified]) -> list[Classified]:
    """A broken body that was booked is *unexpected*; that it was also acknowledged is then no finding of its own."""
    booked = {each.event.webhook_event_id for each in accused if each.class_ is Class.UNEXPECTED}
    return [
        each
        for each in accused
        if each.event.webhook_event_id not in booked or each.class_ in (Class.UNEXPECTED, Class.DUPLICATED)
    ]


def _missing(each: Classified) -> str:
    """The event whose missing effect is the reason for an accusation, "" when that is none."""
    return each.event.webhook_event_id if each.class_ in ABSENT else each.without


def _unsettled(each: Classified) -> Classified:
    if each.class_ in (Class.DUPLICATED, Class.UNEXPECTED, Class.REJECTED, Class.CRASHED):
        return each
    return Classified(each.event, Class.UNSETTLED, f"{each.reason}, but the effects were still changing")


def _unfinished(each: Classified) -> Classified:
    """Who was still being taken from the list of failures when time was over is not refused for ever."""
    last = each.event.runs[-1] if each.event.runs else None
    if each.class_ not in (Class.REJECTED, Class.LOST) or last is None or last.acknowledged:
        return each
    reason = f"{each.reason}; others were still being taken when time was over (--timeout)"
    return Classified(each.event, Class.UNSETTLED, reason)


def _unseen_order(history: History, correlation: Correlation) -> str:
    _, seen = staleness.stale(history.events, _shares(correlation))
    return "" if seen else staleness.UNSEEN


def _shares(correlation: Correlation) -> staleness.Shares:
    return {event.webhook_event_id: group.effects for group in correlation.groups for event in group.events}


def _death(history: History) -> list[Classified]:
    last = max(history.events, key=lambda event: event.runs[-1].at_ms if event.runs else 0, default=None)
    if last is None or history.liveness is None:
        return []
    return [Classified(last, Class.CRASHED, f"{history.liveness.failure}; this was the last event before")]


def _judgement(
    history: History,
    contract: Contract,
    correlation: Correlation,
    accused: Sequence[Classified],
    notes: Sequence[str],
    *,
    unknown: str,
) -> Judgement:
    findings, told = [], list(notes)
    for each in _once_each(accused):
        clause = contract.broken_by(each.class_, history.scenario)
        finding = Finding(each.class_, clause.id, each.event.event, each.event.webhook_event_id, each.reason)
        if clause.severity == NOTE:
            told.append(f"{finding.event} {finding.webhook_event_id}: {finding.class_}: {finding.detail}")
        else:
            findings.append(finding)
    classes = classes_of(history, correlation, accused)
    unsettled = [each.reason for each in accused if each.class_ is Class.UNSETTLED]
    unknown = unknown or (unsettled[0] if unsettled else "")
    verdict = Verdict.VIOLATED if findings else Verdict.UNKNOWN if unknown else Verdict.VERIFIED
    if verdict is Verdict.UNKNOWN and unknown in staleness.NOT_SHOWN:
        verdict = Verdict.SKIPPED
    effects = {event.webhook_event_id: len(group.effects) for group in correlation.groups for event in group.events}
    return Judgement(
        verdict=verdict,
        reason=unknown,
        findings=tuple(findings),
        notes=tuple(told),
        classes=classes,
        effects=effects if history.final else {},
        counts=counts_of(history, correlation, classes),
        missing=frozenset(filter(None, map(_missing, accused))),
    )


def _once_each(accused: Sequence[Classified]) -> list[Classified]:
    """Each event and class once, with the first reason."""
    unique: dict[tuple[str, Class], Classified] = {}
    for each in accused:
        unique.setdefault((each.event.webhook_event_id, each.class_), each)
    return list(unique.values())
