"""A run's result as Markdown, for `$GITHUB_STEP_SUMMARY` and merge requests."""

from frontsim.verification.facts.classes import USUAL_CAUSE
from frontsim.verification.judge.checks import Verdict
from frontsim.verification.report.story import story
from frontsim.verification.report.summary import found_in
from frontsim.verification.session import Played, Report

SIGNS = {Verdict.VERIFIED: "✅", Verdict.VIOLATED: "❌", Verdict.UNKNOWN: "❔", Verdict.SKIPPED: "⏭️"}


def as_markdown(report: Report) -> str:
    """The verdict, a table of the scenarios, and each violation with a story."""
    lines = [
        f"## {SIGNS[report.verdict]} Receiver {report.verdict}",
        "",
        f"`{report.receiver}`, seed {report.seed}{', interrupted' if report.interrupted else ''}",
        "",
        "| | Scenario | Events | Effects | Findings |",
        "|---|---|---:|---:|---|",
        *(_row(played) for played in report.played),
        "",
    ]
    for played in report.played:
        if played.judgement.findings:
            lines += _section(played, report)
    return "\n".join(lines) + "\n"


def _row(played: Played) -> str:
    judgement = played.judgement
    counts = judgement.counts
    told = _cell(found_in(played) or judgement.reason)
    events, effects = counts.get("events", ""), counts.get("effects", "")
    return f"| {SIGNS[judgement.verdict]} | `{played.scenario.name}` | {events} | {effects} | {told} |"


def _section(played: Played, report: Report) -> list[str]:
    first = played.judgement.findings[0]
    clause = next(each for each in report.contract if each.id == first.clause)
    effects = played.judgement.effects.get(first.webhook_event_id)
    return [
        f"### `{played.scenario.name}`: {found_in(played)}",
        "",
        f"{played.scenario.breaks} {played.scenario.holds}",
        "",
        f"**{clause.sentence}** {clause.reason}",
        "",
        "```text",
        f"{first.event} {first.webhook_event_id}: {first.class_}: {first.detail}",
        *story(played.history, first.webhook_event_id, effects),
        "```",
        "",
        f"What usually does this: {USUAL_CAUSE[first.class_]}",
        "",
        *_not_judged(played),
        "```sh",
        report.replay(played.scenario.name),
        "```",
        "",
    ]


def _not_judged(played: Played) -> list[str]:
    reason = played.judgement.reason
    return [f"Not judged: {_cell(reason)}", ""] if reason else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
