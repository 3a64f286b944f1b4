"""A receiver's run as the model of `report`: its trials with their findings, and the stories of the events shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from frontsim.domain.model import Outcome, Trigger
from frontsim.masking import NO_COMMAND, CommandLine, masked
from frontsim.report.as_json import document
from frontsim.report.model import (
    MOST_RIGHT,
    MOST_WRONG,
    RECEIVER,
    DerivedState,
    RunResult,
    ShownFinding,
    Trial,
)
from frontsim.report.timeline import FaultSpan, ShownEvent, ShownRun, TimeSpan
from frontsim.verdicts import Contract
from frontsim.verification.causes import causes
from frontsim.verification.effects.classes import GOOD, MEANING, Class, describe_run
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import ContentCheck, EventFact, FaultFact, History, Run
from frontsim.verification.judge.checks import Finding, Judgement, why_not_exercised
from frontsim.verification.judge.evidence import ABOUT_ANSWERS
from frontsim.verification.played import Played, Report
from frontsim.verification.scenario.scenario import Scenario

_LINES = 14
_MARKS = 2
"""Kills and starts that are listed after a run: the kill, and the start that follows it."""


def result_of(report: Report) -> RunResult:
    """The result of a run, for any form of a report."""
    explained = causes(report)
    places = {found: place for place, (_, findings) in enumerate(explained) for found in findings}
    return RunResult(
        subject=RECEIVER,
        name=report.receiver,
        seed=report.seed,
        verdict=report.verdict,
        trials=tuple(
            trial_of(played, report.contract, replay=report.replay(played.scenario.name), places=places)
            for played in report.played
        ),
        causes=tuple(cause for cause, _ in explained),
        interrupted=report.interrupted,
        version=report.version,
        started_at=report.started_at,
        duration_s=report.duration_s,
        keys=str(report.keys) if report.keys else "",
        left_out=report.left_out,
        booked=tuple(report.types.booked),
        acknowledged_only=tuple(report.types.acknowledged_only),
        about_types=report.types.sentence,
        found_key=report.key,
        reading=report.reading,
        observe_key=report.observe_key,
        shape=report.shape,
        command=report.replay("").without("--scenario") if report.played else NO_COMMAND,
        columns=report.columns,
        is_content_compared=not any(each.history.check_content is ContentCheck.OFF for each in report.played),
        unaccounted=report.unaccounted,
        state=_derived_state(report),
    )


def trial_of(
    played: Played,
    contract: Contract,
    *,
    replay: CommandLine = NO_COMMAND,
    places: Mapping[tuple[str, Finding], int] = MappingProxyType({}),
) -> Trial:
    """One scenario; `places` has the place of the cause of each finding, without which each has the first."""
    scenario, history, judgement = played.scenario, played.history, played.judgement
    judged = tuple(contract.judged_in(scenario.name))
    accused = {finding.webhook_event_id for finding in judgement.findings}
    right = [each for each in history.events if each.webhook_event_id not in accused]
    right.sort(key=lambda each: judgement.classes.get(each.webhook_event_id, Class.OK) in GOOD)
    reasons = {clause.id: why_not_exercised(clause, history) for clause in judged}
    return Trial(
        name=scenario.name,
        breaks=scenario.breaks,
        holds=scenario.holds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        duration_s=history.duration_s,
        replay=replay,
        counts=judgement.counts,
        findings=tuple(_findings(played, contract, places)),
        clauses=judged,
        not_exercised={clause: reason for clause, reason in reasons.items() if reason},
        not_played=played.not_played.reason if played.not_played else "",
        budget_s=played.not_played.budget_s if played.not_played else 0.0,
        notes=judgement.notes,
        span=_span(history),
        right=tuple(
            _shown(each, played, str(judgement.classes.get(each.webhook_event_id, ""))) for each in right[:MOST_RIGHT]
        ),
        right_left_out=max(0, len(right) - MOST_RIGHT),
    )


def without_secrets(judgement: Judgement) -> Judgement:
    """The judgement with its reason and notes masked; its findings stay as they are."""
    return replace(judgement, reason=masked(judgement.reason), notes=tuple(map(masked, judgement.notes)))


def scenarios_as_json(scenarios: Iterable[Scenario]) -> bytes:
    """The purpose and the needs of each scenario, as JSON (`--list --json`)."""
    listed = [
        {
            "name": each.name,
            "breaks": each.breaks,
            "holds": each.holds,
            "needsReceiverCmd": each.needs_process_control,
            "needsDependency": each.needs_dependency,
            "needsSink": each.needs_sink,
            "needsState": each.needs_state,
        }
        for each in scenarios
    ]
    return document({"scenarios": listed})


def story(event: EventFact, history: History, effects: int | None) -> list[str]:
    """When it was sent, what came back, which fault was on, what was booked: oldest first.

    `effects` None: they could not be seen.
    """
    lines = list(_happened(event, history))
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], f"... {len(lines) - _LINES} more ...", *lines[-_LINES // 2 :]]
    return [*lines, f"effects: {'could not be seen' if effects is None else effects}"]


def fault_of(run: Run, faults: tuple[FaultFact, ...]) -> str:
    """The fault on deliveries that was on when a run was made, "" when none was."""
    names = (each.fault for each in faults if not each.on_api and each.from_ms <= run.at_ms <= each.to_ms)
    return ", ".join(dict.fromkeys(names))


def _findings(played: Played, contract: Contract, places: Mapping[tuple[str, Finding], int]) -> Iterator[ShownFinding]:
    """All findings; with their events those that a form may show, which are the first ones, and each cause's first."""
    clauses = {clause.id: clause for clause in contract}
    numbers: Counter[tuple[str, Class]] = Counter()
    caused: set[int] = set()
    for finding in played.judgement.findings:
        cause, group = places.get((played.scenario.name, finding), 0), (finding.clause, finding.class_)
        is_shown = numbers[group] < MOST_WRONG or cause not in caused
        numbers[group] += 1
        caused.add(cause)
        yield ShownFinding(
            class_=str(finding.class_),
            clause=clauses[finding.clause],
            event=finding.event,
            webhook_event_id=finding.webhook_event_id,
            detail=finding.detail,
            cause=cause,
            meaning=MEANING[finding.class_],
            shown=_accused(finding, played) if is_shown else None,
            exchange=played.exchanges.get(finding.webhook_event_id),
            is_about_answer=finding.class_ in ABOUT_ANSWERS,
        )


