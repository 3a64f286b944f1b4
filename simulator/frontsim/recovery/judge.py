"""Verdicts on a job by its clauses: pure.

missed            a failed event was not resent
resent-delivered  an event that had arrived, or was on its way, was sent again
hammered          the job asked on and on, against Retry-After or at a receiver that is down
endless           the job did not end
gave-up-early     one failure kept others from being resent, or an event was given up that a later start should try
silent            something was left and the exit code was 0
leaked            a key stands in the job's output
crashed           the job died of what it read
unsubscribed      a subscription no longer brings each event to the receiver once
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path

from frontsim import bundled
from frontsim.recovery.case import Call, Case, CaseHistory, Operation, PastEvent, PastState, Start, StartEnding
from frontsim.verdicts import MUST, Contract, Verdict, read
from frontsim.wording import counted, times

MOST_RESENDS_OF_ONE = 10
"""Resends of one event in one start of the job that are not a fault yet."""
MOST_CALLS_WHILE_ASKED_TO_WAIT = 16
"""Calls that may be under way when the API asks to wait."""
MOST_SERIAL_CALLS_WHILE_ASKED_TO_WAIT = 4
"""The same for a job whose calls never overlap: it has read the answer before it makes the next call."""
_STILL_IN_FLIGHT_S = 0.1
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIGNALLED = 128  # exit codes from here on are a shell's for a signal


@dataclass(frozen=True, slots=True)
class JobFinding:
    """One way in which the job broke its contract; the ids are "" where it is about no single event."""

    class_: str
    clause: str
    detail: str
    event: str = ""
    webhook_event_id: str = ""


@dataclass(frozen=True, slots=True)
class JobJudgement:
    """The verdict on one case: `reason` says why it is unknown or skipped."""

    verdict: Verdict
    reason: str = ""
    findings: tuple[JobFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    class_: str
    detail: str
    event: PastEvent | None = None
    is_of_case: bool = True
    """It has to do with what the case breaks."""


def judge(case: Case, history: CaseHistory, contract: Contract) -> JobJudgement:
    """The verdict on one case."""
    if history.skipped:
        return JobJudgement(Verdict.SKIPPED, history.skipped)
    found = tuple(
        JobFinding(
            class_=each.class_,
            clause=contract.broken_by(each.class_, case.name if each.is_of_case else "").id,
            detail=each.detail,
            event=each.event.event if each.event else "",
            webhook_event_id=each.event.webhook_event_id if each.event else "",
        )
        for rule in _RULES
        for each in rule(case, history)
    )
    if history.starts and not history.calls:
        start = history.starts[0]
        last = start.output.strip().splitlines()[-1:] or ["nothing"]
        reason = f"it ended with {start.exit_code} and printed last: {last[0][:200]}"
        return JobJudgement(Verdict.UNKNOWN, f"the job made no call to FRONTSIM_BASE_URL; {reason}")
    must = {clause.id for clause in contract if clause.severity == MUST}
    if not history.trouble and any(each.clause in must for each in found):
        return JobJudgement(Verdict.VIOLATED, findings=found)
    reason = history.trouble or _why_unknown(history)
    return JobJudgement(Verdict.UNKNOWN if reason else Verdict.VERIFIED, reason, () if reason else found)


def _why_unknown(history: CaseHistory) -> str:
    slow = next((start for start in history.starts if start.ending is StartEnding.TOO_SLOW), None)
    if slow is None:
        return ""
    asked = _asked_to_wait_at_its_end(slow, history)
    if asked:
        return f"the job was still waiting after {slow.duration_s:.0f} s, as Retry-After: {asked:g} asks (--timeout)"
    left = len(slow.still_failing)
    return f"the job was still recovering events after {slow.duration_s:.0f} s, {left} were left (--timeout)"


def _missed(case: Case, history: CaseHistory) -> Iterator[_Seen]:
    """Failed events that no resend has brought to the receiver."""
    last = len(case.starts)
    if any(start.ending is StartEnding.ENOUGH for start in history.starts):
        return
    if any(start.ending is StartEnding.TOO_SLOW and not _is_stuck(start, history) for start in history.starts):
        return
    for event in history.events:
        if event.state is not PastState.FAILED or event.due > last or event.arrived:
            continue
        if event.hopeless and event.resends:
            continue
        refused = next((call for call in history.calls if is_refused(call, event)), None)
        if refused and not any(each.resends for each in history.events):
            yield _Seen("missed", _how_refused(event, refused), event, is_of_case=False)
            continue
        died = any(_died(start) for start in history.starts if start.ending is StartEnding.EXITED)
        class_ = "crashed" if died and case.left != "gave-up-early" else case.left
        yield _Seen(class_, _how_missed(event, history), event)


def _died(start: Start) -> bool:
    """A job that died by a signal, or of an error in its own code, has crashed."""
    code = start.exit_code or 0
    return code < 0 or code > _SIGNALLED or (code != 0 and "Traceback (most recent call last)" in start.output)


def is_refused(call: Call, event: PastEvent) -> bool:
    """The API itself refused a call that names nothing but this event: no such operation, a wrong key or parameter."""
    if call.broken or call.status is None or not 400 <= call.status < 500 or call.retry_after_s:
        return False
    return set(_ID.findall(call.method_and_path.lower())) <= {event.webhook_id, event.webhook_event_id}


def _how_refused(event: PastEvent, call: Call) -> str:
    has_no_such = call.operation is Operation.OTHER and call.status == HTTPStatus.NOT_FOUND
    why = ", which is no operation of the API" if has_no_such else ""
    return f"{_created(event)}: never resent; the API answered {call.status} to {call.method_and_path}{why}"


def _created(event: PastEvent) -> str:
    return f"created {event.created}" + (f" ({event.about})" if event.about else "")


def _how_missed(event: PastEvent, history: CaseHistory) -> str:
    created = _created(event)
    if event.resends:
        return f"{created}: resent {times(len(event.resends))}, and not again after that failed"
    lists = [call for call in history.calls if call.operation is Operation.LIST and call.webhook_id == event.webhook_id]
    if not lists:
        return f"{created}: its webhook was never listed"
    windows = dict.fromkeys(f"{call.query.get('from', '?')} to {call.query.get('to', '?')}" for call in lists)
    return f"{created}: never resent; its webhook was listed from {', from '.join(list(windows)[:3])}"


def _resent_delivered(_: Case, history: CaseHistory) -> Iterator[_Seen]:
    """Events that the receiver got again, or might have, although they had arrived or were on their way."""
    for event in history.events:
        if event.state is PastState.PENDING and event.resends:
            yield _Seen("resent-delivered", "resent while its first delivery was still on its way", event)
            continue
        arrived = [number for number, run in enumerate(event.runs) if run.is_received]
        if not arrived:
            continue
        again = [run for run in event.runs[arrived[0] + 1 :] if run.is_resend]
        if again:
            when = "at first" if arrived[0] == 0 else f"with run {arrived[0] + 1}"
            yield _Seen("resent-delivered", f"it arrived {when}, and was resent {times(len(again))} after that", event)


def _hammered(_: Case, history: CaseHistory) -> Iterator[_Seen]:
    """More than a patient job asks for."""
    by_id = {event.webhook_event_id: event for event in history.events}
    resends = Counter(
        (call.start, call.webhook_event_id) for call in history.calls if call.operation is Operation.RESEND
    )
    endless = {start.number for start in history.starts if start.ending is StartEnding.ENDLESS}
    for (start, event_id), count in resends.items():
        if count > MOST_RESENDS_OF_ONE and start not in endless:
            yield _Seen("hammered", f"asked for its resend {count} times in one start of the job", by_id.get(event_id))
    for call in history.calls:
        if call.retry_after_s:
            is_serial = _is_serial(call.start, history)
            early = _calls_while_asked_to_wait(call, history, grace_s=0.0 if is_serial else _STILL_IN_FLIGHT_S)
            most = MOST_SERIAL_CALLS_WHILE_ASKED_TO_WAIT if is_serial else MOST_CALLS_WHILE_ASKED_TO_WAIT
            if len(early) > most:
                asked = f"{call.status} with Retry-After: {call.retry_after_s:g}"
                yield _Seen(
                    "hammered",
                    f"made {counted(len(early), 'call')} in the seconds that the answer {asked} had asked to wait",
                )
                return


def _is_serial(start: int, history: CaseHistory) -> bool:
    """A start of the job is serial if no two of its calls overlap: it reads each answer before its next call."""
    own = sorted((call for call in history.calls if call.start == start), key=lambda call: call.began_s)
    return all(before.ended_s <= after.began_s for before, after in pairwise(own))


def _calls_while_asked_to_wait(asked: Call, history: CaseHistory, *, grace_s: float) -> list[Call]:
    first, last = asked.ended_s + grace_s, asked.ended_s + asked.retry_after_s - _STILL_IN_FLIGHT_S
    return [call for call in history.calls if call.start == asked.start and first < call.began_s < last]


def _endless(_: Case, history: CaseHistory) -> Iterator[_Seen]:
    """A start of the job that had to be stopped."""
    for start in history.starts:
        if start.ending is StartEnding.ENDLESS:
            yield _Seen("endless", f"start {start.number} resent one event again and again, without end")
        elif start.ending is StartEnding.TOO_SLOW and _is_stuck(start, history):
            yield _Seen(
                "endless", f"start {start.number} had not ended after {start.duration_s:.0f} s, and did nothing more"
            )


def _is_stuck(start: Start, history: CaseHistory) -> bool:
    """It made calls, but none in the last half of its time, and the API had not asked it to wait."""
    ends = [call.ended_s for call in history.calls if call.start == start.number]
    if not ends or _asked_to_wait_at_its_end(start, history):
        return False
    return start.ended_s - max(ends) > start.duration_s / 2


def _asked_to_wait_at_its_end(start: Start, history: CaseHistory) -> float:
    """The Retry-After that reaches past the end of a start, 0 when there is none."""
    own = [call for call in history.calls if call.start == start.number]
    return max((call.retry_after_s for call in own if call.ended_s + call.retry_after_s > start.ended_s), default=0.0)


def _silent(case: Case, history: CaseHistory) -> Iterator[_Seen]:
    """Exit code 0 with something left that the job should have seen."""
    for start in history.starts:
        if start.ending is not StartEnding.EXITED or start.exit_code != 0 or case.starts[start.number - 1].copies > 1:
            continue
        left = [
            event
            for event in history.events
            if event.state is PastState.FAILED
            and event.due <= start.number
            and event.webhook_event_id in start.still_failing
        ]
        own = [call for call in history.calls if call.start == start.number]
        seen = {call.webhook_event_id for call in own if call.operation is Operation.RESEND}
        tried = [event for event in left if event.webhook_event_id in seen]
        unlisted = _lists_that_failed(history, start)
        if tried:
            yield _Seen(
                "silent",
                f"start {start.number} ended with exit code 0; its resends left {len(tried)} failing",
                tried[0],
            )
        elif left and unlisted:
            yield _Seen("silent", f"start {start.number} ended with exit code 0, though {unlisted}", left[0])


def _lists_that_failed(history: CaseHistory, start: Start) -> str:
    """The job knew that something was wrong if the last list of a webhook was refused."""
    last: dict[str, Call] = {}
    for call in history.calls:
        if call.start == start.number and call.operation is Operation.LIST:
            last[call.webhook_id] = call
    failed = [call for call in last.values() if call.broken not in ("", "slow")]
    return f"its last list got {failed[0].status or 'no answer'}" if failed else ""


def _leaked(_: Case, history: CaseHistory) -> Iterator[_Seen]:
    names = dict.fromkeys(name for start in history.starts for name in start.leaked)
    if names:
        yield _Seen("leaked", f"printed {' and '.join(names)}")


def _unsubscribed(_: Case, history: CaseHistory) -> Iterator[_Seen]:
    """Subscriptions that do not deliver as before: once for each type, after the first start that left it so."""
    told = set[str]()
    for start in history.starts:
        for each in start.broken_subscriptions:
            if each.event not in told:
                told.add(each.event)
                arrives = "was not delivered" if not each.arrived else f"arrived {times(each.arrived)}"
                if each.arrived and each.due > 1:
                    arrives += f" instead of {times(each.due)}"
                now = f"goes to {', '.join(each.urls)}" if each.urls else "has no webhook any more"
                yield _Seen("unsubscribed", f"after start {start.number} {each.event} {now}: a new event {arrives}")


_RULES: Sequence[Callable[[Case, CaseHistory], Iterator[_Seen]]] = (
    _missed,
    _resent_delivered,
    _hammered,
    _endless,
    _silent,
    _leaked,
    _unsubscribed,
)


CLASSES = (
    *("missed", "resent-delivered", "hammered", "endless", "gave-up-early", "silent", "leaked", "crashed"),
    "unsubscribed",
)


def job_contract(file: Path | None = None) -> Contract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    return read(file or bundled.folder("contracts") / "job.toml", CLASSES, plays="cases")
