"""Stands before the simulator's vendor API: records every call that the job makes, and breaks those that a case names.

    job -> recorded -> (answered here | passed on -> (answer changed | connection cut)) -> job

It runs on the simulator's event loop; the case's thread reads what it recorded, and waits for calls, under a lock.
"""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from frontsim.clock import stopwatch
from frontsim.recovery.case import BrokenCall, Call, Operation

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_RESENDS_OF_ONE = 25
"""Resends of one event in one start of the job, after which the job is stopped: it would go on for ever."""

_RESET = "frontsim.reset"  # the server's extension that resets the caller's connection
_EVENTS = re.compile(r"(?:/restapi/v2)?/api/webhooksevents/([^/]+)(?:/(deliver/)?([^/]+))?/?", re.IGNORECASE)
_JSON = [(b"content-type", b"application/json")]
_BODIES = {
    401: b'{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a '
    b'valid key for an active subscription." }',
    403: b'{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 03:02:59." }',
    404: b'{ "statusCode": 404, "message": "Resource not found" }',
    429: b'{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in %d seconds." }',
}


@dataclass(frozen=True, slots=True)
class _Asked:
    operation: Operation
    webhook_id: str
    webhook_event_id: str


class CallGateway:
    """The gateway of one case. While no start of the job is running, calls are our own, and pass unseen."""

    def __init__(self) -> None:
        self._app: AsgiApp | None = None
        self._lock = threading.Condition()
        self._calls: list[Call] = []
        self._resends: dict[str, int] = {}
        self._began = stopwatch()
        self._start = 0
        self._broken: list[tuple[BrokenCall, str, list[int]]] = []  # with its webhook's id, and calls seen

    def before(self, app: AsgiApp) -> AsgiApp:
        """The app with this gateway before it."""
        self._app = app
        return self

    def expect(self, start: int, broken: Sequence[BrokenCall], webhook_ids: Sequence[str]) -> None:
        """Record from now on as that start of the job, and break calls like that."""
        with self._lock:
            self._start = start
            self._resends.clear()
            self._broken = [
                (each, "" if each.webhook is None else webhook_ids[each.webhook].lower(), [0]) for each in broken
            ]

    def pass_unseen(self) -> None:
        """The job has ended."""
        self.expect(0, (), ())

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls recorded so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._calls)

    def now_s(self) -> float:
        """Seconds from the beginning of the case."""
        return stopwatch() - self._began

    def resends_made(self) -> int:
        """Resends that the running start of the job has asked for."""
        with self._lock:
            return sum(self._resends.values())

    def is_endless(self) -> bool:
        """The running start of the job has asked for one event so often that it will not end."""
        with self._lock:
            return any(count > MOST_RESENDS_OF_ONE for count in self._resends.values())

    def listed(self) -> bool:
        """The running start of the job has listed for the first time."""
        with self._lock:
            return any(call.start == self._start and call.operation is Operation.LIST for call in self._calls)

    def wait(self, seconds: float) -> None:
        """Wait until another call has ended, or so long."""
        with self._lock:
            self._lock.wait(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have the simulator do so."""
        assert self._app is not None
        start = self._start
        if not start or scope["type"] != "http" or "/_sim/" in scope["path"]:
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        broken = self._seen(asked)
        began_s = self.now_s()
        answer = _Answer(send, self.now_s)
        try:
            if broken is None:
                await self._app(scope, receive, answer)
            else:
                await self._break(broken, scope, receive, answer)
        finally:
            self._record(start, asked, scope, began_s, answer, broken)

    def _seen(self, asked: _Asked) -> BrokenCall | None:
        """Count a call; how it is broken, None for not at all."""
        with self._lock:
            if asked.operation is Operation.RESEND:
                self._resends[asked.webhook_event_id] = self._resends.get(asked.webhook_event_id, 0) + 1
            for broken, webhook_id, seen in self._broken:
                if broken.operation not in (None, asked.operation) or webhook_id not in ("", asked.webhook_id):
                    continue
                seen[0] += 1
                if seen[0] > broken.after and (broken.times < 0 or seen[0] <= broken.after + broken.times):
                    return broken
        return None

    async def _break(self, broken: BrokenCall, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        assert self._app is not None
        match broken.how:
            case "status":
                await answer.give(broken.status, _body(broken), retry_after_s=broken.retry_after_s)
            case "garbage":
                await answer.give(200, b"<html><body>Service maintenance</body></html>")
            case "slow":
                await asyncio.sleep(broken.seconds)
                await self._app(scope, receive, answer)
            case "hang":
                await asyncio.sleep(broken.seconds)
                await _cut(scope, receive)
            case "cut-before":
                await _cut(scope, receive)
            case "cut-after":
                await self._app(scope, receive, _nothing)
                await _cut(scope, receive)

    def _record(
        self, start: int, asked: _Asked, scope: Scope, began_s: float, answer: "_Answer", broken: BrokenCall | None
    ) -> None:
        call = Call(
            start=start,
            operation=asked.operation,
            began_s=began_s,
            ended_s=self.now_s() if answer.ended_s is None else answer.ended_s,
            method_and_path=f"{scope['method']} {scope['path']}",
            webhook_id=asked.webhook_id,
            webhook_event_id=asked.webhook_event_id,
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
            status=answer.status,
            broken=broken.how if broken else "",
            retry_after_s=answer.retry_after_s,
        )
        with self._lock:
            self._calls.append(call)
            self._lock.notify_all()


class _Answer:
    """Passes an answer on, and notes its status and its end.

    The end is noted before the last bytes go out: a caller that has read them may call again before we go on.
    """

    def __init__(self, send: Send, now_s: Callable[[], float]) -> None:
        self._send = send
        self._now_s = now_s
        self.ended_s: float | None = None
        self.status: int | None = None
        self.retry_after_s = 0.0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body"):
            self.ended_s = self._now_s()
        await self._send(message)

    async def give(self, status: int, body: bytes, *, retry_after_s: int = 0) -> None:
        """Answer in the simulator's place."""
        self.retry_after_s = retry_after_s
        headers = [*_JSON, (b"content-length", b"%d" % len(body))]
        headers += [(b"retry-after", b"%d" % retry_after_s)] if retry_after_s else []
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


async def _nothing(_: MutableMapping[str, Any]) -> None:
    """Drop a part of an answer."""


async def _cut(scope: Scope, receive: Receive) -> None:
    """Reset the caller's connection, and wait until it is gone."""
    scope["extensions"][_RESET]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _asked(scope: Scope) -> _Asked:
    found = _EVENTS.fullmatch(scope["path"])
    if found is None:
        return _Asked(Operation.OTHER, "", "")
    webhook_id, deliver, event_id = found[1].lower(), found[2], (found[3] or "").lower()
    if not event_id:
        operation = Operation.LIST
    elif deliver:
        operation = Operation.RESEND
    else:
        operation = Operation.GET
    return _Asked(operation, webhook_id, event_id)


def _body(broken: BrokenCall) -> bytes:
    body = _BODIES.get(broken.status, b"")
    return body % broken.retry_after_s if b"%d" in body else body
