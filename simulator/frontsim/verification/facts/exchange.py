"""What was sent and what the receiver answered, as far as the log keeps it: the evidence of a finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from frontsim.client.models import AnsweredRun, RunRequest, SentEvent
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.content import is_copy
from frontsim.verification.facts.history import EventFact

ABOUT_ANSWERS = (Class.REJECTED, Class.CRASHED)
"""The classes that an answer is the reason for."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A delivery as it went out: `body` is whole, or the first 64 KiB of one that a fault changed. `size` counts bytes.

    `changed_by` is the fault that changed it on the way, "" for none.
    """

    url: str
    headers: Mapping[str, str]
    body: str
    size: int
    changed_by: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class ReceivedAnswer:
    """What the receiver answered to a run: the beginning of its body, and of a refusal the headers."""

    run: int | None
    status_code: int
    status: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The request of a run, and its answer; None where none came.

    Attributes:
        provenance: on which field the finding depends, and where that is known from; "" where it depends on none.
        is_guess: it depends on a null that no source shows, so the vendor may never send it.
    """

    request: SentRequest
    answer: ReceivedAnswer | None
    provenance: str = ""
    is_guess: bool = False


def telling_run(runs: Sequence[AnsweredRun], class_: Class, *, changing: Sequence[str]) -> AnsweredRun | None:
    """The run that shows best why an event has its class: the last refusal, or what was acknowledged last.

    Args:
        runs: of the event.
        class_: what it is accused of.
        changing: the faults that change a body on the way and leave the answer the receiver's own.
    """
    own = [run for run in runs if not run.fault or run.fault in changing]
    refused = [run for run in own if run.status_code is not None and not 200 <= run.status_code < 300]
    taken = [run for run in own if run.status_code is not None and 200 <= run.status_code < 300]
    order = (refused, taken) if class_ in ABOUT_ANSWERS else (taken, refused)
    return next((run for found in order for run in reversed(found)), None)


def exchange_of(event: SentEvent, run: AnsweredRun | None, request: RunRequest | None) -> Exchange:
    """The exchange of a run; without one, the request that delivers the event while no fault is on."""
    if run is None or request is None:
        return Exchange(SentRequest(event.url, event.headers, event.body, len(event.body.encode())), None)
    start, *lines = request.head.split("\n")
    is_cut = request.size > len(request.body.encode())
    body = event.body if is_cut and not run.fault else request.body
    sent = SentRequest(event.url, _headers(lines), body, request.size, run.fault, start.partition(" ")[0])
    if run.status_code is None:
        return Exchange(sent, None)
    headers = _headers(run.answer_head.split("\n"))
    return Exchange(sent, ReceivedAnswer(run.run, run.status_code, run.status, run.answer, headers))


def payload_in(exchange: Exchange, event: EventFact) -> Any:
    """The payload in a body of any shape; None where none is recognised."""
    try:
        body = orjson.loads(exchange.request.body)
    except orjson.JSONDecodeError:
        return None
    inner = body.values() if isinstance(body, dict) else ()
    return next((each for each in (body, *inner) if is_copy(event.payload, each)), None)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    """Headers by name; the values of a repeated header stand side by side."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if colon:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found
