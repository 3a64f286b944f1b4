"""A result as one HTML file that needs no network, pure and short enough to be read.

A trial may have a thousand events. The page shows the first ones of each group, says how many it leaves out, and has
the payload of fewer still.

The templates escape everything that they are given. The page carries a content security policy which names the hash of
its one stylesheet and its one script, so that nothing else in it can run or be loaded, whatever a receiver or a job
says.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from frontsim import bundled
from frontsim.report.exchange import answer_lines, request_lines
from frontsim.report.model import JOB, MOST_WRONG, RunResult, ShownFinding, Trial
from frontsim.report.timeline import MOST_EFFECTS, ShownEvent, Timeline, timeline
from frontsim.verdicts import Verdict
from frontsim.wording import counted

MOST_PAYLOADS = 3
"""Events of a group that are shown with their payload."""
MOST_CHARACTERS = 4_000
"""Of a payload that is shown."""
MOST_OF_JOB = 5
"""Findings of one case and clause that are shown."""
_TEMPLATES = Path(__file__).with_name("templates")
_ORDER = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.VERIFIED, Verdict.SKIPPED, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event with what is known of it; all but the drawing is empty for one with nothing wrong."""

    event: ShownEvent
    timeline: Timeline
    wrong: bool = False
    detail: str = ""
    story: str = ""
    answer: str = ""
    request: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of a trial with one clause and class, and the events of the first."""

    findings: list[ShownFinding]
    events: list[EventShown]


def as_html(result: RunResult) -> str:
    """The whole file."""
    trials = sorted(result.trials, key=lambda trial: _ORDER.index(trial.verdict))
    if result.subject is JOB:
        return _render("job.html.jinja", result=result, trials=trials, most=MOST_OF_JOB)
    return _render(
        "receiver.html.jinja",
        script=(_TEMPLATES / "report.js").read_text("utf-8"),
        result=result,
        examples=[
            (cause, trial, wrong(finding, trial, with_payload=True)) for cause, trial, finding in result.examples()
        ],
        by_verdict={str(each.verdict): [trial for trial in trials if trial.verdict is each.verdict] for each in trials},
        classes=sorted({class_ for trial in trials for class_ in _classes(trial)}),
        groups_of=groups_of,
        schedule_of=lambda name: _schedule(next(trial for trial in result.trials if trial.name == name)),
        right_of=_right,
        most_effects=MOST_EFFECTS,
    )


def _right(trial: Trial) -> list[EventShown]:
    return [EventShown(each, timeline(each, trial.span)) for each in trial.right]


def _schedule(trial: Trial) -> list[EventShown]:
    """The events of a schedule that was found: those that accuse the receiver first, each once."""
    accusing = {each.webhook_event_id: each for each in trial.findings[:MOST_WRONG] if each.shown}
    return [*(wrong(each, trial, with_payload=False) for each in accusing.values()), *_right(trial)]


def _classes(trial: Trial) -> set[str]:
    """The filter's choices."""
    return {each.class_ for each in trial.findings} | {each.class_ for each in trial.right if each.class_}


def groups_of(trial: Trial) -> list[Group]:
    """The findings of a trial by clause and class."""
    groups: dict[tuple[str, str], list[ShownFinding]] = {}
    for finding in trial.findings:
        groups.setdefault((finding.clause.id, finding.class_), []).append(finding)
    return [
        Group(
            findings,
            [
                wrong(finding, trial, with_payload=place < MOST_PAYLOADS)
                for place, finding in enumerate(findings[:MOST_WRONG])
            ],
        )
        for findings in groups.values()
    ]


def wrong(finding: ShownFinding, trial: Trial, *, with_payload: bool) -> EventShown:
    """The event of a finding, with all that is known of it."""
    event, exchange = finding.shown, finding.exchange
    assert event is not None, "the model has the events of the first findings"
    title = f"{finding.class_}: {finding.event} {finding.webhook_event_id}: {finding.detail}"
    return EventShown(
        event=event,
        timeline=timeline(event, trial.span, wrong=True),
        wrong=True,
        detail=". ".join(filter(None, (finding.detail, exchange.provenance if exchange else ""))),
        story="\n".join([title, *event.story]),
        answer="\n".join(answer_lines(exchange.answer)) if exchange and exchange.answer else "",
        request="\n".join(request_lines(exchange.request)) if with_payload and exchange else "",
        payload=_payload(event) if with_payload else "",
    )


def _payload(event: ShownEvent) -> str:
    if event.payload is None:
        return ""
    text = orjson.dumps(event.payload, option=orjson.OPT_INDENT_2, default=str).decode()
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n... {counted(len(text) - MOST_CHARACTERS, 'more character')}"


def _render(template: str, *, script: str = "", **values: Any) -> str:
    # imported when a page is written: no command's start should take the time for it
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = bundled.asset("frontsim.css")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(style=style, script=script, policy=policy, **values)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
