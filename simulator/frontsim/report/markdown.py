"""A receiver's result as Markdown, for `$GITHUB_STEP_SUMMARY` and merge requests.

Receivers and simulators write some of its words, so these are escaped: they make no image, link, HTML or row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from frontsim.masking import printable
from frontsim.report.model import Cause, RunResult, ShownFinding, Trial
from frontsim.verdicts import Verdict

_SIGNS = {Verdict.VERIFIED: "✅", Verdict.VIOLATED: "❌", Verdict.UNKNOWN: "❔", Verdict.SKIPPED: "⏭️"}
_MARKUP = re.compile(r"(?<![\w-])www\.|[&<>|!@`*_~\[\]\\]|:(?=//)")
_HEAD = ("| | Scenario | Events | Effects | Findings |", "|---|---|---:|---:|---|")


def as_markdown(result: RunResult) -> str:
    """The verdict, the causes with an example each, the scenarios that failed, and the others folded."""
    failed = [each for each in result.trials if each.findings]
    others = [each for each in result.trials if not each.findings]
    lines = [
        f"## {_SIGNS[result.verdict]} Receiver {result.verdict}",
        "",
        f"{_code(result.name)}, {_about(result)}",
        "",
        *([f"Key: {_text(result.keys)}", ""] if result.keys else []),
    ]
    if len(result.causes) > 1:
        lines += [f"**{_text(result.headline)}**", ""]
    for example in result.examples():
        lines += _cause(*example)
    if failed:
        lines += [line for each in result.not_played() for line in (f"{_text(each)}.", "")]
        lines += [*_HEAD, *map(_row, failed), ""]
        unjudged = [each for each in failed if each.reason]
        lines += [line for each in unjudged for line in (f"{_code(each.name)}: not judged: {_text(each.reason)}", "")]
    if others:
        title = f"{len(others)} other scenarios" if failed else result.counted
        lines += _folded(title, [*_HEAD, *map(_row, others)])
    for title, listed in result.listings():
        lines += _folded(_text(title), _fenced(listed))
    if failed:
        lines += _folded("Play them again", _fenced([each.replay for each in failed], "sh"))
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
        f"### {_text(cause.sentence)}",
        "",
        f"**{cause.clause.sentence}** {cause.clause.reason}",
        "",
        f"What usually does this: {_text(cause.explanation)}",
        "",
        f"For example in {_code(trial.name)}: {_text(trial.breaks)} {_text(trial.holds)}",
        "",
        *_fenced([seen, *finding.evidence()]),
        "",
        *_fenced([trial.replay], "sh"),
        "",
    ]


def _fenced(lines: Sequence[str], language: str = "text") -> Iterator[str]:
    """A block; its fence is longer than any in the lines, so that no answer of a receiver ends it."""
    lines = [printable(line) for line in lines]
    longest = max((len(found) for line in lines for found in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", *lines, fence)


def _row(trial: Trial) -> str:
    counts, found = trial.counts, _text(trial.found or trial.reason)
    events, effects = counts.get("events", ""), counts.get("effects", "")
    return f"| {_SIGNS[trial.verdict]} | {_code(trial.name)} | {events} | {effects} | {found} |"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{title}</summary>", "", *lines, "", "</details>", "")


def _text(text: str) -> str:
    """A text that reads as it stands: an entity, unlike a backslash, also stops what GitHub makes a link by itself."""
    words = _MARKUP.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", text)
    return printable(words.replace("\n", " "))


def _code(text: str) -> str:
    """A span of code, also within a table."""
    return "`{}`".format(printable(text).replace("`", "'").replace("|", "\\|"))
