"""A job's run as the model of `report`: trials with their findings, and the stories of what they accuse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from frontsim.masking import NO_COMMAND, CommandLine, masked_command
from frontsim.recovery.case import Call, Case, CaseHistory, Operation, PastEvent, PastState
from frontsim.recovery.judge import JobFinding
from frontsim.recovery.run import JobReport, PlayedCase
from frontsim.report.as_json import document
from frontsim.report.model import JOB, Cause, RunResult, ShownFinding, Trial
from frontsim.report.timeline import ShownEvent
from frontsim.verdicts import Contract
from frontsim.wording import counted

_MOST_CALLS = 12


def result_of(report: JobReport) -> RunResult:
    """The result of a run, for any form of a report."""
    causes, stopped = _causes(report), report.stopped
    places = {cause.clause.id: place for place, cause in enumerate(causes)}
    return RunResult(
        subject=JOB,
        name=masked_command(report.job),
        seed=report.seed,
        verdict=report.verdict,
        trials=tuple(
            trial_of(
                replace(played, not_played=stopped) if played.is_silent and stopped else played,
                report.contract,
                replay=report.replay(played.case.name),
                places=places,
            )
            for played in report.played
        ),
        causes=tuple(causes),
        interrupted=report.interrupted,
        version=report.version,
        started_at=report.started_at,
        duration_s=report.duration_s,
    )


def trial_of(
    played: PlayedCase,
    contract: Contract,
    *,
    replay: CommandLine = NO_COMMAND,
    places: Mapping[str, int] = MappingProxyType({}),
) -> Trial:
    """One case; `places` has the place of the cause that a clause is, without which each finding has the first."""
    case, history, judgement = played.case, played.history, played.judgement
    return Trial(
        name=case.name,
        breaks=case.breaks,
        holds=case.holds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        duration_s=history.duration_s,
        replay=replay,
        counts=counts(played),
        findings=tuple(_findings(played, contract, places)),
        clauses=tuple(contract.judged_in(case.name)),
        exit_codes=tuple(start.exit_code for start in history.starts),
        not_played=played.not_played,
    )


def cases_as_json(cases: Sequence[Case]) -> bytes:
    """The JSON that `--list --json` prints."""
    return document([{"name": case.name, "breaks": case.breaks, "holds": case.holds} for case in cases])


def counts(played: PlayedCase) -> dict[str, float]:
    """How many events, resends and calls; calls per recovered event shows how frugal the job is."""
    events, calls = played.history.events, played.history.calls
    recovered = sum(event.arrived for event in events if event.state is PastState.FAILED)
    found: dict[str, float] = {
        "events": len(events),
        "failed": sum(event.state is PastState.FAILED for event in events),
        "recovered": recovered,
        "resends": sum(call.operation is Operation.RESEND for call in calls),
        "calls": len(calls),
    }
    if recovered:
        found["callsPerRecovered"] = round(len(calls) / recovered, 2)
    for finding in played.judgement.findings:
        found[finding.class_] = found.get(finding.class_, 0) + 1
    return found


def story(history: CaseHistory, webhook_event_id: str) -> list[str]:
    """One event's way through a case: what was created, which calls the job made, and how they ended.

    Where the id is "", the lines are about the whole case.
    """
    event = next((each for each in history.events if each.webhook_event_id == webhook_event_id), None)
    if event is None:
        return [*_calls(history.calls), *_starts(history)]
    own = [call for call in history.calls if _is_about(call, event)]
    return [*_past(event), *_calls(own), *_resends(event), *_starts(history)]


def _causes(report: JobReport) -> list[Cause]:
    """The causes, a clause each: its cases, how many events, and what to change."""
    found: dict[str, list[tuple[str, JobFinding]]] = {}
    for played in report.played:
        for finding in played.judgement.findings:
            found.setdefault(finding.clause, []).append((played.case.name, finding))
    clauses = {clause.id: clause for clause in report.contract}
    return [
        Cause(
            clause=clauses[clause],
            class_=findings[0][1].class_,
            trials=tuple(dict.fromkeys(name for name, _ in findings)),
            events=len({finding.webhook_event_id for _, finding in findings} - {""}),
            sentence=clauses[clause].sentence,
            explanation=clauses[clause].fix,
        )
        for clause, findings in found.items()
    ]


def _findings(played: PlayedCase, contract: Contract, places: Mapping[str, int]) -> Iterator[ShownFinding]:
    """All findings, the first of each clause with its story."""
    clauses = {clause.id: clause for clause in contract}
    told: set[str] = set()
    for each in played.judgement.findings:
        shown = None
        if each.clause not in told:
            lines = tuple(story(played.history, each.webhook_event_id))
            shown = ShownEvent(each.event, each.webhook_event_id, each.class_, lines)
        told.add(each.clause)
        yield ShownFinding(
            class_=each.class_,
            clause=clauses[each.clause],
            event=each.event,
            webhook_event_id=each.webhook_event_id,
            detail=each.detail,
            cause=places.get(each.clause, 0),
            shown=shown,
        )


def _past(event: PastEvent) -> Iterator[str]:
    first = event.runs[0] if event.runs else None
    about = f" ({event.about})" if event.about else ""
    yield f"{event.event} created {event.created}{about} for webhook {event.webhook_id}"
    if event.state is PastState.PENDING:
        yield "its first delivery is still on its way"
    elif first is not None:
        yield f"its first delivery: {first.outcome}"


def _calls(calls: list[Call] | tuple[Call, ...]) -> Iterator[str]:
    for call in calls[:_MOST_CALLS]:
        query = " ".join(f"{name}={value}" for name, value in call.query.items())
        answer = "the connection was cut" if call.status is None else str(call.status)
        answer += f", Retry-After {call.retry_after_s:g}" if call.retry_after_s else ""
        answer += f" [{call.broken}]" if call.broken else ""
        yield f"{call.began_s:7.2f} s  start {call.start}: {call.method_and_path} {query} -> {answer}"
    if len(calls) > _MOST_CALLS:
        yield f"           and {counted(len(calls) - _MOST_CALLS, 'more call')}"


def _resends(event: PastEvent) -> Iterator[str]:
    for run in event.resends:
        yield f"resend {run.run}: {run.outcome}"
    yield "in the end it has arrived" if event.arrived else "in the end it has not arrived"


def _starts(history: CaseHistory) -> Iterator[str]:
    for start in history.starts:
        code = "" if start.exit_code is None else f" with {start.exit_code}"
        yield f"start {start.number} {start.ending}{code} after {start.duration_s:.1f} s"
        last = start.output.strip().splitlines()[-1:]
        if last:
            yield f"  it printed last: {last[0][:160]}"


def _is_about(call: Call, event: PastEvent) -> bool:
    if call.operation is Operation.LIST:
        return call.webhook_id == event.webhook_id
    return call.webhook_event_id == event.webhook_event_id
