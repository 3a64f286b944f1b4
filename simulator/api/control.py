"""`/_sim`: what makes things happen in the simulated shop, and what shows how the simulator is."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.api.fields import INT32, Fields, with_known_store
from simulator.api.responses import json, read_object
from simulator.catalog import Catalog
from simulator.clock import Clock, Milliseconds, WireTime
from simulator.domain.fault_rules import FaultRules
from simulator.domain.model import Occurrence, Raised
from simulator.errors import Busy, StoreFailed
from simulator.payloads.day import day
from simulator.payloads.factory import Payloads
from simulator.payloads.moments import SECOND
from simulator.payloads.shop import ACTS, Shop
from simulator.store.reader import Reader
from simulator.store.store import Store

MOST_AT_ONCE = 100_000
"""Occurrences that one call may raise."""
DAY = "day"
DAY_SPEED = 600.0
"""How many times faster than real time a trading day is played, unless the caller says otherwise."""
_CHUNK = 200  # occurrences built and logged at a time: other calls get their turn in between
_FIRST_CHUNK = 10  # until it is known how many events one makes
_EVENTS = 2_000  # logged at a time, about
_ASKING_S = 0.25  # what a drain without patience waits: the log must be asked, at least
_FURTHEST_S = 86_400 * 366 * 100
_EARLIEST, _LATEST = "1970-01-01", "2200-01-01"


class Trigger:
    """Raises occurrences and business acts. Answers after they are in the log."""

    def __init__(self, *, store: Store, catalog: Catalog, payloads: Payloads, shop: Shop, seed: int) -> None:
        self._store = store
        self._catalog = catalog
        self._payloads = payloads
        self._shop = shop
        self._seed = seed
        self.routes = [
            Route("/_sim/trigger", self.trigger, methods=["POST"]),
            Route("/_sim/simulate", self.simulate, methods=["POST"]),
        ]

    async def trigger(self, request: Request) -> Response:
        """Raise occurrences of one type."""
        fields = Fields(await read_object(request, any_type=True))
        fields.only("event", "count", "storeId", "set", "payload", "invalid")
        event = fields.text("event", "the name of an event type", required=True)
        count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
        store_id = fields.whole("storeId", least=-INT32, most=INT32 - 1)
        set_, payload, invalid = fields.mapping("set") or {}, fields.mapping("payload"), fields.flag("invalid")
        fields.check()
        name = self._catalog.find(event or "").name

        def build(number: int) -> Sequence[Occurrence]:
            if not set_ and payload is None:
                return [self._payloads.build(name, number, store_id=store_id)]
            return [self._payloads.custom(name, number, store_id=store_id, set_=set_, payload=payload, invalid=invalid)]

        if set_ or payload is not None:
            await self._try(count, build)
        return await self._raise(count, build)

    async def _try(self, count: int, build: Callable[[int], Sequence[Occurrence]]) -> None:
        """Build all, and keep nothing: what is refused is refused before anything is logged. Raises BadInput."""
        first = self._store.next_occurrence
        for number in range(first, first + count):
            build(number)
            if number % _CHUNK == 0:
                await asyncio.sleep(0)  # others get their turn

    async def simulate(self, request: Request) -> Response:
        """Do a business act, and everything that it causes."""
        fields = Fields(await read_object(request, any_type=True))
        fields.only("what", "count", "speed")
        acts = f"one of {', '.join(ACTS)}, or {DAY}"
        what = fields.text("what", acts, required=True)
        if what is not None and what != DAY and what not in ACTS:
            fields.refuse("what", acts)
        wrong = "count" if what == DAY else "speed"
        if fields.raw(wrong) is not None:
            fields.problems[wrong] = [f'expected "speed" with {DAY} alone, and "count" with all others']
        count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
        speed = fields.number("speed", least=1, most=1_000_000) or DAY_SPEED
        fields.check()
        assert what is not None
        if what == DAY:
            return await self._play_day(request, speed)
        return await self._raise(count, lambda number: self._shop.act(what, number=number))

    async def _play_day(self, request: Request, speed: float) -> Response:
        """A trading day of the whole chain, so many times faster than real time, while the caller stays."""
        loop = asyncio.get_running_loop()
        began, opening = loop.time(), self._shop.next_opening()
        told = _Told()
        for second, what in day(seed=self._seed, number=self._store.next_occurrence):
            wait_s = began + second / speed - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                if await request.is_disconnected():
                    break
            at = opening + int(second * SECOND)
            await self._log(self._shop.act(what, number=self._store.next_occurrence, at=at), told)
        return told.answer()

    async def _raise(self, count: int, build: Callable[[int], Sequence[Occurrence]]) -> Response:
        """Build and log `count` times what `build` makes of a number."""
        told = _Told()
        left = count
        while left:
            some = min(left, told.next_chunk())
            occurrences: list[Occurrence] = []
            for _ in range(some):
                occurrences += build(self._store.next_occurrence + len(occurrences))
            await self._log(occurrences, told)
            left -= some
        return told.answer()

    async def _log(self, occurrences: Sequence[Occurrence], told: "_Told") -> None:
        first = self._store.next_occurrence
        self._store.take_numbers(len(occurrences))
        try:
            raised = await self._store.accept([with_known_store(item) for item in occurrences], first)
        except (Busy, StoreFailed) as error:
            if told.occurrences:
                error.args = (f"{told.occurrences} occurrences are in the log, no more: {error}",)
            raise
        told.add(len(occurrences), raised)


class _Told:
    """What a call has raised so far, kept as the text of its answer: as objects, it would take four times as much."""

    def __init__(self) -> None:
        self.occurrences = 0
        self._count = 0
        self._events: list[bytes] = []

    def add(self, occurrences: int, raised: Sequence[Raised]) -> None:
        """So many occurrences, and their events, are in the log."""
        self.occurrences += occurrences
        self._count += len(raised)
        if raised:
            shown = [
                {"webhookId": item.webhook_id, "webhookEventId": item.webhook_event_id, "event": item.event}
                for item in raised
            ]
            self._events.append(orjson.dumps(shown)[1:-1])

    def next_chunk(self) -> int:
        """How many occurrences to log next: fewer where each makes many events."""
        if not self.occurrences:
            return _FIRST_CHUNK
        return max(1, min(_CHUNK, _EVENTS * self.occurrences // max(1, self._count)))

    def answer(self) -> Response:
        """`{"occurrences": n, "events": [...]}`."""
        events = orjson.Fragment(b"[%b]" % b",".join(self._events))
        return json({"occurrences": self.occurrences, "events": events}, 202)


class Control:
    """Time, health, counters, waiting and starting afresh."""

    def __init__(
        self,
        *,
        store: Store,
        reader: Reader,
        rules: FaultRules,
        clock: Clock,
        wire_time: WireTime,
        about: Mapping[str, Any],
        forget: Sequence[Callable[[], None]],
    ) -> None:
        self._store = store
        self._reader = reader
        self._rules = rules
        self._clock = clock
        self._time = wire_time
        self._about = about
        self._forget = forget
        self.routes = [
            Route("/_sim/drain", self.drain, methods=["POST"]),
            Route("/_sim/clock", self.read_clock, methods=["GET"]),
            Route("/_sim/clock", self.move_clock, methods=["POST"]),
            Route("/_sim/health", self.health, methods=["GET"]),
            Route("/_sim/stats", self.stats, methods=["GET"]),
            Route("/_sim/reset", self.reset, methods=["POST"]),
        ]

    async def drain(self, request: Request) -> Response:
        """Wait until nothing is due or in flight, and every outcome is in the log."""
        fields = Fields(await read_object(request, any_type=True, empty=True))
        fields.only("timeoutS")
        timeout_s = fields.number("timeoutS", least=0, most=86_400)
        fields.check()
        try:
            await asyncio.wait_for(self._store.idle(), 30.0 if timeout_s is None else max(timeout_s, _ASKING_S))
        except TimeoutError:
            return json({"drained": False})
        return json({"drained": True})

    async def read_clock(self, _: Request) -> Response:
        """Simulator time, in the vendor's local form."""
        return json({"now": self._time.write(self._clock.now()), "offsetS": self._clock.offset_s})

    async def move_clock(self, request: Request) -> Response:
        """Advance simulator time, or set it."""
        fields = Fields(await read_object(request, any_type=True))
        fields.only("advanceS", "now")
        moment = self._moment(fields)
        fields.check()
        self._clock.set(moment)
        await self._store.wake()
        return await self.read_clock(request)

    def _moment(self, fields: Fields) -> Milliseconds:
        """What is to become the present."""
        moment = self._clock.now()
        advance_s = fields.number("advanceS", least=-_FURTHEST_S, most=_FURTHEST_S)
        now = fields.text("now", "a date such as 2021-12-01T08:50:46")
        if fields.has("advanceS") == fields.has("now") and not fields.problems:
            fields.problems["advanceS"] = ['expected either {"advanceS": seconds} or {"now": date}']
        try:
            moment = moment + round((advance_s or 0) * 1000) if now is None else self._time.read(now)
        except ValueError as error:
            fields.problems["now"] = [str(error)]
        if not self._time.read(_EARLIEST) <= moment < self._time.read(_LATEST):
            name = "advanceS" if now is None else "now"
            fields.problems[name] = [f"expected what leads to a time from {_EARLIEST} to {_LATEST}"]
        return moment

    async def health(self, _: Request) -> Response:
        """That it works, which version it is, and what it found when it started."""
        return json({"status": "ok", **self._about, "recoveredRuns": self._store.recovered})

    async def stats(self, _: Request) -> Response:
        """How much the log holds, and how often each fault rule has fired."""
        fired = {str(rule.number): self._rules.fired[rule.number] for rule in self._rules}
        return json({**await self._reader.counts(), "sequence": self._store.changes.sequence, "faults": fired})

    async def reset(self, _: Request) -> Response:
        """Forget webhooks, events, runs, fault rules, leases, sinks, and the clock's offset."""
        for forget in self._forget:
            forget()
        self._rules.reset()
        self._clock.reset()
        await self._store.reset()
        return json({"reset": True})
