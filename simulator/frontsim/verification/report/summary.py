"""A run's result as plain lines: the causes, then the scenarios that failed, then the rest in few words.

The first scenario that shows a cause stands in full, as its example. Other scenarios that it explains take two lines.
"""

from collections import Counter
from collections.abc import Iterator
from math import ceil

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import MEANING
from frontsim.verification.judge.checks import Finding
from frontsim.verification.played import Played, Report
from frontsim.verification.report.causes import Cause, cause_of, causes, headline
from frontsim.verification.report.compared import listings
from frontsim.verification.report.exchange import shown_exchange
from frontsim.verification.report.story import story


def found_in(played: Played) -> str:
    """How many events of each class were found wrong: `3 duplicated, 1 lost`."""
    classes = [str(finding.class_) for finding in played.judgement.findings]
    return ", ".join(f"{classes.count(each)} {each}" for each in dict.fromkeys(classes))


def lines(report: Report) -> Iterator[str]:
    """The whole summary: the causes first, the receiver's key and the verdict last."""
    found = causes(report)
    yield from _causes(found)
    shown: set[Cause] = set()
    for played in report.played:
        if played.judgement.findings:
            yield from _violation(played, report, found, shown)
    yield from _reasons(report, Verdict.UNKNOWN, "Unknown")
    yield from _reasons(report, Verdict.SKIPPED, "Skipped")
    for each in listings(report):
        yield from (each.title, *(f"  {line}" for line in each.lines), "")
    notes = [f"  {played.scenario.name}: {note}" for played in report.played for note in played.judgement.notes]
    if notes:
        yield from ("Notes", *notes, "")
    if report.keys:
        yield f"Key: {report.keys}"
    yield conclusion(report)


def conclusion(report: Report) -> str:
    """The verdict in a sentence."""
    cut = " (interrupted: the others were not played)" if report.interrupted else ""
    ends = f"{counted(report)}{_left_out(report)}; seed {report.seed}{cut}"
    return f"{str(report.verdict).upper()}: {report.receiver}: {ends}"


def _left_out(report: Report) -> str:
    number = len(report.left_out)
    return f"; {number} type{'' if number == 1 else 's'} left out" if number else ""


def counted(report: Report) -> str:
    """How many scenarios ended how: `23 scenarios: 16 verified, 3 skipped, 4 not played (why)`."""
    number = len(report.played)
    tried = [each.judgement.verdict for each in report.played if each.not_played is None]
    ends = [f"{tried.count(verdict)} {verdict}" for verdict in Verdict if verdict in tried]
    return f"{number} scenario{'' if number == 1 else 's'}: {', '.join([*ends, *not_played(report)]) or 'none'}"


def not_played(report: Report) -> Iterator[str]:
    """How many scenarios were not played that could have been, for each reason, and what to do about it."""
    found = Counter(each.not_played for each in report.played if each.not_played)
    for reason, number in found.items():
        hint = f"; --budget {_ample_s(report, reason.budget_s)} should play them" if reason.budget_s else ""
        yield f"{number} not played ({reason.reason}{hint})"


def _ample_s(report: Report, budget_s: float) -> int:
    """A budget for all scenarios if the others take as long as those that were played, and at least twice as long."""
    left = sum(each.not_played is not None for each in report.played)
    played = sum(each.not_played is None and each.judgement.verdict is not Verdict.SKIPPED for each in report.played)
    return 10 * ceil(budget_s / 10 * max(2, 1 + left / max(1, played)))


def _causes(found: tuple[Cause, ...]) -> Iterator[str]:
    if len(found) > 1:
        yield headline(found)
        yield ""
    for cause in found:
        yield cause.sentence
        yield f"  What is owed:   {cause.clause.sentence}"
        yield f"  Why it matters: {cause.clause.reason}"
        yield f"  Usual cause:    {cause.explanation}"
        yield ""


def _violation(played: Played, report: Report, found: tuple[Cause, ...], shown: set[Cause]) -> Iterator[str]:
    """A scenario's findings: an example of each cause that has none yet, and adds those causes to `shown`."""
    examples: dict[Cause, Finding] = {}
    for finding in played.judgement.findings:
        examples.setdefault(cause_of(played, finding, found), finding)
    fresh = {cause: finding for cause, finding in examples.items() if cause not in shown}
    shown.update(fresh)
    same = "" if fresh else " (the same cause)"
    yield f"✗ {played.scenario.name}: {found_in(played)}{same}"
    if fresh:
        yield f"  What broke:  {played.scenario.breaks}"
        yield f"  Expected:    {played.scenario.holds}"
    for finding in fresh.values():
        yield from _example(finding, played)
    if played.judgement.reason:
        yield f"  Not judged:  {played.judgement.reason}"
    yield f"  Again:       {report.replay(played.scenario.name)}"
    yield ""


def _example(finding: Finding, played: Played) -> Iterator[str]:
    yield f"  Seen:        {finding.class_}: {MEANING[finding.class_]} ({finding.event} {finding.webhook_event_id})"
    yield f"               {finding.detail}"
    effects = played.judgement.effects.get(finding.webhook_event_id)
    for line in (*story(played.history, finding.webhook_event_id, effects), *shown_exchange(finding, played)):
        yield f"               | {line}"
    yield f"  Breaks:      {finding.clause}"


def _reasons(report: Report, verdict: Verdict, title: str) -> Iterator[str]:
    """The scenarios that ended so, by their reason."""
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
