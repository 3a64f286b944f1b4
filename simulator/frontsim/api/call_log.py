"""The newest calls of the vendor's API, in memory: what the integrator's code asked for, and what it was answered.

caller ──▶ CallLog ──▶ Gateway          the gateway names the operation, and the fault that broke the call
└──▶ the newest 500 ──▶ masked when they are read, because masking takes longer than most calls
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontsim.clock import Clock, stopwatch
from frontsim.domain.model import ApiCall
from frontsim.presentation.masking import MASK, masked

KEPT = 500
"""Calls that are kept."""
OPERATION, FAULT = "frontsim.operation", "frontsim.fault"
"""Where the gateway writes them in a call's scope."""
_MOST_HEADERS, _LONGEST = 30, 400  # of each of which so many characters
_KEY = "x-api-key"
_SHORTEST_KEY = 16
_SHOWN_OF_KEY = 4


class CallLog:
    """Notes every call when it is over; an ASGI middleware."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._calls: deque[ApiCall] = deque(maxlen=KEPT)
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, and note it."""
        status: int | None = None
        size = 0
        at, began, target = self._clock.now(), stopwatch(), _target(scope)

        async def count(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, count)
        finally:
            self._count += 1
            self._calls.append(
                ApiCall(
                    number=self._count,
                    at=at,
                    method=scope["method"],
                    target=target,
                    operation=scope.get(OPERATION, ""),
                    status=status,
                    duration_ms=round((stopwatch() - began) * 1000),
                    answer_bytes=size,
                    fault=scope.get(FAULT, ""),
                    headers=[
                        (name[:_LONGEST].decode("latin-1"), value[:_LONGEST].decode("latin-1"))
                        for name, value in scope["headers"][:_MOST_HEADERS]
                    ],
                )
            )

    def after(self, number: int) -> Sequence[ApiCall]:
        """The calls with higher numbers that are kept, newest first, without secrets."""
        new = min(max(0, self._count - number), len(self._calls))
        return [_masked(call) for call in islice(reversed(self._calls), new)]

    def forget(self) -> None:
        """Forget all calls; their numbers go on."""
        self._calls.clear()


def _target(scope: Scope) -> str:
    """The path and the query as they came; the gateway changes the scope."""
    query = scope["query_string"][:_LONGEST].decode("latin-1")
    return f"{scope['path'][:_LONGEST]}{'?' if query else ''}{query}"


def _masked(call: ApiCall) -> ApiCall:
    return call._replace(
        target=masked(call.target), headers=[(name, _masked_value(name, value)) for name, value in call.headers]
    )


def _masked_value(name: str, value: str) -> str:
    """The beginning of a long key, which shows whose it is; nothing of other secrets."""
    if name == _KEY and len(value) >= _SHORTEST_KEY:
        return f"{value[:_SHOWN_OF_KEY]}{MASK}"
    return masked(f"{name}: {value}").removeprefix(f"{name}: ")
