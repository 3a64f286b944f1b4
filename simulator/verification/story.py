"""An event's story, line by line, for people: when it was sent, what came back, what was broken, what was booked."""

from collections.abc import Iterator

from simulator.domain.model import Outcome, Trigger
from simulator.verification.classes import told
from simulator.verification.history import EventFact, FaultFact, History, Run

_LINES = 14


def story(history: History, webhook_event_id: str, effects: int | None) -> list[str]:
    """The lines, oldest first. `effects` None: nobody could see them."""
    event = next((each for each in history.events if each.webhook_event_id == webhook_event_id), None)
    if event is None:
        return []
    moments = [(run.at_ms, _run_line(run, history)) for run in event.runs]
    moments += [(at_ms, text) for at_ms, text in history.marks]
    lines = [text for _, text in sorted(moments, key=lambda each: each[0])]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], f"... {len(lines) - _LINES} more ...", *lines[-_LINES // 2 :]]
    return [*lines, f"effects: {'nobody could see them' if effects is None else effects}"]


def fault_of(run: Run, faults: tuple[FaultFact, ...]) -> str:
    """The fault that was on when a run was made, "" when none was."""
    names = (fault.fault for fault in faults if fault.from_ms <= run.at_ms <= fault.to_ms)
    return ", ".join(dict.fromkeys(names))


def happenings(event: EventFact, history: History) -> Iterator[tuple[Run, str]]:
    """Each run with the fault that was on."""
    for run in event.runs:
        yield run, fault_of(run, history.faults)


def _run_line(run: Run, history: History) -> str:
    verb = "resent" if run.trigger is Trigger.RESEND else "sent"
    broken = fault_of(run, history.faults)
    fault = f" [fault on: {broken}]" if broken else ""
    sure = " (it may have arrived)" if run.outcome is Outcome.UNKNOWN else ""
    return f"{verb} {run.at or f'+{run.at_ms} ms'} run {run.number} -> {told(run)}{sure}{fault}"
