"""A receiver's result as Markdown, for `$GITHUB_STEP_SUMMARY` and merge requests."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from frontsim.report.model import Cause, RunResult, ShownFinding, Trial
from frontsim.verdicts import Verdict

_SIGNS = {Verdict.VERIFIED: "✅", Verdict.VIOLATED: "❌", Verdict.UNKNOWN: "❔", Verdict.SKIPPED: "⏭️"}
_HEAD = ("| | Scenario | Events | Effects | Findings |", "|---|---|---:|---:|---|")


def as_markdown(result: RunResult) -> str:
    """The verdict, the causes with an example each, the scenarios that failed, and the others folded."""
    failed = [each for each in result.trials if each.findings]
    others = [each for each in result.trials if not each.findings]
    lines = [
        f"## {_SIGNS[result.verdict]} Receiver {result.verdict}",
        "",
        f"`{result.name}`, {_about(result)}",
        "",
        *([f"Key: {_cell(result.keys)}", ""] if result.keys else []),
    ]
    if len(result.causes) > 1:
        lines += [f"**{result.headline}**", ""]
    for example in result.examples():
        lines += _cause(*example)
    if failed:
        lines += [line for each in result.not_played() for line in (f"{each}.", "")]
        lines += [*_HEAD, *map(_row, failed), ""]
        unjudged = [each for each in failed if each.reason]
        lines += [line for each in unjudged for line in (f"`{each.name}`: not judged: {_cell(each.reason)}", "")]
    if others:
        title = f"{len(others)} other scenarios" if failed else result.counted
        lines += _folded(title, [*_HEAD, *map(_row, others)])
    for title, listed in result.listings():
        lines += _folded(escape(title), _fenced(listed))
    if failed:
        lines += _folded("Play them again", ["```sh", *(each.replay for each in failed), "```"])
    return "\n".join(lines) + "\n"


def _about(result: RunResult) -> str:
    words = [
        f"frontsim {result.version}" if result.version else "",
        result.started_at,
        f"{result.duration_s:.0f} s" if result.duration_s else "",
        f"seed {result.seed}",
        "interrupted" if result.interrupted else "",
    ]
    return ", ".join(word for word in words if word)


def _cause(cause: Cause, trial: Trial, finding: ShownFinding) -> list[str]:
    """A cause with the first event that shows it."""
    seen = f"{finding.event} {finding.webhook_event_id}: {finding.class_}: {finding.detail}"
    return [
        f"### {cause.sentence}",
        "",
        f"**{cause.clause.sentence}** {cause.clause.reason}",
        "",
        f"What usually does this: {cause.explanation}",
        "",
        f"For example in `{trial.name}`: {trial.breaks} {trial.holds}",
        "",
        *_fenced([seen, *finding.evidence()]),
        "",
        "```sh",
        trial.replay,
        "```",
        "",
    ]


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """A block of text; its fence is longer than any in the lines, so that no answer of a receiver ends it."""
    longest = max((len(found) for line in lines for found in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *lines, fence)


def _row(trial: Trial) -> str:
    counts, found = trial.counts, _cell(trial.found or trial.reason)
    events, effects = counts.get("events", ""), counts.get("effects", "")
    return f"| {_SIGNS[trial.verdict]} | `{trial.name}` | {events} | {effects} | {found} |"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
