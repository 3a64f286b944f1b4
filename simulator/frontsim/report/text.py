"""A result as text: plain lines for a terminal, and Markdown for `$GITHUB_STEP_SUMMARY` and merge requests.

On a terminal the causes come first, then what failed, then the rest in few words, and the verdict last.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from frontsim.masking import CommandLine, printable
from frontsim.report.model import JOB, Cause, Explored, RunResult, ShownFinding, Trial
from frontsim.verdicts import Verdict
from frontsim.wording import counted

Again = Callable[[CommandLine], str]
"""How a command is told that plays something again."""


def lines(result: RunResult, *, again: Again = CommandLine.in_report) -> Iterator[str]:
    """The whole summary; it can neither colour nor move a cursor, whatever a receiver or a simulator says."""
    if result.explored:
        yield from map(printable, _found(result.explored, again))
    form = _of_job if result.subject is JOB else _of_receiver
    yield from map(printable, form(result, again))
    yield printable(result.conclusion)


def _found(explored: Explored, again: Again) -> Iterator[str]:
    """Each schedule that the receiver does not survive, as a story, with the command that replays it."""
    for each in explored.found:
        sure = ", ".join(filter(None, (each.clause, each.recurrence, "known from the corpus" if each.is_known else "")))
        yield f"{each.class_}: {each.event}: {each.detail} ({sure})"
        yield from (f"  {number}. {sentence}" for number, sentence in enumerate(each.story, 1))
        yield (f"  Again: {again(each.replay)}" if each.file else f"  Not written: {each.failure}")
        yield ""


def _of_job(result: RunResult, again: Again) -> Iterator[str]:
    """The causes, each with what to change and a story, then the cases that are unknown.

    Where nothing was played, the verdict's line says why.
    """
    if result.why_none_played:
        return
    for cause, trial, finding in result.examples():
        yield f"{cause.class_}: {cause.sentence}"
        yield f"  in {', '.join(cause.trials)}"
        yield f"  Fix: {cause.explanation}"
        yield f"  Seen in {trial.name}: {finding.detail}"
        yield from (f"    {line}" for line in finding.evidence())
        yield f"  Again with: {again(trial.replay)}"
        yield ""
    for trial in result.trials:
        if trial.verdict is Verdict.UNKNOWN:
            yield f"unknown: {trial.name}: {trial.reason}"
    yield from _notes(result, "cases")


def _of_receiver(result: RunResult, again: Again) -> Iterator[str]:
    """The causes, the violated scenarios, the reasons of the others, what was compared, the notes, and the key.

    The first scenario that shows a cause stands in full, as its example. Others that it explains take two lines. Where
    nothing was played, the verdict's line says why.
    """
    if result.why_none_played:
        return
    if len(result.causes) > 1:
        yield from (result.headline, "")
    for cause in result.causes:
        yield cause.sentence
        yield f"  What is owed:   {cause.clause.sentence}"
        yield f"  Why it matters: {cause.clause.reason}"
        yield f"  Usual cause:    {cause.explanation}"
        yield ""
    shown: set[int] = set()
    for trial in result.trials:
        if trial.findings:
            yield from _violation(trial, shown, again)
    yield from _reasons(result, Verdict.UNKNOWN, "Unknown")
    yield from _reasons(result, Verdict.SKIPPED, "Skipped")
    yield from _reasons(result, Verdict.NOT_APPLICABLE, "Not applicable")
    for title, listed in result.listings():
        yield from (title, *(f"  {line}" for line in listed), "")
    yield from _notes(result, "scenarios")
    if result.keys:
        yield f"Key: {result.keys}"


def _notes(result: RunResult, trials: str) -> Iterator[str]:
    """Each note once, with the trials that have it."""
    notes: dict[str, list[str]] = {}
    for trial in result.trials:
        for note in trial.notes:
            notes.setdefault(note, []).append(trial.name)
    if notes:
        said = (
            f"  {', '.join(names) if len(names) <= _FEW else f'{len(names)} {trials}'}: {note}"
            for note, names in notes.items()
        )
        yield from ("Notes", *said, "")


_FEW = 3
"""Scenarios that are named where they have the same note."""


def _violation(trial: Trial, shown: set[int], again: Again) -> Iterator[str]:
    """A scenario's findings: an example of each cause that has none yet, and adds those causes to `shown`."""
    fresh: dict[int, ShownFinding] = {}
    for finding in trial.findings:
        if finding.cause not in shown:
            fresh.setdefault(finding.cause, finding)
    shown.update(fresh)
    yield f"✗ {trial.name}: {trial.found}{'' if fresh else ' (the same cause)'}"
    if fresh:
        yield f"  What broke:  {trial.breaks}"
        yield f"  Expected:    {trial.holds}"
    for finding in fresh.values():
        about = f"{finding.event} {finding.webhook_event_id}"
        yield f"  Seen:        {finding.class_}: {finding.meaning} ({about})"
        yield f"               {finding.detail}"
        yield from (f"               | {line}" for line in finding.evidence())
        yield f"  Breaks:      {finding.clause.id}"
    if trial.reason:
        yield f"  Not judged:  {trial.reason}"
    yield f"  Again:       {again(trial.replay)}"
    yield ""


def _reasons(result: RunResult, verdict: Verdict, title: str) -> Iterator[str]:
    """The scenarios that ended so, by their reason."""
    reasons: dict[str, list[str]] = {}
    for trial in result.trials:
        if trial.verdict is verdict:
            reasons.setdefault(trial.reason, []).append(trial.name)
    if reasons:
        yield title
        yield from (f"  {', '.join(names)}: {reason}" for reason, names in reasons.items())
        yield ""


_MOST_ANNOTATIONS = 10
_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


def annotations(result: RunResult) -> Iterator[str]:
    """A workflow command of GitHub for each cause, or for the verdict where it has none; nothing if all is verified."""
    if result.verdict is Verdict.VERIFIED:
        return
    told = [cause.sentence for cause in result.causes[:_MOST_ANNOTATIONS]] or [result.conclusion]
    yield from (f"::error title=frontsim {result.verdict}::{printable(each).translate(_ESCAPES)}" for each in told)


_SIGNS = {
    Verdict.VERIFIED: "✅",
    Verdict.VIOLATED: "❌",
    Verdict.UNKNOWN: "❔",
    Verdict.SKIPPED: "⏭️",
    Verdict.NOT_APPLICABLE: "⏭️",
}
_MARKUP = re.compile(r"(?<![\w-])www\.|[&<>|!@`*_~\[\]\\]|:(?=//)")
_HEAD = ("| | Scenario | Events | Effects | Findings |", "|---|---|---:|---:|---|")


def as_markdown(result: RunResult) -> str:
    """The verdict, the causes with an example each, the scenarios that failed, and the others folded.

    Receivers and simulators write some of its words, so these are escaped: they make no image, link, HTML or row.
    """
    failed = [each for each in result.trials if each.findings]
    others = [each for each in result.trials if not each.findings]
    lines = [
        f"## {_SIGNS[result.verdict]} Verdict: {result.verdict}",
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
        title = counted(len(others), "other scenario") if failed else result.counted
        lines += _folded(title, [*_HEAD, *map(_row, others)])
    for title, listed in result.listings():
        lines += _folded(_text(title), _fenced(listed))
    if failed:
        lines += _folded("Play them again", _fenced([each.replay.in_report() for each in failed], "sh"))
    return "\n".join(lines) + "\n"


def _about(result: RunResult) -> str:
    words = [
        f"frontsim {result.version}" if result.version else "",
        result.played_at,
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
        *_fenced([trial.replay.in_report()], "sh"),
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
