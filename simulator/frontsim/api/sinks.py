"""`/_sim/sink`: stand-ins for the shop or ERP behind a receiver, which record every call and answer as they are told.

    POST /_sim/sink/erp ─────────────▶ a record: one JSON value, once per Idempotency-Key
    any method, any sub-path ────────▶ the first rule that matches answers; what it takes is a record, too
    PUT  /_sim/sink/erp/rules ───────▶ [{"method", "path", "call", "status", "body", "headers", "delayS", "dropAnswer"}]
    GET  /_sim/sink/erp, .../keys, .../calls ──▶ what was recorded, by key, and every call

What a rule answers with 400 or more was not booked, so it is no record. `GET .../keys` and `.../calls` are ours, unless
a rule names that path.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.api.gateway import CallFaults, broken_answer
from frontsim.api.responses import json, reset
from frontsim.domain.faults import SINK
from frontsim.errors import BadInput, Busy
from frontsim.masking import masked
from frontsim.user_input.fields import Fields, shown_briefly
from frontsim.user_input.request_body import parsed, read_body

MOST_IN_SINKS = 256 * 1024 * 1024
"""Bytes that all sinks together remember, in memory."""
MOST_CALLS, MOST_IN_CALLS = 10_000, 64 * 1024 * 1024
"""Calls of a sink that are kept, and the bytes of them; the oldest are dropped."""
MOST_SINKS, MOST_RULES = 1_000, 200
IS_RULES = re.compile(r"/_sim/sink/[^/]*/rules/?")
"""The path of the scripted answers, which are not a receiver's to change."""
LONGEST_NAME = 200
_BESIDE_A_RECORD, _BESIDE_A_NAME, _BESIDE_A_CALL = 48, 300, 1_000  # bytes of memory, about
_PIECE = 250_000  # bytes of a list that are sent at a time
_LONGEST_DELAY_S = 3_600
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OF_THE_ANSWER = ("connection", "content-length", "transfer-encoding")
_READING = ("GET", "HEAD", "OPTIONS")
_RULE = ("method", "path", "call", "status", "body", "headers", "delayS", "dropAnswer")


@dataclass(slots=True)
class SinkRule:
    """A scripted answer; `calls` counts those that its method and path matched. No method means every one."""

    method: str | None
    path: str
    call: int | None
    status: int
    body: Any
    headers: Mapping[str, str]
    delay_s: float
    drops_answer: bool
    calls: int = 0

    def counts(self, method: str, path: str) -> bool:
        """Count a call that it is about, and decide whether it may answer it."""
        if self.method not in (None, method) or not fnmatchcase(path, self.path):
            return False
        self.calls += 1
        return self.call in (None, self.calls)

    def as_json(self) -> dict[str, Any]:
        asks, says = (self.method, self.path, self.call), (self.status, self.body, self.headers)
        return dict(zip(_RULE, (*asks, *says, self.delay_s, self.drops_answer), strict=True))

    def answer(self) -> Response:
        """A text as it is, anything else as JSON; a Content-Type of the rule's own wins."""
        is_text = isinstance(self.body, str)
        content = b"" if self.body is None else self.body.encode() if is_text else orjson.dumps(self.body)
        answer = Response(content, self.status, media_type="text/plain" if is_text else "application/json")
        answer.headers.update(self.headers)
        return answer


def read_rules(value: object) -> list[SinkRule]:
    """The rules of a sink. Raises BadInput."""
    if not isinstance(value, list) or len(value) > MOST_RULES:
        came = f"{len(value):,} rules" if isinstance(value, list) else shown_briefly(value)
        raise BadInput(f"expected an array of at most {MOST_RULES} rules, got {came}")
    problems: dict[str, list[str]] = {}
    rules = []
    for place, each in enumerate(value):
        fields = Fields(each if isinstance(each, dict) else {}, at=f"[{place}]", any_case=True, problems=problems)
        if not isinstance(each, dict):
            fields.note("", f"expected an object, got {shown_briefly(each)}")
        rules.append(_read_rule(fields))
    Fields({}, problems=problems).check()
    return rules


def _read_rule(fields: Fields) -> SinkRule:
    fields.only(*_RULE)
    method = fields.text("method", f"one of {', '.join(_METHODS)}")
    if method is not None and method.upper() not in _METHODS:
        fields.refuse("method", f"one of {', '.join(_METHODS)}")
    path = fields.text("path", "a path below the sink, such as /orders/*", most=1_000)
    headers = fields.mapping("headers") or {}
    for name, text in headers.items():
        if not isinstance(text, str) or not _is_header(name, text):
            fields.note(f"headers.{name[:100]}", "expected a header's name and a text of one line, in ASCII")
    return SinkRule(
        method and method.upper(),
        "*" if path is None else f"/{path.strip('/')}",
        fields.whole("call", least=1),
        fields.whole("status", least=200, most=599) or 200,
        fields.raw("body"),
        headers,
        fields.number("delayS", least=0, most=_LONGEST_DELAY_S) or 0,
        bool(fields.flag("dropAnswer")),
    )


