"""How a delivery is sent: what a fault rule makes of its payload and its bytes, and with whom it waits at a barrier.

send 1  ... all but the last byte ─┐
send 2  ... all but the last byte ─┼─ all wait or have left ──▶ the last bytes leave in one turn of the event loop
send 3  failed, left ──────────────┘

head ──(head_rate)──▶ body, or a part of it ──(body_rate)──▶ [barrier] last byte ──▶ ending

`WHOLE` sends everything at once; every other plan is a fault. A plan is data; `paced_sender` carries it out.

Each mutation is a pure function of the body and a number, so the same event is broken in the same way each time. A
payload that a mutation does not fit (for example, none of its fields may be null) is sent as it is.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import orjson

from frontsim.domain.faults import FAULTS, FaultRule, FaultStage
from frontsim.domain.model import Outcome, Result, StatusText, of_status
from frontsim.schemas.read import Document, Place, document_of


class Barrier:
    """Opens once, when each of its parties either waits at it or has left.

    A party that fails, or is never sent, must leave, so that it does not hold up the others.

    Args:
        parties: how many sends share it.

    Raises:
        ValueError: fewer than one party.
    """

    def __init__(self, parties: int) -> None:
        if parties < 1:
            raise ValueError(f"parties: expected 1 or more, got {parties}")
        self._missing = parties
        self._waiting: dict[Hashable, Callable[[], object]] = {}

    def wait(self, party: Hashable, release: Callable[[], object]) -> None:
        """Call `release` in the event loop's next turn after the barrier has opened."""
        if self._missing <= 0:
            asyncio.get_running_loop().call_soon(release)
            return
        self._waiting[party] = release
        self._one_less()

    def leave(self, party: Hashable) -> None:
        """Take a party out: it failed, or it will not be sent."""
        if self._waiting.pop(party, None) is None:
            self._one_less()

    def _one_less(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            waiting, self._waiting = self._waiting, {}
            loop = asyncio.get_running_loop()
            for release in waiting.values():
                loop.call_soon(release)


class Ending(Enum):
    """An ending follows the last byte that is sent."""

    ANSWER = auto()
    """The answer is awaited, and it counts."""
    CLOSE = auto()
    """We close (TCP FIN). No answer counts: *unknown*, `Connection closed`."""
    RESET = auto()
    """A TCP RST, once the receiver's kernel has acknowledged every byte. No answer counts: *unknown*, `Connection
    reset`."""
    LOSE = auto()
    """The whole answer is read, then given out as *unknown*, `Timeout`."""
    GIVE_UP = auto()
    """`after_s` seconds later the delivery ends as *unknown*, `Timeout`, whatever answer has come by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPlan:
    """How one request is sent.

    Args:
        body_bytes: at most this many bytes of the body are sent, and never its last one; Content-Length still
            counts all of them.
        body_share: as `body_bytes`, as a share of the body from 0 to 1, rounded down.
        head_rate: bytes of the head (request line and headers) per second; None is at once.
        body_rate: bytes of the body per second.
        barrier: the last byte waits here until those of all parties may leave together.
        ending: what follows the last byte.
        after_s: seconds, for `Ending.GIVE_UP`.

    Raises:
        ValueError: a number is out of its range, or both limits of the body are given.
    """

    body_bytes: int | None = None
    body_share: float | None = None
    head_rate: float | None = None
    body_rate: float | None = None
    barrier: Barrier | None = None
    ending: Ending = Ending.ANSWER
    after_s: float = 0.0

    def __post_init__(self) -> None:
        if self.body_bytes is not None and self.body_share is not None:
            raise ValueError("expected body_bytes or body_share, got both")
        if self.body_bytes is not None and self.body_bytes < 0:
            raise ValueError(f"body_bytes: expected 0 or more, got {self.body_bytes}")
        if self.body_share is not None and not 0 <= self.body_share <= 1:
            raise ValueError(f"body_share: expected 0 to 1, got {self.body_share}")
        for name in ("head_rate", "body_rate"):
            rate = getattr(self, name)
            if rate is not None and not rate > 0:
                raise ValueError(f"{name}: expected more than 0 bytes per second, got {rate}")
        if not self.after_s >= 0:
            raise ValueError(f"after_s: expected 0 or more seconds, got {self.after_s}")

    @property
    def cuts_body(self) -> bool:
        """A plan cuts the body if a part of it stays behind."""
        return self.body_bytes is not None or self.body_share is not None

    def part_of(self, body: bytes) -> bytes:
        """The bytes of a body that are sent.

        `partial_body(share=0.5).part_of(b"12345")` is `b"12"`; `partial_body(body_bytes=9)` leaves out
        the `5`, because the body would otherwise be whole.
        """
        if self.body_bytes is not None:
            return body[: min(self.body_bytes, len(body) - 1)] if body else body
        if self.body_share is not None:
            return body[: min(int(self.body_share * len(body)), len(body) - 1)] if body else body
        return body


WHOLE = SendPlan()
"""Everything at once; the answer counts."""
LOST_RESPONSE = SendPlan(ending=Ending.LOSE)
"""The receiver finishes, and its whole answer is read and lost."""
RESET_AFTER_SEND = SendPlan(ending=Ending.RESET)
"""Everything at once, then a TCP RST."""


def partial_body(*, body_bytes: int | None = None, share: float | None = None) -> SendPlan:
    """A full Content-Length and a part of the body, then we close. Half of it by default."""
    if body_bytes is None and share is None:
        share = 0.5
    return SendPlan(body_bytes=body_bytes, body_share=share, ending=Ending.CLOSE)


def slow_headers(*, rate: float) -> SendPlan:
    """The head at `rate` bytes per second, then the body at once."""
    return SendPlan(head_rate=rate)


def slow_body(*, rate: float) -> SendPlan:
    """The head at once, then the body at `rate` bytes per second."""
    return SendPlan(body_rate=rate)


def give_up(*, after_s: float) -> SendPlan:
    """Everything at once, and `after_s` seconds later a timeout, whatever has come."""
    return SendPlan(ending=Ending.GIVE_UP, after_s=after_s)


def held(barrier: Barrier) -> SendPlan:
    """All but the last byte at once; the last one together with those of the barrier's other parties."""
    return SendPlan(barrier=barrier)


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


def _garbage(_: FaultRule, __: bytes) -> bytes:
    return b"<html>502 Bad Gateway</html>"


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
