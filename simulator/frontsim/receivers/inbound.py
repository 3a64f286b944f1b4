"""A receiver's input: the raw request, and the event that it holds.

The receiver answers 4xx only to what it can never process: no event id, no type, no JSON, not an object. It takes
everything else: unknown fields, nulls, new types. A refused event stays refused however often it is resent, so a
receiver refuses as little as it can.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.errors import BadInput

BOM = b"\xef\xbb\xbf"
LONGEST_ID = 200
_HEADER = re.compile(r"[0-9A-Za-z!#$%&'*+.^_`|~-]+")


class Refused(Exception):
    """The request can never be processed. The answer is `status`, a 4xx, and nothing is stored."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class EventHeaders:
    """The headers that carry what a delivery's body does not say. The vendor does not publish their names.

    Raises:
        BadInput: not the name of a header.
    """

    event_id: str = "X-Webhook-Event-Id"
    webhook_id: str = "X-Webhook-Id"
    event: str = "X-Webhook-Event"

    def __post_init__(self) -> None:
        for name in (self.event_id, self.webhook_id, self.event):
            if not _HEADER.fullmatch(name):
                raise BadInput(f"expected the name of a header such as X-Webhook-Event-Id, got {name[:100]!r}")


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request before it is read. `path_type` is the type in the URL (`/hook/SaleCreated`), or empty."""

    event_id: str
    webhook_id: str
    event: str
    path_type: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as the receiver has read it. `body` holds the bytes of its payload."""

    event_id: str
    webhook_id: str
    type: str
    payload: Mapping[str, Any]
    body: bytes


def read_event(request: RawRequest) -> ReceivedEvent:
    """Read the event out of a request.

    Raises:
        Refused: 400 if the event id or the type is missing, or the body is not a JSON object; 415 if the content
            type is not JSON in UTF-8.
    """
    if not request.event_id or len(request.event_id) > LONGEST_ID:
        raise Refused(400, f"expected a header with the event's id of 1 to {LONGEST_ID} characters")
    event_type = request.event or request.path_type
    if not event_type:
        raise Refused(400, "expected the event's type in a header or in the URL (/hook/SaleCreated)")
    check_content_type(request.content_type)
    body = request.body.removeprefix(BOM)
    return ReceivedEvent(request.event_id, request.webhook_id, event_type, read_object(body), body)


def check_content_type(content_type: str) -> None:
    """Refuse, with 415, a content type other than JSON, or a character set other than UTF-8."""
    kind, *parameters = content_type.lower().split(";")
    if kind.strip() != "application/json" and not kind.strip().endswith("+json"):
        raise Refused(415, f"expected Content-Type: application/json, got {content_type[:100]!r}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(415, f"expected JSON in UTF-8, got {content_type[:100]!r}")


def read_object(body: bytes) -> Mapping[str, Any]:
    """Parse a payload; refuse, with 400, what is not a JSON object."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"expected JSON, got {error}") from None
    if not isinstance(payload, dict):
        raise Refused(400, f"expected a JSON object, got {type(payload).__name__}")
    return payload


def value_at(payload: Mapping[str, Any], path: str) -> str | int | float | None:
    """The text or number at a dotted path; None if there is none, whatever the payload looks like."""
    value: Any = payload
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) else None
