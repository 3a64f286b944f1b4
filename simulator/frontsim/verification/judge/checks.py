"""The checker: a pure function of one scenario's history, and of nothing else.

    history -> correlate -> rules, which accuse events -> findings, each against a clause -> verdict

It keeps these promises. A check that could not run never counts as passed: without an observer nothing is said about
effects, and the verdict is *unknown* at best. What cannot be seen accuses no receiver: an observer that died, a
preflight check that failed, or effects that still change make the scenario *unknown*; of those, a duplicate stands only
in effects that still change, because more time cannot undo it. A missing effect accuses no receiver where a doubt is
cast on it: by an observer that shows less than before, or a wait that was cut short. Everything else stands then too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from frontsim.clauses import NOTE, Contract
from frontsim.verdicts import Verdict
from frontsim.verification.facts import staleness
from frontsim.verification.facts.classes import Class, Classified
from frontsim.verification.facts.correlate import correlate
from frontsim.verification.facts.derived_state.wrong_state import checks
from frontsim.verification.facts.history import History
from frontsim.verification.judge.counts import classes_of, counts_of
from frontsim.verification.judge.notes import sentences
from frontsim.verification.judge.rules import Evidence, Opinion, missing_event_id, opinion_on


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
        """Whether a later look may show what is missing now."""
        return bool(self.missing) or self.has_wrong_levels


def judge(history: History, contract: Contract, *, doubt: str = "", change: str = "") -> Judgement:
    """The verdict on one scenario.

    Args:
        history: what happened.
        contract: the clauses that findings break.
        doubt: why an effect that is missing proves nothing, "" when it does.
        change: what still changed when the effects did not settle.
    """
    evidence = Evidence(history, correlate(history, history.final), doubt, change)
    reason = history.why_not_judged
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
    return Verdict.SKIPPED if unknown == staleness.UNSEEN else Verdict.UNKNOWN


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
