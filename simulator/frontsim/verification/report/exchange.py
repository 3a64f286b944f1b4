"""A request and its answer as reports show them: masked, bounded, and as plain text whatever the receiver answered."""

from collections.abc import Iterator, Mapping
from typing import Any

from frontsim.masking import masked, printable
from frontsim.verification.judge.checks import Finding
from frontsim.verification.judge.evidence import ABOUT_ANSWERS, Exchange, ReceivedAnswer, SentRequest
from frontsim.verification.played import Played

MOST_SENT = 16 * 1024
"""Characters of a request's body in data and on a page; `--save-payloads` keeps all."""
_MOST_SENT_LINE = 1_000
_MOST_ANSWER = 4 * 1024
_MOST_LINES = 40


def shown_exchange(finding: Finding, played: Played) -> list[str]:
    """The field on which it hangs; request and answer, where the answer is what the receiver is accused of."""
    exchange = played.exchanges.get(finding.webhook_event_id)
    if exchange is None:
        return []
    lines = [f"depends on: {printable(masked(exchange.provenance))}"] if exchange.provenance else []
    return [*lines, *exchange_lines(exchange)] if finding.class_ in ABOUT_ANSWERS else lines


def exchange_lines(exchange: Exchange) -> Iterator[str]:
    """The lines of both."""
    yield from request_lines(exchange.request)
    yield from answer_lines(exchange.answer)


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
        yield f"  ... {len(lines) - _MOST_LINES:,} more lines"
    if not answer.body:
        yield "  (no body)"


def request_as_data(exchange: Exchange | None) -> dict[str, Any] | None:
    """A request for `--json`; None where it is not known."""
    if exchange is None:
        return None
    request = exchange.request
    return {
        "method": request.method,
        "url": masked(request.url),
        "headers": _masked_headers(request.headers),
        "body": masked(request.body)[:MOST_SENT],
        "bodyBytes": request.size,
        "changedBy": request.changed_by or None,
    }


def answer_as_data(exchange: Exchange | None) -> dict[str, Any] | None:
    """An answer for `--json`; None if none came, or none is known."""
    if exchange is None or exchange.answer is None:
        return None
    answer = exchange.answer
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
    return text if len(text) <= most else f"{text[:most]}... {len(text) - most:,} more characters"
