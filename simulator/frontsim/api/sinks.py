"""`/_sim/sink/{name}`: a stand-in for the shop or ERP behind a receiver. It records every call.

A receiver under test calls it as it would call the real thing; an observer reads the list and counts.
"""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json, read_any
from frontsim.errors import Busy

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of JSON that all sinks together remember, in memory."""


class Sinks:
    """Lists of records, by name; the first record makes its name."""

    def __init__(self) -> None:
        self._records: dict[str, list[bytes]] = {}
        self._size = 0
        self.routes = [
            Route("/_sim/sink/{name}", self.record, methods=["POST"]),
            Route("/_sim/sink/{name}", self.list, methods=["GET"]),
        ]

    async def record(self, request: Request) -> Response:
        """Record one JSON value, such as an object or an id, as it came."""
        record = orjson.dumps(await read_any(request))
        if self._size + len(record) > MOST_BYTES:
            raise Busy(f"POST /_sim/reset: the sinks are full at {MOST_BYTES:,} bytes", retry_after_s=60)
        self._records.setdefault(request.path_params["name"], []).append(record)
        self._size += len(record)
        return json({"recorded": True})

    async def list(self, request: Request) -> Response:
        """All records of that name, oldest first; none of an unknown name."""
        records = self._records.get(request.path_params["name"], [])
        return json(orjson.Fragment(b"[%b]" % b",".join(records)))

    def forget(self) -> None:
        """Forget all records."""
        self._records.clear()
        self._size = 0
