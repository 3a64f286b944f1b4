"""A request and its answer: facts that reports show masked, bounded, and as plain text whatever was answered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from frontsim.masking import masked, printable
from frontsim.wording import counted

MOST_SENT = 16 * 1024
"""Characters of a request's body in data and on a page; `--save-payloads` keeps all."""
_MOST_SENT_LINE = 1_000
_MOST_ANSWER = 4 * 1024
_MOST_LINES = 40


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
    """The receiver's answer to a run: the beginning of its body, and of a refusal the headers."""

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


def request_lines(request: SentRequest) -> Iterator[str]:
    """The request line, the headers and the beginning of the body."""
    changed = f" (as {request.changed_by} changed it on the way)" if request.changed_by else ""
    yield f"request: {request.method} {printable(masked(request.url))}{changed}"
    yield from _headers(request.headers)
    yield f"  {_cut(printable(masked(request.body)), _MOST_SENT_LINE)}"


def answer_lines(answer: ReceivedAnswer | None) -> Iterator[str]:
    """The receiver's answer; its own line breaks stay, and nothing else that moves a cursor."""
    if answer is None:
        yield "answer: none"
        return
    yield f"answer: {answer.status_code} {printable(answer.status)}"
    yield from _headers(answer.headers)
    lines = _cut(masked(answer.body), _MOST_ANSWER).splitlines()
    yield from (f"  {printable(line)}" for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"  ... {counted(len(lines) - _MOST_LINES, 'more line')}"
    if not answer.body:
        yield "  (no body)"


def request_as_data(request: SentRequest) -> dict[str, Any]:
    """A request for `--json`."""
    return {
        "method": request.method,
        "url": masked(request.url),
        "headers": _masked_headers(request.headers),
        "body": masked(request.body)[:MOST_SENT],
        "bodyBytes": request.size,
        "changedBy": request.changed_by or None,
    }


def answer_as_data(answer: ReceivedAnswer) -> dict[str, Any]:
    """An answer for `--json`."""
    return {
        "run": answer.run,
        "statusCode": answer.status_code,
        "status": answer.status,
        "headers": _masked_headers(answer.headers),
        "body": masked(answer.body)[:_MOST_ANSWER],
    }


def _headers(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        yield f"  {printable(masked(f'{name}: {value}'))}"


def _masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: masked(f"{name}: {value}").partition(": ")[2] for name, value in headers.items()}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... {counted(len(text) - most, 'more character')}"
