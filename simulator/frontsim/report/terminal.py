"""A result as plain lines: the causes, then what failed, then the rest in few words, and the verdict last."""

from collections.abc import Iterator

from frontsim.masking import printable
from frontsim.report.model import JOB, RunResult, ShownFinding, Trial
from frontsim.verdicts import Verdict


def lines(result: RunResult) -> Iterator[str]:
    """The whole summary; it can neither colour nor move a cursor, whatever a receiver or a simulator says."""
    yield from map(printable, _of_job(result) if result.subject is JOB else _of_receiver(result))
    yield printable(result.conclusion)


def _of_job(result: RunResult) -> Iterator[str]:
    """The causes, each with what to change and a story, then the cases that are unknown."""
    for cause, trial, finding in result.examples():
        yield f"{cause.class_}: {cause.sentence}"
        yield f"  in {', '.join(cause.trials)}"
        yield f"  Fix: {cause.explanation}"
        yield f"  Seen in {trial.name}: {finding.detail}"
        yield from (f"    {line}" for line in finding.evidence())
        yield f"  Again with: {trial.replay}"
        yield ""
    for trial in result.trials:
        if trial.verdict is Verdict.UNKNOWN:
            yield f"unknown: {trial.name}: {trial.reason}"


def _of_receiver(result: RunResult) -> Iterator[str]:
    """The causes, the violated scenarios, the reasons of the others, what was compared, the notes, and the key.

    The first scenario that shows a cause stands in full, as its example. Others that it explains take two lines.
    """
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
            yield from _violation(trial, shown)
    yield from _reasons(result, Verdict.UNKNOWN, "Unknown")
    yield from _reasons(result, Verdict.SKIPPED, "Skipped")
    for title, listed in result.listings():
        yield from (title, *(f"  {line}" for line in listed), "")
    notes = [f"  {trial.name}: {note}" for trial in result.trials for note in trial.notes]
    if notes:
        yield from ("Notes", *notes, "")
    if result.keys:
        yield f"Key: {result.keys}"


def _violation(trial: Trial, shown: set[int]) -> Iterator[str]:
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
    yield f"  Again:       {trial.replay}"
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
