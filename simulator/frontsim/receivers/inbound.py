"""What comes to a receiver: the request as it came, and what it says once it has been understood.

Refused with 4xx is what can never be processed: no event id, no type, no JSON, not an object. Everything
else is taken: fields that nobody knows, nulls, types that are new. An event that is refused can be sent
again for ever and will be refused for ever, so a receiver refuses as little as it can.
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
    """What came can never be processed: it is answered with `status`, a 4xx, and nothing is kept of it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class EventHeaders:
    """In which headers a delivery carries what its body does not say (their names are open: settings).

    Raises:
        BadInput: that is no header's name.
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
    """A request as it came. `path_type` is the type in the URL (`/hook/SaleCreated`), if there is one."""

    event_id: str
    webhook_id: str
    event: str
    path_type: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as the receiver has understood it. `body` is its payload, byte for byte as it came."""

    event_id: str
    webhook_id: str
    event: str
    payload: Mapping[str, Any]
    body: bytes


def read_notice(arrival: RawRequest) -> ReceivedEvent:
    """Understand a request.

    Raises:
        Refused: 400 without an event id or type, or if the body is not a JSON object; 415 if it does not
            call itself JSON in UTF-8.
    """
    if not arrival.event_id or len(arrival.event_id) > LONGEST_ID:
        raise Refused(400, f"expected a header with the event's id of 1 to {LONGEST_ID} characters")
    event = arrival.event or arrival.path_type
    if not event:
        raise Refused(400, "expected the event's type in a header or in the URL (/hook/SaleCreated)")
    check_content_type(arrival.content_type)
    body = arrival.body.removeprefix(BOM)
    return ReceivedEvent(arrival.event_id, arrival.webhook_id, event, read_object(body), body)


def check_content_type(content_type: str) -> None:
    """Refuse with 415 what does not call itself JSON, or is in another character set than UTF-8."""
    kind, *parameters = content_type.lower().split(";")
    if kind.strip() != "application/json" and not kind.strip().endswith("+json"):
        raise Refused(415, f"expected Content-Type: application/json, got {content_type[:100]!r}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(415, f"expected JSON in UTF-8, got {content_type[:100]!r}")


def read_object(body: bytes) -> Mapping[str, Any]:
    """Parse a payload; refuse with 400 what is not whole JSON or not an object."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"expected JSON, got {error}") from None
    if not isinstance(payload, dict):
        raise Refused(400, f"expected a JSON object, got {type(payload).__name__}")
    return payload


def value_at(payload: Mapping[str, Any], path: str) -> str | int | float | None:
    """The text or number at a dotted path, or None where there is none: no payload is too odd to be looked into."""
    value: Any = payload
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) else None