def _accused(finding: Finding, played: Played) -> ShownEvent:
    """The event of a finding, without story and runs where the finding is about no single event."""
    id_ = finding.webhook_event_id
    event = next((each for each in played.history.events if each.webhook_event_id == id_), None)
    fact = event or EventFact("", id_, finding.event, ())
    return _shown(fact, played, str(finding.class_), with_story=event is not None)


def _shown(event: EventFact, played: Played, class_: str, *, with_story: bool = False) -> ShownEvent:
    history, effects = played.history, played.judgement.effects.get(event.webhook_event_id)
    early = history.checkpoint.effects if history.checkpoint and history.observer_key != BUSINESS else ()
    return ShownEvent(
        event=event.event,
        webhook_event_id=event.webhook_event_id,
        class_=class_,
        story=tuple(story(event, history, effects)) if with_story else (),
        runs=tuple(
            ShownRun(
                number=run.number,
                is_resend=run.trigger is Trigger.RESEND,
                at=run.at,
                at_ms=run.at_ms,
                duration_ms=run.duration_ms,
                answer=describe_run(run),
                ending="good" if run.acknowledged else "open" if run.status_code is None else "bad",
                fault=fault_of(run, history.faults),
            )
            for run in event.runs
        ),
        effects=effects,
        early_effects=sum(effect.key == event.webhook_event_id for effect in early),
        payload=event.payload,
    )


def _span(history: History) -> TimeSpan:
    moments = [run.at_ms for event in history.events for run in event.runs]
    moments += [fault.from_ms for fault in history.faults] + [at_ms for at_ms, _ in history.marks]
    first_ms = min(moments, default=0)
    return TimeSpan(
        first_ms=first_ms,
        last_ms=max([*moments, first_ms + 1]),
        faults=tuple(
            FaultSpan(each.fault, f"{each.fault} {each.detail}".strip(), each.from_ms, each.to_ms)
            for each in history.faults
        ),
        marks=history.marks,
        checkpoint_ms=history.checkpoint.at_ms if history.checkpoint else 0,
    )


def _happened(event: EventFact, history: History) -> Iterator[str]:
    """Each run, and what was done to the receiver between it and the next one of this event."""
    runs = sorted(event.runs, key=lambda run: run.at_ms)
    ends = [run.at_ms for run in runs[1:]] + [None]
    for run, end in zip(runs, ends, strict=True):
        yield _run_line(run, history)
        marks = [mark for mark in history.marks if run.at_ms <= mark[0] and (end is None or mark[0] < end)]
        for at_ms, text in marks[:_MARKS]:
            yield f"{_time_of(at_ms, run)} {text}"
        if len(marks) > _MARKS and end is not None:
            yield f"... {len(marks) - _MARKS} more kills and starts ..."


def _time_of(at_ms: int, run: Run) -> str:
    """A moment of the scenario as a run of it is told; without one to go by, ms from the start."""
    try:
        moment = datetime.fromisoformat(f"2000-01-01T{run.at}") + timedelta(milliseconds=at_ms - run.at_ms)
    except ValueError:
        return f"+{at_ms} ms"
    return moment.isoformat(timespec="milliseconds").partition("T")[2]


def _run_line(run: Run, history: History) -> str:
    verb = "resent" if run.trigger is Trigger.RESEND else "sent"
    broken = fault_of(run, history.faults)
    fault = f" [fault on: {broken}]" if broken else ""
    sure = " (it may have arrived)" if run.outcome is Outcome.UNKNOWN else ""
    return f"{verb} {run.at or f'+{run.at_ms} ms'} run {run.number} -> {describe_run(run)}{sure}{fault}"


def _derived_state(report: Report) -> DerivedState | None:
    """The state as all scenarios have shown it; None without a way to read it."""
    states = [played.history.state for played in report.played if played.history.state]
    if not states:
        return None
    shape = next((state.shape for state in states if state.shape), None)
    people = next((state.customers for state in states if state.customers), None)
    items = sum(played.judgement.items for played in report.played)
    customers = sum(played.judgement.customers for played in report.played)
    failure = next((state.failure for state in states if state.failure), "")
    lines = [
        *([f"{shape}: {items} stock items"] if shape else []),
        *([f"{people}: {customers} customers"] if people else []),
    ]
    columns = {
        **(shape.columns if shape else {}),
        **({column: " and ".join(paths) for column, paths in people.columns.items()} if people else {}),
    }
    return DerivedState(states[0].observer, columns, lines or [failure], items, customers, failure)
