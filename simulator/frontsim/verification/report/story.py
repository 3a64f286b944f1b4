"""An event's story, line by line: when it was sent, what came back, which fault was on, what was booked."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.classes import describe_run
from frontsim.verification.effects.history import EventFact, FaultFact, History, Run

_LINES = 14
_MARKS = 2
"""Kills and starts that are listed after a run: the kill, and the start that follows it."""


def story(history: History, webhook_event_id: str, effects: int | None) -> list[str]:
    """The lines, oldest first. `effects` None: they could not be seen."""
    event = next((each for each in history.events if each.webhook_event_id == webhook_event_id), None)
    if event is None:
        return []
    lines = list(_happened(event, history))
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], f"... {len(lines) - _LINES} more ...", *lines[-_LINES // 2 :]]
    return [*lines, f"effects: {'could not be seen' if effects is None else effects}"]


def fault_of(run: Run, faults: tuple[FaultFact, ...]) -> str:
    """The fault on deliveries that was on when a run was made, "" when none was."""
    names = (each.fault for each in faults if not each.on_api and each.from_ms <= run.at_ms <= each.to_ms)
    return ", ".join(dict.fromkeys(names))


def happenings(event: EventFact, history: History) -> Iterator[tuple[Run, str]]:
    """Each run with the fault that was on."""
    for run in event.runs:
        yield run, fault_of(run, history.faults)


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
    """A moment of the scenario as the log writes the time of a run; without one to go by, ms from the start."""
    try:
        moment = datetime.fromisoformat(f"2000-01-01T{run.at}") + timedelta(milliseconds=at_ms - run.at_ms)
    except ValueError:
        return f"+{at_ms} ms"
    return f"{moment:%H:%M:%S.%f}".rstrip("0").rstrip(".")


def _run_line(run: Run, history: History) -> str:
    verb = "resent" if run.trigger is Trigger.RESEND else "sent"
    broken = fault_of(run, history.faults)
    fault = f" [fault on: {broken}]" if broken else ""
    sure = " (it may have arrived)" if run.outcome is Outcome.UNKNOWN else ""
    return f"{verb} {run.at or f'+{run.at_ms} ms'} run {run.number} -> {describe_run(run)}{sure}{fault}"
