"""The shape of a delivery: what stands around the payload in the body, and which fixed headers it has.

The vendor's real shape is open, and receivers assume different ones. `bare` is what the vendor's log suggests: the
payload is the body. The log always keeps the bare payload.

    payload {"saleId": 1}
    bare      {"saleId": 1}
    typed     {"type": "SaleCreated", "id": "...", "saleId": 1}
    event     {"event": "SaleCreated", "saleId": 1}
    envelope  {"event": "SaleCreated", "id": "...", "data": {"saleId": 1}}

A body has each name once. If the payload has a field of the same name (`type` of StockMovementCreated), the shape's
replaces it, because the receiver reads the event's type there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from frontsim.clock import WireTime
from frontsim.domain.model import Delivery

Value = str | int | None

FACTS: Mapping[str, Callable[[Delivery, WireTime], Value]] = {
    "event": lambda delivery, _: delivery.event,
    "webhookEventId": lambda delivery, _: delivery.webhook_event_id,
    "webhookId": lambda delivery, _: delivery.webhook_id,
    "storeId": lambda delivery, _: delivery.store_id,
    "createdDateTime": lambda delivery, wire_time: wire_time.write(delivery.created_at),
    "run": lambda delivery, _: delivery.run,
}
"""The facts about a delivery that a shape can carry, by name."""

PAYLOAD = "payload"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
EVENT_IN_URL = "{event}"


@dataclass(frozen=True, slots=True)
class Part:
    """A placeholder of an envelope; `in_text` when it is a part of a longer text."""

    name: str
    in_text: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryShape:
    """A shape. It has `fields` or an `envelope`, or neither.

    Attributes:
        fields: facts by the name of the top-level field that holds them.
        envelope: the body as JSON, with a `Part` for each placeholder.
        headers: further headers and their values.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    envelope: Sequence[bytes | Part] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_body(self) -> bool:
        """Whether the body is the payload itself."""
        return not self.fields and not self.envelope

    def body(self, delivery: Delivery, wire_time: WireTime) -> bytes:
        """The body of a delivery. Fields can only be added to an object: another payload stays as it is."""
        if self.envelope:
            return b"".join([_filled(part, delivery, wire_time) for part in self.envelope])
        if not self.fields:
            return delivery.body
        added = {name: FACTS[fact](delivery, wire_time) for name, fact in self.fields.items()}
        return _with_fields(delivery.body, added)

    def as_sent(self, payload: Any, *, event: str, webhook_id: str, webhook_event_id: str) -> Any:
        """The payload as the receiver can know it: without what the fields of the shape replaced.

        A replaced field has its new value where every run of the event has the same; else it is left out.
        """
        if not isinstance(payload, dict) or self.fields.keys().isdisjoint(payload):
            return payload
        known = {"event": event, "webhookId": webhook_id, "webhookEventId": webhook_event_id}
        replaced = {name: known.get(fact) for name, fact in self.fields.items() if name in payload}
        merged = {**payload, **replaced}
        return {name: value for name, value in merged.items() if name not in replaced or replaced[name] is not None}


BARE = DeliveryShape()
"""The payload as the body."""


def envelope_of(template: Mapping[str, Any]) -> tuple[bytes | Part, ...]:
    """Compile a JSON template. A text that is one placeholder becomes its value, one within a text its text.

    `{"data": "{payload}", "about": "a {event}"}` gives
    `(b'{"data":', Part("payload"), b',"about":"a ', Part("event", in_text=True), b'"}')`.

    Raises:
        KeyError: an unknown placeholder.
        TypeError: a value that JSON does not have.
    """
    parts: list[bytes | Part] = []
    text = orjson.dumps(template).decode()
    at = 0
    for match in PLACEHOLDER.finditer(text):
        name = match[1]
        if name != PAYLOAD and name not in FACTS:
            raise KeyError(name)
        start, end = match.span()
        whole = text[start - 1] == '"' == text[end] and text[start - 2] in ":[," and text[end + 1] != ":"
        parts += [text[at : start - whole].encode(), Part(name, in_text=not whole)]
        at = end + whole
    return (*parts, text[at:].encode())


def filled_url(url: str, event: str) -> str:
    """A webhook's URL with the event type for `{event}`."""
    return url.replace(EVENT_IN_URL, event) if EVENT_IN_URL in url else url


def _filled(part: bytes | Part, delivery: Delivery, wire_time: WireTime) -> bytes:
    if isinstance(part, bytes):
        return part
    if part.name == PAYLOAD:
        return orjson.dumps(delivery.body.decode())[1:-1] if part.in_text else delivery.body
    value = FACTS[part.name](delivery, wire_time)
    if not part.in_text:
        return orjson.dumps(value)
    return orjson.dumps("" if value is None else str(value))[1:-1]


def _with_fields(body: bytes, added: Mapping[str, Value]) -> bytes:
    """An object with further fields in front of its own.

    The bytes of the payload stay as they are, unless it has one of the names.
    """
    own = body.lstrip()
    if not own.startswith(b"{"):
        return body
    if any(orjson.dumps(name) in own for name in added):
        payload = orjson.loads(own)
        own = orjson.dumps({name: value for name, value in payload.items() if name not in added})
    rest = own[1:].lstrip()
    separator = b"" if rest.startswith(b"}") else b","
    return orjson.dumps(added)[:-1] + separator + rest
