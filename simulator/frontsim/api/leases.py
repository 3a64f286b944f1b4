"""`/_sim/leases`: deliveries that another program sends, such as the workers of a load test.

    POST /_sim/leases {"count", "event" | "mix", "ttlS"}    -> {"id", "expiresS", "deliveries": [...]}
    POST /_sim/leases {"count", "event", "set", "payloads"} -> the same, with values and a profile as /_sim/trigger has
    POST /_sim/leases {"count", "resend": true}             -> the same, of events that failed before
    POST /_sim/leases/{id} {"outcomes": [...]}              -> {"logged", "ignored", "open"}

The log has a delivery as begun before the caller gets it, so the log stays the single truth. A delivery without a
report ends as *unknown* when its lease runs out, or when the simulator starts again.
"""

import asyncio
import itertools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.clock import Clock, Milliseconds
from frontsim.domain.delivery_request import HeaderNames, filled_url
from frontsim.domain.model import (
    ANSWER_BODY_KEPT,
    ANSWER_HEAD_KEPT,
    Delivery,
    Finished,
    Occurrence,
    Outcome,
    Result,
    StatusText,
    of_status,
    with_known_store,
)
from frontsim.errors import UnknownLease
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import AsyncPayloads
from frontsim.payloads.making.profiles import PROFILES, RECORDED
from frontsim.payloads.world.moments import EventTimes, Ticks
from frontsim.store.event_log import EventLog
from frontsim.user_input.fields import Fields, shown_briefly
from frontsim.user_input.request_body import read_object

MOST_AT_ONCE = 10_000
"""Deliveries in one lease."""
_SHOWN_AT_ONCE = 200  # in some 2 ms
TTL_S = 60.0
"""Seconds until a lease runs out, where the caller names none."""

_Key = tuple[str, int]


@dataclass(slots=True)
class OpenLease:
    """Deliveries without a report, by event id and run."""

    began_at: Milliseconds
    open: dict[_Key, Delivery] = field(default_factory=dict)


class LeaseApi:
    """Hands out deliveries, and logs how each ended."""

    def __init__(
        self,
        *,
        store: EventLog,
        async_payloads: AsyncPayloads,
        payloads: Payloads,
        event_times: EventTimes,
        clock: Clock,
        headers: HeaderNames,
        body_of: Callable[[Delivery], bytes] = attrgetter("body"),
    ) -> None:
        self._store = store
        self._async_payloads = async_payloads
        self._payloads = payloads
        self._event_times = event_times
        self._clock = clock
        self._headers = headers
        self._body_of = body_of
        self._leases: dict[str, OpenLease] = {}
        self._numbers = itertools.count(1)
        self.routes = [
            Route("/_sim/leases", self.hand_out, methods=["POST"]),
            Route("/_sim/leases/{id}", self.report, methods=["POST"]),
        ]

    async def hand_out(self, request: Request) -> Response:
        """Raise occurrences (or take failed events) and hand out their runs."""
        fields = Fields(await read_object(request, any_type=True), any_case=True)
        fields.only("count", "event", "mix", "payloads", "resend", "set", "ttlS")
        count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
        ttl_s = fields.number("ttlS", least=0.01, most=3600) or TTL_S
        event = fields.text("event", "the name of an event type")
        mix = _mix(fields)
        resend = bool(fields.flag("resend"))
        set_, profile = fields.mapping("set") or {}, fields.choice("payloads", (*PROFILES, RECORDED))
        if set_ and event is None:
            fields.note("set", 'expected "event" beside it: the paths are those of one type')
        if sum([event is not None, bool(mix), resend]) != 1 and not fields.problems:
            fields.note("event", 'expected one of "event", "mix" and "resend": true')
        fields.check()
        self._store.refuse_if_full()
        if resend:
            deliveries = await self._store.lease_resends(count)
        else:
            deliveries = await self._raise(count, mix or {event or "": 1}, set_, profile)
        lease_id = self._open(deliveries, ttl_s)
        shown = []
        for place in range(0, len(deliveries), _SHOWN_AT_ONCE):
            some = [self._shown(delivery) for delivery in deliveries[place : place + _SHOWN_AT_ONCE]]
            shown.append(orjson.dumps(some)[1:-1])
            await asyncio.sleep(0)  # others have their turn
        found = orjson.Fragment(b"[%b]" % b",".join(shown))
        return json({"id": lease_id, "expiresS": ttl_s, "deliveries": found}, 201)

    async def report(self, request: Request) -> Response:
        """Log how deliveries of one lease ended, in one batch; each is logged once."""
        lease_id = request.path_params["id"]
        fields = Fields(await read_object(request, any_type=True), any_case=True)
        fields.only("outcomes")
        outcomes = _outcomes(fields)
        fields.check()
        lease = self._leases.get(lease_id)
        if lease is None:
            raise UnknownLease(
                f"no open lease {lease_id[:64]}: all of it was reported, it ran out (then its deliveries are "
                "logged as unknown), or there never was one"
            )
        logged = 0
        for key, result in outcomes:
            delivery = lease.open.pop(key, None)
            if delivery is not None:
                self._store.finish(Finished(delivery, result, lease.began_at))
                logged += 1
        if not lease.open:
            self._leases.pop(lease_id, None)
        await self._store.wake()  # returns when they are in the log
        return json({"logged": logged, "ignored": len(outcomes) - logged, "open": len(lease.open)})

    def forget(self) -> None:
        """Drop every lease: the log was reset."""
        self._leases.clear()

    async def _raise(
        self, count: int, mix: Mapping[str, float], set_: Mapping[str, Any], profile: str | None
    ) -> list[Delivery]:
        while True:
            era, first = self._store.era, self._store.take_numbers(count)
            at, events = self._event_times.take(count), _spread(mix, count, first)

            def make(events: Sequence[str] = events, first: int = first, at: Ticks = at) -> Sequence[Occurrence]:
                built = (
                    self._payloads.build(event, first + place, at=at + place, profile=profile)
                    for place, event in enumerate(events)
                )
                return [self._payloads.changed(each, set_) for each in built]

            if set_:
                made = await self._async_payloads.in_thread(make)
            else:
                made = await self._async_payloads.make(events, first, at=at, profile=profile)
            if era == self._store.era:  # else a reset came in between and hands these numbers out again
                return await self._store.lease([with_known_store(item) for item in made], first)

    def _open(self, deliveries: list[Delivery], ttl_s: float) -> str:
        lease_id = str(next(self._numbers))
        if deliveries:
            lease = OpenLease(self._clock.now(), {(item.webhook_event_id, item.run): item for item in deliveries})
            self._leases[lease_id] = lease
            asyncio.get_running_loop().call_later(ttl_s, self._expire, lease_id, lease)
        return lease_id

    def _expire(self, lease_id: str, lease: OpenLease) -> None:
        if self._leases.get(lease_id) is lease:
            del self._leases[lease_id]
            for delivery in lease.open.values():
                self._store.finish(
                    Finished(delivery, Result(Outcome.UNKNOWN, StatusText.LEASE_EXPIRED), lease.began_at)
                )

    def _shown(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "webhookId": delivery.webhook_id,
            "webhookEventId": delivery.webhook_event_id,
            "event": delivery.event,
            "run": delivery.run,
            "trigger": delivery.trigger,
            "url": filled_url(delivery.url, delivery.event),
            "headers": self._headers.of(delivery),
            "body": self._body_of(delivery).decode(),
        }


