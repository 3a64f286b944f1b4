"""What the HTML report shows, as facts for its template: pure, and short enough to be read.

A scenario may have a thousand events. The page shows the first ones of each group, says how many it leaves out, and has
the payload of fewer still.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from frontsim.domain.model import Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import GOOD, MEANING, Class, describe_run
from frontsim.verification.effects.history import EventFact
from frontsim.verification.judge.checks import Finding
from frontsim.verification.played import Played, Report
from frontsim.verification.report.causes import Cause, cause_of, causes
from frontsim.verification.report.exchange import answer_lines, request_lines
from frontsim.verification.report.story import fault_of, story
from frontsim.verification.report.summary import found_in
from frontsim.verification.report.timeline import Frame, Timeline, frame_of, timeline

MOST_WRONG = 30
"""Events of a group of findings that are shown."""
MOST_RIGHT = 12
"""Events of a scenario with nothing wrong that are shown."""
MOST_PAYLOADS = 3
"""Events of a group that are shown with their payload."""
MOST_CHARACTERS = 4_000
"""Of a payload that is shown."""
_ORDER = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.VERIFIED, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run as a row: what was sent when, and what came back."""

    number: int
    verb: str
    at: str
    answer: str
    took: str
    fault: str
    kind: str


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event with what is known of it; `detail` and `runs` are empty for one with nothing wrong."""

    event: str
    id: str
    class_: str
    wrong: bool
    timeline: Timeline
    detail: str = ""
    runs: tuple[RunShown, ...] = ()
    request: str = ""
    answer: str = ""
    payload: str = ""
    story: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of a scenario with one clause and class."""

    clause: str
    class_: str
    meaning: str
    number: int
    events: tuple[EventShown, ...]

    @property
    def left_out(self) -> int:
        return self.number - len(self.events)


@dataclass(frozen=True, slots=True)
class ScenarioShown:
    """A scenario: its row in the table, and what is under it."""

    played: Played
    found: str
    groups: tuple[Group, ...]
    right: tuple[EventShown, ...]
    right_left_out: int
    replay: str


@dataclass(frozen=True, slots=True)
class CauseShown:
    """A cause with one example."""

    cause: Cause
    scenario: Played
    example: EventShown


def causes_shown(report: Report) -> list[CauseShown]:
    """Each cause with the first event that shows it."""
    found = causes(report)
    examples: dict[Cause, CauseShown] = {}
    for played in report.played:
        for finding in played.judgement.findings:
            cause = cause_of(played, finding, found)
            if cause not in examples:
                example = _wrong(finding, _Drawn(played, frame_of(played.history), report), with_payload=True)
                examples[cause] = CauseShown(cause, played, example)
    return [examples[cause] for cause in found]


def scenarios_shown(report: Report) -> dict[str, list[ScenarioShown]]:
    """The scenarios by verdict: what failed first, and in the order in which they were played."""
    return {
        str(verdict): [_scenario(each, report) for each in report.played if each.judgement.verdict is verdict]
        for verdict in _ORDER
        if any(each.judgement.verdict is verdict for each in report.played)
    }


def classes_in(shown: Iterable[ScenarioShown]) -> list[str]:
    """The classes that the filter offers."""
    events = [event for each in shown for event in (*(e for group in each.groups for e in group.events), *each.right)]
    return sorted({event.class_ for event in events if event.class_})


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What is needed to show an event of a scenario."""

    played: Played
    frame: Frame
    report: Report

    def effects(self, webhook_event_id: str) -> int | None:
        return self.played.judgement.effects.get(webhook_event_id)


def _scenario(played: Played, report: Report) -> ScenarioShown:
    classes = played.judgement.classes
    accused = {finding.webhook_event_id for finding in played.judgement.findings}
    right = [each for each in played.history.events if each.webhook_event_id not in accused]
    right.sort(key=lambda each: classes.get(each.webhook_event_id, Class.OK) in GOOD)
    drawn = _Drawn(played, frame_of(played.history), report)
    return ScenarioShown(
        played=played,
        found=found_in(played),
        groups=tuple(_groups(drawn)),
        right=tuple(_right(each, drawn) for each in right[:MOST_RIGHT]),
        right_left_out=max(0, len(right) - MOST_RIGHT),
        replay=report.replay(played.scenario.name),
    )


def _groups(drawn: _Drawn) -> Iterator[Group]:
    groups: dict[tuple[str, Class], list[Finding]] = defaultdict(list)
    for finding in drawn.played.judgement.findings:
        groups[finding.clause, finding.class_].append(finding)
    for (clause, class_), findings in groups.items():
        events = tuple(
            _wrong(finding, drawn, with_payload=place < MOST_PAYLOADS)
            for place, finding in enumerate(findings[:MOST_WRONG])
        )
        yield Group(clause, str(class_), MEANING[class_], len(findings), events)


def _right(event: EventFact, drawn: _Drawn) -> EventShown:
    class_ = drawn.played.judgement.classes.get(event.webhook_event_id)
    line = timeline(event, drawn.frame, effects=drawn.effects(event.webhook_event_id))
    return EventShown(event.event, event.webhook_event_id, str(class_ or ""), wrong=False, timeline=line)


def _wrong(finding: Finding, drawn: _Drawn, *, with_payload: bool) -> EventShown:
    history, id_ = drawn.played.history, finding.webhook_event_id
    event = next((each for each in history.events if each.webhook_event_id == id_), None)
    fact = event or EventFact("", id_, finding.event, ())
    effects = drawn.effects(id_)
    exchange = drawn.played.exchanges.get(id_)
    title = f"{finding.class_}: {finding.event} {id_}: {finding.detail}"
    return EventShown(
        event=finding.event,
        id=id_,
        class_=str(finding.class_),
        wrong=True,
        timeline=timeline(fact, drawn.frame, effects=effects, wrong=True),
        detail=". ".join(filter(None, (finding.detail, exchange.provenance if exchange else ""))),
        runs=tuple(_runs(fact, drawn.played)),
        request="\n".join(request_lines(exchange.request)) if with_payload and exchange else "",
        payload=_payload(fact) if with_payload else "",
        answer="\n".join(answer_lines(exchange.answer)) if exchange and exchange.answer else "",
        story="\n".join([title, *story(history, id_, effects)]),
    )


def _runs(event: EventFact, played: Played) -> Iterator[RunShown]:
    for run in event.runs:
        yield RunShown(
            number=run.number,
            verb="resent" if run.trigger is Trigger.RESEND else "sent",
            at=run.at or f"+{run.at_ms} ms",
            answer=describe_run(run),
            took=f"{run.duration_ms:,} ms" if run.duration_ms else "",
            fault=fault_of(run, played.history.faults),
            kind="good" if run.acknowledged else "open" if run.status_code is None else "bad",
        )


def _payload(event: EventFact) -> str:
    if event.payload is None:
        return ""
    text = orjson.dumps(event.payload, option=orjson.OPT_INDENT_2, default=str).decode()
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n... {len(text) - MOST_CHARACTERS:,} more characters"
