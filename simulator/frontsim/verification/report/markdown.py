"""A run's result as Markdown, for `$GITHUB_STEP_SUMMARY` and merge requests."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from frontsim.verdicts import Verdict
from frontsim.verification.played import Played, Report
from frontsim.verification.report.causes import Cause, cause_of, causes, headline
from frontsim.verification.report.compared import listings
from frontsim.verification.report.exchange import shown_exchange
from frontsim.verification.report.story import story
from frontsim.verification.report.summary import counted, found_in, not_played

SIGNS = {Verdict.VERIFIED: "✅", Verdict.VIOLATED: "❌", Verdict.UNKNOWN: "❔", Verdict.SKIPPED: "⏭️"}
_HEAD = ("| | Scenario | Events | Effects | Findings |", "|---|---|---:|---:|---|")


def as_markdown(report: Report) -> str:
    """The verdict, the causes with an example each, the scenarios that failed, and the others folded."""
    found = causes(report)
    failed = [played for played in report.played if played.judgement.findings]
    others = [played for played in report.played if not played.judgement.findings]
    lines = [
        f"## {SIGNS[report.verdict]} Receiver {report.verdict}",
        "",
        f"`{report.receiver}`, {_about(report)}",
        "",
        *([f"Key: {_cell(str(report.keys))}", ""] if report.keys else []),
    ]
    if len(found) > 1:
        lines += [f"**{headline(found)}**", ""]
    for cause in found:
        lines += _cause(cause, failed, report, found)
    if failed:
        lines += [line for each in not_played(report) for line in (f"{each}.", "")]
        lines += [*_HEAD, *map(_row, failed), "", *_not_judged(failed)]
    if others:
        lines += _folded(f"{len(others)} other scenarios" if failed else counted(report), [*_HEAD, *map(_row, others)])
    for each in listings(report):
        lines += _folded(escape(each.title), _fenced("text", each.lines))
    if failed:
        lines += _folded("Play them again", ["```sh", *(report.replay(each.scenario.name) for each in failed), "```"])
    return "\n".join(lines) + "\n"


def _about(report: Report) -> str:
    words = [
        f"frontsim {report.version}" if report.version else "",
        report.started_at,
        f"{report.duration_s:.0f} s" if report.duration_s else "",
        f"seed {report.seed}",
        "interrupted" if report.interrupted else "",
    ]
    return ", ".join(word for word in words if word)


def _cause(cause: Cause, failed: Sequence[Played], report: Report, found: tuple[Cause, ...]) -> Iterator[str]:
    """A cause with the first event that shows it."""
    played, finding = next(
        (played, finding)
        for played in failed
        for finding in played.judgement.findings
        if cause_of(played, finding, found) == cause
    )
    effects = played.judgement.effects.get(finding.webhook_event_id)
    yield from (
        f"### {cause.sentence}",
        "",
        f"**{cause.clause.sentence}** {cause.clause.reason}",
        "",
        f"What usually does this: {cause.explanation}",
        "",
        f"For example in `{played.scenario.name}`: {played.scenario.breaks} {played.scenario.holds}",
        "",
        *_fenced(
            "text",
            [
                f"{finding.event} {finding.webhook_event_id}: {finding.class_}: {finding.detail}",
                *story(played.history, finding.webhook_event_id, effects),
                *shown_exchange(finding, played),
            ],
        ),
        "",
        "```sh",
        report.replay(played.scenario.name),
        "```",
        "",
    )


def _fenced(language: str, lines: Sequence[str]) -> Iterator[str]:
    """A block of code; its fence is longer than any in the lines, so that no answer of a receiver ends it."""
    longest = max((len(found) for line in lines for found in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", *lines, fence)


def _row(played: Played) -> str:
    judgement = played.judgement
    counts = judgement.counts
    found = _cell(found_in(played) or judgement.reason)
    events, effects = counts.get("events", ""), counts.get("effects", "")
    return f"| {SIGNS[judgement.verdict]} | `{played.scenario.name}` | {events} | {effects} | {found} |"


def _not_judged(failed: Sequence[Played]) -> Iterator[str]:
    """What could not be judged beside a violation."""
    for played in failed:
        if played.judgement.reason:
            yield from (f"`{played.scenario.name}`: not judged: {_cell(played.judgement.reason)}", "")


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
