"""Serves the declared operations: reads a call, brings the book up to date, and answers or acts.

    call ──▶ read as declared ──▶ catch up with the log ──▶ a read ──▶ answer
                                                       └──▶ a write ──▶ events and notes ──▶ COMMIT ──▶ answer

Writes are made one after another: each is checked by what the one before it has left in the log. What happens by the
simulator's clock alone (a reservation runs out, goods arrive) is a write of the desk's own.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import isawaitable
from types import MappingProxyType
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.domain.model import Occurrence, RaisedBy
from frontsim.errors import BadInput, FrontsimError, NotFound
from frontsim.neighbours.book import ARRIVAL, RESERVATION, Book
from frontsim.neighbours.operations import Problems, VendorCall, VendorOperation, operations, read, read_text, refused
from frontsim.neighbours.reads import LISTS_OF_SIZES, READS
from frontsim.neighbours.stock_writes import STOCK_WRITES, held_until
from frontsim.neighbours.trade_writes import TRADE_WRITES
from frontsim.neighbours.writing import Writing
from frontsim.payloads.making.shop import Shop
from frontsim.payloads.making.shop_state import ShopState
from frontsim.payloads.world.moments import SECOND, EventTimes, Ticks
from frontsim.store.event_log import EventLog
from frontsim.user_input.request_body import read_body, read_object

logger = logging.getLogger(__name__)

WRITES: Mapping[str, Callable[[Writing, VendorCall], Any]] = MappingProxyType({**STOCK_WRITES, **TRADE_WRITES})
_LONGEST_SLEEP_S = 3_600.0
_RETRY_S = 1.0
_MOST_ANSWERS = 500  # that are kept until the book changes


def served() -> list[VendorOperation]:
    """The declared operations that have a function."""
    return [each for each in operations() if each.does in READS or each.does in WRITES]


class Desk:
    """The operations over one book; `routes` are for the gateway.

    Args:
        book: what the log says of the shop.
        shop: acts.
        log: gets what writes raise and note.
        event_times: gives writes their moments.
        now: the clock, in the vendor's local time.
    """

    def __init__(
        self, *, book: Book, shop: Shop, log: EventLog, event_times: EventTimes, now: Callable[[], Ticks]
    ) -> None:
        self._book = book
        self._shop = shop
        self._log = log
        self._event_times = event_times
        self._now = now
        self._writing = asyncio.Lock()
        self._has_ends = log.next_occurrence > 1  # of an earlier start, perhaps
        self._changed = asyncio.Event()
        self._version: object = None
        self._answers: dict[tuple[object, ...], bytes] = {}
        self.routes = [
            Route(each.path.lower(), self._endpoint(each), methods=[each.method], name=each.name) for each in served()
        ]

    def start(self) -> None:
        """Begin to end what the clock ends."""
        self._clockwork = asyncio.get_running_loop().create_task(self._end_by_clock())

    async def stop(self) -> None:
        self._clockwork.cancel()
        with suppress(asyncio.CancelledError):
            await self._clockwork

    def _endpoint(self, operation: VendorOperation) -> Callable[[Request], Any]:
        reads, writes = READS.get(operation.does), WRITES.get(operation.does)

        async def endpoint(request: Request) -> Response:
            call = await _read(operation, request)
            await self._book.catch_up()
            if operation.does in LISTS_OF_SIZES:
                await self._book.look_for_names()
            try:
                return await answered(call)
            except (BadInput, NotFound):  # nothing has changed
                if not await self._book.look_for_names():
                    raise
                return await answered(call)

        async def answered(call: VendorCall) -> Response:
            if reads is not None and operation.method == "GET":
                return _json_text(self._written(operation, call))
            if reads is not None:
                answer = reads(self._book, call)
                return _json(await answer if isawaitable(answer) else answer)
            assert writes is not None
            async with self._writing:
                await self._book.catch_up()
                cause = f"{operation.method} {operation.path}"
                answer = await self._write(cause, lambda writing: writes(writing, call))
            return Response(status_code=204) if operation.answer.base == "none" else _json(answer)

        return endpoint

    def _written(self, operation: VendorOperation, call: VendorCall) -> bytes:
        """The answer to a GET, which is the same until the book changes."""
        if self._version is not self._book.version or len(self._answers) >= _MOST_ANSWERS:
            self._version = self._book.version
            self._answers.clear()
        key = (operation.name, *call.values.items())
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = orjson.dumps(READS[operation.does](self._book, call))
        return answer

    async def _write(self, cause: str, do: Callable[[Writing], Any]) -> Any:
        """Act, and log what that raises and notes in one commit. Raises BadInput, NotFound, Busy, StoreFailed."""
        first, writing, answer = self._log.next_occurrence, Writing(self._book, self._shop.state), None

        def act(_: ShopState) -> None:
            nonlocal answer
            answer = do(writing)

        raised = self._shop.perform(cause, act, number=first, at=self._event_times.take())
        notes = [Occurrence(kind, orjson.dumps(body), None) for kind, body in writing.notes]
        if raised or notes:
            count = len(raised) + len(notes)
            self._log.take_numbers(count)
            logged = self._log.accept(
                [*raised, *notes], first, [RaisedBy(cause, 1, len(raised))] if raised else [], keep=True
            )
            self._shop.undo_if_refused(logged, first, count)
            await logged
            await self._book.catch_up()
        if any(kind in (RESERVATION, ARRIVAL) for kind, _ in writing.notes):
            self._has_ends = True
            self._changed.set()
        return answer() if callable(answer) else answer

    async def settle(self) -> None:
        """End what is due by the clock. Raises Busy, StoreFailed."""
        self._changed.set()  # the next one may be due earlier than it was
        if not self._has_ends:
            return
        async with self._writing:
            await self._book.catch_up()
            for due, end in held_until(self._book):
                if due > self._now():
                    break
                await self._write("clock", end)

    async def _end_by_clock(self) -> None:
        while True:
            try:
                await self.settle()
                wait_s = self._until_next_s()
            except FrontsimError as error:
                logger.warning("what is due by the clock waits: %s", error)
                wait_s = _RETRY_S
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait_s)

    def _until_next_s(self) -> float | None:
        ends = held_until(self._book) if self._has_ends else []
        self._has_ends = bool(ends)
        return min(_LONGEST_SLEEP_S, max(0, ends[0][0] - self._now()) / SECOND) if ends else None


def _json(answer: Any) -> Response:
    return _json_text(orjson.dumps(answer))


def _json_text(answer: bytes) -> Response:
    return Response(answer, media_type="application/json; charset=utf-8")


async def _read(operation: VendorOperation, request: Request) -> VendorCall:
    """Read a call. Raises BadInput with all that is wrong."""
    problems: Problems = {}
    values = _values(operation, request, problems) if operation.parameters else {}
    body: dict[str, Any] = {}
    if operation.request is not None:
        given = await read_object(request, empty=operation.does in READS)
        body = read(operation.request, given, problems) or {}
    elif operation.method != "GET":
        await read_body(request)
    if problems:
        raise refused(problems)
    return VendorCall(values, body, operation.request)


def _values(operation: VendorOperation, request: Request, problems: Problems) -> dict[str, Any]:
    places = {
        "path": {name.lower(): value for name, value in request.path_params.items()},
        "query": {name.lower(): value for name, value in request.query_params.multi_items()},
        "header": request.headers,
    }
    values = {}
    for each in operation.parameters:
        text = places[each.where].get(each.name.lower())
        if text is None or text == "":
            if each.required:
                problems[each.name] = [f"expected {each.name} in the {each.where}, got nothing"]
            continue
        try:
            values[each.name] = read_text(each.kind, text)
        except ValueError as error:
            problems[each.name] = [str(error)]
    return values
