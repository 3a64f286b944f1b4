"""`/_sim`: fault rules, clock, drain, health, counters, reset, and the newest calls of the vendor's operations."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.gateway import CallLog, without_secrets
from frontsim.api.responses import json
from frontsim.catalog import Catalog
from frontsim.clock import Clock, Milliseconds, WireTime
from frontsim.domain.fault_rules import FaultRules, read_rule, write_rule
from frontsim.domain.faults import FaultRule
from frontsim.errors import BadInput, UnknownFaultRule
from frontsim.store.event_log import EventLog
from frontsim.store.reader import Reader
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import read_body, read_object
from frontsim.wording import not_among

_ASKING_S = 0.25  # the shortest drain: time for the log to answer once
_FURTHEST_S = 86_400 * 366 * 100
_UTC = WireTime(ZoneInfo("UTC"), openapi=True)
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
        clock_moved: Callable[[], Awaitable[None]],
        forget: Sequence[Callable[[], None]],
    ) -> None:
        self._store = store
        self._reader = reader
        self._rules = rules
        self._clock = clock
        self._time = wire_time
        self._about = about
        self._reset_log = reset_log
        self._clock_moved = clock_moved
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
        """Simulator time, in the vendor's local form, and in UTC."""
        now = self._clock.now()
        local = {"now": self._time.write(now), "offsetS": self._clock.offset_s}
        return json({**local, "utc": _UTC.write(now), "timezone": self._time.zone.key})

    async def move_clock(self, request: Request) -> Response:
        """Advance simulator time, or set it."""
        fields = Fields(await read_object(request, any_type=True), any_case=True)
        fields.only("advanceS", "now")
        moment = self._moment(fields)
        fields.check()
        self._clock.set(moment)
        await self._store.wake()
        await self._clock_moved()
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
        """Report whether the simulator works, its version, and how many runs it recovered when it started."""
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


class Calls:
    """The calls of the vendor's operations, so that a test can look at what its code asked."""

    def __init__(self, *, log: CallLog, wire_time: WireTime) -> None:
        self._log = log
        self._time = wire_time
        self.routes = [Route("/_sim/calls", self.list, methods=["GET"])]

    async def list(self, request: Request) -> Response:
        """The newest 10,000 calls, oldest first: `after` a number, of one `operation`, at `most` so many of the newest.

        `dropped` counts those that are no longer kept, `withoutSubscriptionKey` names the callers that sent none.
        """
        query = Fields(dict(request.query_params))
        query.only("after", "most", "operation")
        after, most = (self._number(query, name) for name in ("after", "most"))
        operation = query.text("operation")
        query.check()
        found = self._log.after(after or 0)
        found = [call for call in found if operation is None or call.operation.lower() == operation.lower()][:most]

        def written() -> bytes:  # in a thread, because masking 10,000 calls takes a second
            return orjson.dumps([without_secrets(call).as_json(self._time.write) for call in reversed(found)])

        calls = orjson.Fragment(await asyncio.to_thread(written) if len(found) > _FEW else written())
        return json({"calls": calls, "dropped": self._log.dropped, "withoutSubscriptionKey": self._log.without_key})

    @staticmethod
    def _number(query: Fields, name: str) -> int | None:
        text = query.text(name)
        if text is None or re.fullmatch("[0-9]{1,18}", text):
            return None if text is None else int(text)
        query.refuse(name, "a whole number from 0 on")
        return None


_FEW = 50
_ID = re.compile(r"[1-9][0-9]{0,17}")  # as listings show it: neither 01 nor another script's digits


class Faults:
    """The fault rules over HTTP.

    Args:
        operations: the vendor's operations, which `match.operation` names in any case.
    """

    def __init__(
        self, *, rules: FaultRules, catalog: Catalog, wire_time: WireTime, operations: list[str]
    ) -> None:  # fmt: skip
        self._rules = rules
        self._catalog = catalog
        self._time = wire_time
        self._operations = operations
        self.routes = [
            Route("/_sim/faults", self.list, methods=["GET"]),
            Route("/_sim/faults", self.add, methods=["POST"]),
            Route("/_sim/faults", self.clear, methods=["DELETE"]),
            Route("/_sim/faults/{id}", self.read, methods=["GET"]),
            Route("/_sim/faults/{id}", self.replace, methods=["PUT"]),
            Route("/_sim/faults/{id}", self.remove, methods=["DELETE"]),
        ]

    async def list(self, _: Request) -> Response:
        """All rules, in the order in which frontsim tries them, and how often each has fired."""
        return json([self._shown(rule) for rule in self._rules])

    async def read(self, request: Request) -> Response:
        """One rule, as in the list."""
        return json(self._shown(self._rules.get(_number(request))))

    async def add(self, request: Request) -> Response:
        """Add a rule after the others; answers 201 with its id."""
        rule = self._read(await read_object(request, any_type=True))
        return json(self._shown(self._rules.add(rule)), 201)

    async def replace(self, request: Request) -> Response:
        """Replace a rule; its count of firings continues. A rule may be sent back as it was listed."""
        number = _number(request)
        self._rules.get(number)  # 404 wins over 422
        rule = self._read(await read_object(request, any_type=True), replaces=number)
        return json(self._shown(self._rules.replace(number, rule)))

    async def remove(self, request: Request) -> Response:
        """Remove one rule."""
        await read_body(request)
        self._rules.remove(_number(request))
        return json({"removed": 1})

    async def clear(self, request: Request) -> Response:
        """Remove all rules."""
        await read_body(request)
        removed = len(list(self._rules))
        self._rules.clear()
        return json({"removed": removed})

    def _read(self, value: dict[str, Any], *, replaces: int | None = None) -> FaultRule:
        """A rule with names that exist: one that can never match is a mistake. Raises BadInput."""
        known = {"event": self._event, "operation": self._operation}
        return read_rule(value, self._time, known=known, replaces=replaces)

    def _event(self, name: str) -> str:
        return self._catalog.find(name).name

    def _operation(self, name: str) -> str:
        for known in self._operations:
            if name.lower() == known.lower():
                return known
        raise BadInput(not_among(self._operations, name, expected="an operation"))

    def _shown(self, rule: FaultRule) -> dict[str, Any]:
        return write_rule(rule, self._rules.fired[rule.number], self._time)


def _number(request: Request) -> int:
    text = request.path_params["id"]
    if not _ID.fullmatch(text):
        raise UnknownFaultRule(f"no fault rule {text[:64]}; GET /_sim/faults lists them")
    return int(text)
