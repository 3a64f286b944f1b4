"""One event's way through a case, line by line: what was created, which calls the job made, and how they ended."""

from collections.abc import Iterator

from frontsim.recovery.case import Call, CaseHistory, Operation, PastEvent, PastState

_MOST_CALLS = 12


def story(history: CaseHistory, webhook_event_id: str) -> list[str]:
    """The lines about one event, or about the case where the id is ""."""
    event = next((each for each in history.events if each.webhook_event_id == webhook_event_id), None)
    if event is None:
        return [*_calls(history.calls), *_starts(history)]
    own = [call for call in history.calls if _is_about(call, event)]
    return [*_past(event), *_calls(own), *_resends(event), *_starts(history)]


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
        yield f"           and {len(calls) - _MOST_CALLS} more calls"


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
