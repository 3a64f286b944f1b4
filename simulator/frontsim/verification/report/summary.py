"""A run's result as plain lines, for a tired person: what broke, what was expected, what was seen, what to do."""

from collections.abc import Iterator

from frontsim.verification.facts.classes import MEANING, USUAL_CAUSE
from frontsim.verification.judge.checks import Finding, Verdict
from frontsim.verification.report.story import story
from frontsim.verification.session import Played, Report

_FINDINGS = 3
"""Findings of a scenario that are told in full; the others are counted."""


def found_in(played: Played) -> str:
    """How many events of each class were found wrong: `3 duplicated, 1 lost`."""
    classes = [str(finding.class_) for finding in played.judgement.findings]
    return ", ".join(f"{classes.count(each)} {each}" for each in dict.fromkeys(classes))


def lines(report: Report) -> Iterator[str]:
    """The whole summary: violations first, then what stays unknown, what was skipped, and the verdict last."""
    for played in report.played:
        if played.judgement.findings:
            yield from _violation(played, report)
    yield from _told(report, Verdict.UNKNOWN, "Unknown")
    yield from _told(report, Verdict.SKIPPED, "Skipped")
    notes = [f"  {played.scenario.name}: {note}" for played in report.played for note in played.judgement.notes]
    if notes:
        yield from ("Notes", *notes, "")
    yield conclusion(report)


def conclusion(report: Report) -> str:
    """The verdict in a sentence."""
    number = len(report.played)
    count = {verdict: sum(each.judgement.verdict is verdict for each in report.played) for verdict in Verdict}
    told = ", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict if count[verdict])
    cut = " (interrupted: the others were not played)" if report.interrupted else ""
    counted = f"{number} scenario{'' if number == 1 else 's'}: {told or 'none'}"
    return f"{str(report.verdict).upper()}: {report.receiver}: {counted}; seed {report.seed}{cut}"


def _violation(played: Played, report: Report) -> Iterator[str]:
    findings = played.judgement.findings
    yield f"✗ {played.scenario.name}: {found_in(played)}"
    yield f"  What broke:  {played.scenario.breaks}"
    yield f"  Expected:    {played.scenario.holds}"
    first = _one_of_each(findings)
    for finding in first:
        clause = next(clause for clause in report.contract if clause.id == finding.clause)
        yield f"  Seen:        {finding.class_}: {MEANING[finding.class_]} ({finding.event} {finding.webhook_event_id})"
        yield f"               {finding.detail}"
        effects = played.judgement.effects.get(finding.webhook_event_id)
        for line in story(played.history, finding.webhook_event_id, effects):
            yield f"               | {line}"
        yield f"  Breaks:      {clause.id}: {clause.sentence}"
        yield f"  Why it matters: {clause.reason}"
        yield f"  Usual cause: {USUAL_CAUSE[finding.class_]}"
    if len(findings) > len(first):
        yield f"  ... and {len(findings) - len(first)} more like these"
    if played.judgement.reason:
        yield f"  Not judged:  {played.judgement.reason}"
    yield f"  Again:       {report.replay(played.scenario.name)}"
    yield ""


def _one_of_each(findings: tuple[Finding, ...]) -> list[Finding]:
    kinds: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kinds.setdefault((finding.class_, finding.clause), finding)
    return list(kinds.values())[:_FINDINGS]


def _told(report: Report, verdict: Verdict, title: str) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for played in report.played:
        if played.judgement.verdict is verdict:
            reasons.setdefault(played.judgement.reason, []).append(played.scenario.name)
    if not reasons:
        return
    yield title
    for reason, names in reasons.items():
        yield f"  {', '.join(names)}: {reason}"
    yield ""