def _is_header(name: str, text: str) -> bool:
    """HTTP could write it, and it does not say how the answer itself is sent."""
    is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return is_name and text.isascii() and text.isprintable() and name.lower() not in _OF_THE_ANSWER


class SinkCall(NamedTuple):
    """A call as it came. `status` None: its answer was dropped; `size` is what it takes of memory."""

    number: int
    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    status: int | None
    recorded: bool
    size: int

    def as_json(self) -> dict[str, Any]:
        """The call without secrets; masking takes longer than most calls, so it is done here."""
        headers = [[name, masked(f"{name}: {text}").removeprefix(f"{name}: ")] for name, text in self.headers]
        body = self.body.decode(errors="replace")
        shown = self._replace(query=masked(self.query))._asdict() | {"headers": headers, "body": body}
        del shown["size"]
        return shown


@dataclass(slots=True)
class SinkMemory:
    """The calls of one sink. `number` counts its calls, `held` the bytes of those that are kept."""

    records: list[bytes] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    rules: list[SinkRule] = field(default_factory=list)
    calls: deque[SinkCall] = field(default_factory=deque)
    number: int = 0
    held: int = 0

    def note(self, call: SinkCall) -> None:
        """Keep a call, and drop the oldest for it."""
        self.number += 1
        self.calls.append(call._replace(number=self.number))
        self.held += call.size
        while len(self.calls) > MOST_CALLS or self.held > MOST_IN_CALLS:
            self.held -= self.calls.popleft().size


