"""What was sent and what the receiver answered, byte for byte as far as the log keeps it: the evidence of a finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from frontsim.client.models import AnsweredRun, SentEvent
from frontsim.verification.facts.classes import Class

ABOUT_ANSWERS = (Class.REJECTED, Class.CRASHED)
"""The classes that an answer is the reason for."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A delivery; `changed_by` is the fault that changed its body on the way, "" for none."""

    url: str
    headers: Mapping[str, str]
    body: str
    changed_by: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class ReceivedAnswer:
    """What the receiver answered to a run; `body` is its beginning."""

    run: int | None
    status_code: int
    status: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The request of a run, and its answer; None where none came."""

    request: SentRequest
    answer: ReceivedAnswer | None


def exchange_of(detail: SentEvent, class_: Class, *, changing: Sequence[str]) -> Exchange:
    """The exchange that shows best why an event has its class: the last refusal, or what was acknowledged last.

    Args:
        detail: the event.
        class_: what it is accused of.
        changing: the faults that change a body on the way and leave the answer the receiver's own.
    """
    own = [run for run in detail.runs if not run.fault or run.fault in changing]
    refused = [run for run in own if run.status_code is not None and not 200 <= run.status_code < 300]
    taken = [run for run in own if run.status_code is not None and 200 <= run.status_code < 300]
    order = (refused, taken) if class_ in ABOUT_ANSWERS else (taken, refused)
    telling = next((run for runs in order for run in reversed(runs)), None)
    changed_by = telling.fault if telling else ""
    return Exchange(SentRequest(detail.url, detail.headers, detail.body, changed_by), _answer(telling))


def _answer(run: AnsweredRun | None) -> ReceivedAnswer | None:
    if run is None or run.status_code is None:
        return None
    return ReceivedAnswer(run.run, run.status_code, run.status, run.answer)