def _mix(fields: Fields) -> dict[str, float]:
    """Event types and their weights."""
    mix = fields.mapping("mix") or {}
    for event, weight in mix.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1_000_000:
            fields.note("mix", f"expected a weight above 0 for {event[:64]}, got {shown_briefly(weight)}")
            return {}
    return dict(mix)


def _spread(mix: Mapping[str, float], count: int, first: int) -> list[str]:
    """`count` types in the proportions of their weights, in an order that follows from the numbers alone."""
    names = list(mix)
    *bounds, total = itertools.accumulate(mix.values())  # the last type takes all above the last bound
    golden = 0.6180339887498949  # its multiples fill the unit interval evenly
    return [names[bisect_right(bounds, (first + index) * golden % 1 * total)] for index in range(count)]


def _outcomes(fields: Fields) -> list[tuple[_Key, Result]]:
    """The outcomes of a report; one that is wrong is noted, and the rest is not read."""
    read: list[tuple[_Key, Result]] = []
    for index, item in enumerate(fields.items("outcomes", required=True) or []):
        where = f"outcomes[{index}]"
        if not isinstance(item, dict):
            fields.note(where, f"expected an object, got {shown_briefly(item)}")
        found = None if fields.problems else _outcome(Fields(item, at=where, any_case=True, problems=fields.problems))
        if found is None:
            break
        read.append(found)
    return read


def _outcome(fields: Fields) -> tuple[_Key, Result] | None:
    """One outcome; None where it is wrong.

    `{"webhookEventId", "run", "outcome", "statusCode", "durationMs", "answer": {"headers": {...}, "body": "..."}}`
    """
    fields.only("webhookEventId", "run", "outcome", "statusCode", "durationMs", "answer")
    status_code = fields.whole("statusCode", least=100, most=599)
    duration_ms = fields.whole("durationMs", least=0, most=86_400_000)
    run = fields.whole("run", least=1, most=2**31) or 1
    event_id = _event_id(fields)
    outcome = _how_far(fields, answered=status_code is not None)
    body, head = _answer(fields, answered=status_code is not None)
    if event_id is None or fields.problems:
        return None
    if status_code is not None:
        status = of_status(status_code)
    else:
        status = StatusText.TIMEOUT if outcome is Outcome.UNKNOWN else StatusText.CONNECTION_FAILED
    return (event_id, run), Result(outcome, str(status), status_code, duration_ms, body, head)


def _event_id(fields: Fields) -> str | None:
    try:
        return str(UUID(str(fields.raw("webhookEventId"))))
    except ValueError:
        fields.refuse("webhookEventId", "a UUID")
        return None


def _answer(fields: Fields, *, answered: bool) -> tuple[bytes, bytes]:
    """The beginning of the answer's body, and its headers as lines: as much as is kept of any answer."""
    answer = fields.within("answer")
    answer.only("headers", "body")
    body = answer.text("body", blank=True) or ""
    headers = answer.mapping("headers") or {}
    if answer.value and not answered:
        fields.note("answer", "expected an answer only beside a statusCode")
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    return _kept(body, ANSWER_BODY_KEPT), _kept(lines, ANSWER_HEAD_KEPT)


def _kept(text: str, most: int) -> bytes:
    return text.encode(errors="replace")[:most]


def _how_far(fields: Fields, *, answered: bool) -> Outcome:
    """The outcome; one that is left out follows from whether there is a status."""
    outcome = Outcome(fields.choice("outcome", tuple(Outcome)) or (Outcome.ANSWERED if answered else Outcome.UNKNOWN))
    if (outcome is Outcome.ANSWERED) != answered and not fields.problems:
        fields.refuse("statusCode", "a status exactly when the outcome is answered")
    return outcome
