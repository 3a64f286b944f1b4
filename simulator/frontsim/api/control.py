"""`/_sim`: the clock, drain, health, counters and reset."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json, read_object
from frontsim.clock import Clock, Milliseconds, WireTime
from frontsim.domain.fault_rules import FaultRules
from frontsim.store.event_log import EventLog
from frontsim.store.reader import Reader
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import read_body

_ASKING_S = 0.25  # the shortest drain: time for the log to answer once
_FURTHEST_S = 86_400 * 366 * 100
_EARLIEST, _LATEST = "1970-01-01", "2200-01-01"


class ControlApi:
    """The clock, drain, health, counters and reset."""

    def __init__(
        self,
        *,
        store: EventLog,
        reader: Reader,
        rules: FaultRules,
        clock: Clock,
        wire_time: WireTime,
        about: Mapping[str, Any],
        reset_log: Callable[[Callable[[], None]], Awaitable[None]],
        forget: Sequence[Callable[[], None]],
    ) -> None:
        self._store = store
        self._reader = reader
        self._rules = rules
        self._clock = clock
        self._time = wire_time
        self._about = about
        self._reset_log = reset_log
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
        """Wait until nothing is due or in flight, and the log has every outcome."""
        fields = Fields(await read_object(request, any_type=True, empty=True), any_case=True)
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
        fields = Fields(await read_object(request, any_type=True), any_case=True)
        fields.only("advanceS", "now")
        moment = self._moment(fields)
        fields.check()
        self._clock.set(moment)
        await self._store.wake()
        return await self.read_clock(request)

    def _moment(self, fields: Fields) -> Milliseconds:
        moment = self._clock.now()
        advance_s = fields.number("advanceS", least=-_FURTHEST_S, most=_FURTHEST_S)
        now = fields.text("now", "a date such as 2021-12-01T08:50:46")
        if fields.has("advanceS") == fields.has("now") and not fields.problems:
            fields.note("advanceS", 'expected either {"advanceS": seconds} or {"now": date}')
        try:
            moment = moment + round((advance_s or 0) * 1000) if now is None else self._time.read(now)
        except ValueError as error:
            fields.note("now", str(error))
        if not self._time.read(_EARLIEST) <= moment < self._time.read(_LATEST):
            name = "advanceS" if now is None else "now"
            fields.note(name, f"expected a time from {_EARLIEST} to {_LATEST} as the result")
        return moment

    async def health(self, _: Request) -> Response:
        """Whether the simulator works, its version, and how many runs it recovered when it started."""
        problem = self._store.problem
        status = {"status": "ok"} if problem is None else {"status": "failing", "problem": problem}
        return json({**status, **self._about, "recoveredRuns": self._store.recovered}, 200 if problem is None else 503)

    async def stats(self, _: Request) -> Response:
        """How much the log holds, and how often each fault rule has fired."""
        fired = {str(rule.number): self._rules.fired[rule.number] for rule in self._rules}
        return json({**await self._reader.counts(), "sequence": self._store.changes.sequence, "faults": fired})

    async def reset(self, request: Request) -> Response:
        """Forget webhooks, events, runs, fault rules, leases, sinks, and the clock's offset."""
        await read_body(request)
        await self._reset_log(self._forget_all)
        return json({"reset": True})

    def _forget_all(self) -> None:
        for forget in self._forget:
            forget()
        self._rules.reset()
        self._clock.reset()