class Sinks:
    """Stand-ins by name; the first call makes its name.

    A receiver under test calls one as it would call the real thing; an observer reads the list and counts.

    Args:
        faults: what breaks calls to sinks.
    """

    def __init__(self, *, faults: CallFaults) -> None:
        self._faults = faults
        self._sinks: dict[str, SinkMemory] = {}
        self._size = 0
        self.routes = [
            Route("/_sim/sink/{name}", self.list, methods=["GET"]),
            Route("/_sim/sink/{name}", self.record, methods=["POST"]),
            Route("/_sim/sink/{name}/rules", self.rules, methods=["GET"]),
            Route("/_sim/sink/{name}/rules", self.script, methods=["PUT"]),
            Route("/_sim/sink/{name}/keys", self.keys, methods=["GET"]),
            Route("/_sim/sink/{name}/calls", self.calls, methods=["GET"]),
            Route("/_sim/sink/{name}/{path:path}", self.call, methods=list(_METHODS)),
        ]

    async def record(self, request: Request) -> Response:
        """Record one JSON value as it came, such as an object or an id; once per Idempotency-Key."""
        return await self._answer(request, "/")

    async def call(self, request: Request) -> Response:
        """Answer as the first rule says that matches, and record what was taken: any method, any sub-path."""
        return await self._answer(request, f"/{request.path_params['path'].strip('/')}")

    async def list(self, request: Request) -> Response:
        """All records of that name, oldest first; an unknown name has none."""
        records = self._known(request).records
        return StreamingResponse(_array(records, len(records)), media_type="application/json; charset=utf-8")

    async def keys(self, request: Request) -> Response:
        """How many calls each Idempotency-Key came with."""
        if self._is_scripted(request, "/keys"):
            return await self._answer(request, "/keys")
        return json(self._known(request).keys)

    async def calls(self, request: Request) -> Response:
        """The newest 10,000 calls of that name (64 MiB of them), oldest first, and how many were dropped."""
        if self._is_scripted(request, "/calls"):
            return await self._answer(request, "/calls")
        sink = self._known(request)
        kept, dropped = list(sink.calls), sink.number - len(sink.calls)

        def written() -> bytes:  # in a thread, because masking 10,000 calls takes a second
            return orjson.dumps([call.as_json() for call in kept])

        return json({"calls": orjson.Fragment(await asyncio.to_thread(written)), "dropped": dropped})

    async def rules(self, request: Request) -> Response:
        """The scripted answers of that name."""
        return json([rule.as_json() for rule in self._known(request).rules])

    async def script(self, request: Request) -> Response:
        """Replace the scripted answers of that name: the first rule that matches a call answers it."""
        rules = read_rules(await parsed(await read_body(request)))
        self._of(self._name(request)).rules = rules
        return json([rule.as_json() for rule in rules])

    def counts(self) -> Sequence[Mapping[str, Any]]:
        """How many calls each name got, and how many of them are records."""
        return [
            {"name": name, "calls": sink.number, "records": len(sink.records)} for name, sink in self._sinks.items()
        ]

    def newest(self, name: str, most: int) -> Sequence[Mapping[str, Any]]:
        """The newest calls of a name, the last one first."""
        return [call.as_json() for call in islice(reversed(self._sinks.get(name, SinkMemory()).calls), most)]

    def forget(self) -> None:
        self._sinks.clear()
        self._faults.forget()
        self._size = 0

    async def _answer(self, request: Request, path: str) -> Response:
        self._name(request)
        rule = self._faults.rule_for(SINK)
        if rule is None:
            return await self._play(request, path)
        answer = await broken_answer(rule, request, lambda: self._play(request, path))
        return Response() if answer is None else answer

    async def _play(self, request: Request, path: str) -> Response:
        """Take the call, or refuse it as a rule says."""
        name, body = self._name(request), await read_body(request)
        sink = self._sinks.get(name, SinkMemory())
        rules = [rule for rule in sink.rules if rule.counts(request.method, path)]
        rule = rules[0] if rules else None
        taken = rule is None or rule.status < 400
        is_record = taken and (request.method not in _READING)
        value = await self._value(request, path, body) if is_record else None
        recorded = is_record and self._record(name, request, value)
        sink = self._of(name)
        status = rule.status if rule else 200
        headers, query = request.headers.items(), request.url.query
        size = len(body) + _BESIDE_A_CALL + len(query) + sum([len(name) + len(text) for name, text in headers])
        shown = None if rule and rule.drops_answer else status
        sink.note(SinkCall(0, request.method, path, query, headers, body, shown, recorded, size))
        if rule is None:
            return json({"recorded": recorded})
        await asyncio.sleep(rule.delay_s)
        if rule.drops_answer:
            await reset(request.scope, request.receive)
            return Response()
        return rule.answer()

    async def _value(self, request: Request, path: str, body: bytes) -> object:
        """Read a call's JSON. At a sub-path a call may also have no body, or another text."""
        try:
            return await parsed(body)
        except BadInput:
            if path == "/":
                raise
            return {"method": request.method, "path": path, "body": body.decode(errors="replace")}

    def _record(self, name: str, request: Request, value: object) -> bool:
        """Count the call's key, and keep its value if the key is new. Raises Busy."""
        record, key = orjson.dumps(value), request.headers.get("idempotency-key", "")
        size = len(record) + _BESIDE_A_RECORD + (0 if name in self._sinks else _BESIDE_A_NAME + 4 * len(name))
        size += _BESIDE_A_NAME + 4 * len(key) if key else 0
        if self._size + size > MOST_IN_SINKS:
            raise Busy(f"POST /_sim/reset: the sinks are full at {MOST_IN_SINKS:,} bytes", retry_after_s=60)
        sink = self._of(name)
        if key:
            sink.keys[key] += 1
            if sink.keys[key] > 1:
                return False
        sink.records.append(record)
        self._size += size
        return True

    def _is_scripted(self, request: Request, path: str) -> bool:
        """A rule names this very path, so the call is the receiver's."""
        return any(rule.path == path and rule.method in (None, request.method) for rule in self._known(request).rules)

    def _known(self, request: Request) -> SinkMemory:
        return self._sinks.get(request.path_params["name"], SinkMemory())

    def _of(self, name: str) -> SinkMemory:
        if name not in self._sinks and len(self._sinks) >= MOST_SINKS:
            raise Busy(f"POST /_sim/reset: there are {MOST_SINKS:,} sinks, and no more are made", retry_after_s=60)
        return self._sinks.setdefault(name, SinkMemory())

    @staticmethod
    def _name(request: Request) -> str:
        name: str = request.path_params["name"]
        if len(name) > LONGEST_NAME:
            raise BadInput(f"expected a sink's name of at most {LONGEST_NAME} characters, got {len(name):,}")
        return name


async def _array(records: Sequence[bytes], count: int) -> AsyncIterator[bytes]:
    """The first `count` records as a JSON array, in pieces: others may be recorded, or forgotten, meanwhile."""
    piece, size = [b"["], 0
    for place in range(count):
        if place:
            piece.append(b",")
        for begin in range(0, len(records[place]), _PIECE):
            if size > _PIECE:
                yield b"".join(piece)
                piece, size = [], 0
            part = records[place][begin : begin + _PIECE]
            piece.append(part)
            size += len(part) + 1
    yield b"".join([*piece, b"]"])
