"""`/_sim/sink/{name}`: a stand-in for the shop or ERP behind a receiver. It records every call.

A receiver under test calls it as it would call the real thing; an observer reads the list and counts.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.api.gateway import CallFaults, broken_answer
from frontsim.api.responses import json
from frontsim.domain.faults import SINK
from frontsim.errors import BadInput, Busy
from frontsim.user_input.request_body import parsed, read_body

MOST_BYTES = 256 * 1024 * 1024
"""Bytes that all sinks together remember, in memory."""
LONGEST_NAME = 200
_BESIDE_A_RECORD, _BESIDE_A_NAME = 48, 300  # bytes of memory, about
_PIECE = 250_000  # bytes of a list that are sent at a time


class Sinks:
    """Lists of records, by name; the first record makes its name.

    Args:
        faults: what breaks calls to sinks.
    """

    def __init__(self, *, faults: CallFaults) -> None:
        self._faults = faults
        self._keys: dict[str, Counter[str]] = {}
        self._records: dict[str, list[bytes]] = {}
        self._size = 0
        self.routes = [
            Route("/_sim/sink/{name}", self.record, methods=["POST"]),
            Route("/_sim/sink/{name}", self.list, methods=["GET"]),
            Route("/_sim/sink/{name}/keys", self.keys, methods=["GET"]),
        ]

    async def record(self, request: Request) -> Response:
        """Record one JSON value as it came, such as an object or an id; once per Idempotency-Key."""
        rule = self._faults.rule_for(SINK)
        if rule is None:
            return await self._record(request)
        answer = await broken_answer(rule, request, lambda: self._record(request))
        return Response() if answer is None else answer

    async def _record(self, request: Request) -> Response:
        name = request.path_params["name"]
        if len(name) > LONGEST_NAME:
            raise BadInput(f"expected a sink's name of at most {LONGEST_NAME} characters, got {len(name):,}")
        record = orjson.dumps(await parsed(await read_body(request)))
        key = request.headers.get("idempotency-key", "")
        size = len(record) + _BESIDE_A_RECORD + (0 if name in self._records else _BESIDE_A_NAME + 4 * len(name))
        size += _BESIDE_A_NAME + 4 * len(key) if key else 0
        if self._size + size > MOST_BYTES:
            raise Busy(f"POST /_sim/reset: the sinks are full at {MOST_BYTES:,} bytes", retry_after_s=60)
        if key:
            self._keys.setdefault(name, Counter())[key] += 1
            if self._keys[name][key] > 1:
                return json({"recorded": False})
        self._records.setdefault(name, []).append(record)
        self._size += size
        return json({"recorded": True})

    async def list(self, request: Request) -> Response:
        """All records of that name, oldest first; an unknown name has none."""
        records = self._records.get(request.path_params["name"], [])
        return StreamingResponse(_array(records, len(records)), media_type="application/json; charset=utf-8")

    async def keys(self, request: Request) -> Response:
        """How many calls each Idempotency-Key came with."""
        return json(self._keys.get(request.path_params["name"], {}))

    def counts(self) -> dict[str, int]:
        """How many records each name has."""
        return {name: len(records) for name, records in self._records.items()}

    def newest(self, name: str, most: int) -> Sequence[bytes]:
        """The newest records of a name, as JSON, the last one first."""
        return self._records.get(name, [])[: -most - 1 : -1]

    def forget(self) -> None:
        self._records.clear()
        self._keys.clear()
        self._faults.forget()
        self._size = 0


async def _array(records: Sequence[bytes], count: int) -> AsyncIterator[bytes]:
    """The first `count` records as a JSON array, in pieces: others may be recorded, or forgotten, meanwhile."""
    piece, size = [b"["], 0
    for place in range(count):
        if size > _PIECE:
            yield b"".join(piece)
            piece, size = [], 0
        piece += [b",", records[place]] if place else [records[place]]
        size += len(records[place]) + 1
    yield b"".join([*piece, b"]"])
