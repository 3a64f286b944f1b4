"""Decides what a fault rule makes of a delivery and of its payload. Pure.

Each mutation is a pure function of the body and a number, so the same event is broken in the same way each time. A
payload that a mutation does not fit (for example, none of its fields may be null) is sent as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.delivery.send_plan import (
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    SendPlan,
    give_up,
    partial_body,
    slow_body,
    slow_headers,
)
from frontsim.domain.faults import FAULTS, FaultRule, FaultStage
from frontsim.domain.model import Outcome, Result, StatusText, of_status
from frontsim.schemas.read import Document, Place, document_of

_NEVER_ARRIVES = {
    "refuse": StatusText.CONNECTION_REFUSED,
    "dns-failure": StatusText.NAME_NOT_RESOLVED,
    "connect-timeout": StatusText.CONNECT_TIMEOUT,
    "tls-failure": StatusText.TLS_FAILED,
}
_SEND_PLANS: Mapping[str, Callable[[FaultRule], SendPlan]] = {
    "partial-body": lambda rule: partial_body(share=rule.param("fraction")),
    "slow-headers": lambda rule: slow_headers(rate=rule.param("bytesPerS")),
    "slow-body": lambda rule: slow_body(rate=rule.param("bytesPerS")),
    "lost-response": lambda _: LOST_RESPONSE,
    "reset-after-send": lambda _: RESET_AFTER_SEND,
    "timeout": lambda rule: give_up(after_s=rule.param("afterS")),
}


def send_plan(rule: FaultRule) -> SendPlan:
    """How a delivery is sent that reaches the receiver in part, or whose answer does not count."""
    return _SEND_PLANS[rule.fault](rule)


def result_in_log(rule: FaultRule) -> Result:
    """Gives the log's result of a delivery that never arrives, or about which the log lies."""
    if rule.fault in _NEVER_ARRIVES:
        return Result(Outcome.NOT_SENT, str(_NEVER_ARRIVES[rule.fault]), duration_ms=0)
    status = 200 if rule.fault == "false-success" else rule.param("status")
    return Result(Outcome.ANSWERED, of_status(status), status, duration_ms=0)


UNKNOWN_EVENT = "SomethingNewHappened"
UNKNOWN_FIELD = "aFieldOfTomorrow"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class MutatedDelivery:
    """A delivery as the wire sends it: the body, the event type in its header, and the Content-Type (None: JSON's)."""

    body: bytes
    event: str
    content_type: str | None = None


def mutate(
    rule: FaultRule,
    payload: bytes,
    event: str,
    schema: Mapping[str, Any],
    number: int,
    *,
    body_of: Callable[[bytes, str], bytes] = lambda payload, _: payload,
) -> MutatedDelivery:
    """Apply a rule of the stage `CHANGED`. What breaks a field breaks the payload, the rest the whole body.

    Args:
        rule: the mutation and its parameters.
        payload: JSON.
        event: its type.
        schema: the type's schema: which fields may be null, and which are required.
        number: picks a field, for mutations that change one.
        body_of: the body that a payload and an event type are sent as.
    """
    assert FAULTS[rule.fault].stage is FaultStage.CHANGED
    if rule.fault == "unknown-event":
        return MutatedDelivery(body_of(payload, UNKNOWN_EVENT), UNKNOWN_EVENT)
    if rule.fault in _FIELDS:
        return MutatedDelivery(body_of(_with_mutated_field(rule, payload, schema, number), event), event)
    body = body_of(payload, event)
    if rule.fault == "wrong-content-type":
        return MutatedDelivery(body, event, "text/plain; charset=utf-8")
    return MutatedDelivery(_BYTES[rule.fault](rule, body), event)


def _with_mutated_field(rule: FaultRule, payload: bytes, schema: Mapping[str, Any], number: int) -> bytes:
    value = orjson.loads(payload)
    if not isinstance(value, dict):
        return payload
    _FIELDS[rule.fault](rule, value, schema, number)
    try:
        return orjson.dumps(value)
    except TypeError:  # it is nested as deep as orjson can write, and the mutation adds a level
        return payload


def _garbage(_: FaultRule, body: bytes) -> bytes:
    return b"<html>502 Bad Gateway</html>" + body[:0]


def _truncated(rule: FaultRule, body: bytes) -> bytes:
    return body[: min(int(len(body) * rule.param("fraction")), len(body) - 1)]


def _bom(_: FaultRule, body: bytes) -> bytes:
    return _BOM + body


def _duplicate_key(_: FaultRule, body: bytes) -> bytes:
    value = orjson.loads(body)
    if not isinstance(value, dict) or not value:
        return body
    name, first = next(iter(value.items()))
    return b"{" + orjson.dumps(name) + b":" + orjson.dumps(first) + b"," + body.lstrip()[1:]


_BYTES: Mapping[str, Callable[[FaultRule, bytes], bytes]] = {
    "garbage-json": _garbage,
    "truncated-json": _truncated,
    "bom": _bom,
    "duplicate-key": _duplicate_key,
}

_Mutation = Callable[[FaultRule, dict[str, Any], Mapping[str, Any], int], None]


def _unknown_field(_: FaultRule, value: dict[str, Any], __: Mapping[str, Any], ___: int) -> None:
    items = [item for part in value.values() if isinstance(part, list) for item in part if isinstance(item, dict)]
    for item in [value, *items]:
        item[UNKNOWN_FIELD] = {"added": True}


def _null_optional(_: FaultRule, value: dict[str, Any], schema: Mapping[str, Any], number: int) -> None:
    """A customer that is null hides that its e-mail may be: in every second event, nullable objects stay."""
    document = document_of(schema)
    _null_in(value, document, document.top, keeps_objects=number % 2 == 1)


def _missing_field(_: FaultRule, value: dict[str, Any], schema: Mapping[str, Any], number: int) -> None:
    document = document_of(schema)
    required = [name for name in document.required(document.top) if name in value]
    if required:
        del value[required[number % len(required)]]


def _wrong_type(_: FaultRule, value: dict[str, Any], __: Mapping[str, Any], number: int) -> None:
    names = list(value)
    if names:
        name = names[number % len(names)]
        value[name] = {"unexpected": value[name]} if isinstance(value[name], list) else [value[name]]


def _huge(rule: FaultRule, value: dict[str, Any], _: Mapping[str, Any], __: int) -> None:
    value[UNKNOWN_FIELD] = "x" * rule.param("bytes")


_FIELDS: Mapping[str, _Mutation] = {
    "unknown-field": _unknown_field,
    "null-optional": _null_optional,
    "missing-field": _missing_field,
    "wrong-type": _wrong_type,
    "huge": _huge,
}


def _null_in(value: Any, document: Document, place: Place, *, keeps_objects: bool) -> None:
    """Set to null what may be null, and descend into what may not, or what is kept."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            for inner in document.inside(place, str(number))[:1]:
                _null_in(item, document, inner, keeps_objects=keeps_objects)
    if isinstance(value, dict):
        for name, inner in document.fields(place).items():
            if name not in value:
                continue
            if document.allows_null(inner) and not (keeps_objects and isinstance(value[name], dict)):
                value[name] = None
            else:
                _null_in(value[name], document, inner, keeps_objects=keeps_objects)
