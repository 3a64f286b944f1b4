"""`/_sim/trigger`, `/_sim/simulate` and `/_sim/replay`: raise events, made up or real.

    POST /_sim/replay {"event", "url", "payload", "webhookId"?, "webhookEventId"?, "storeId"?}
        -> 202 {"occurrences": 1, "events": [{"webhookId", "webhookEventId", "event"}]}

What is replayed has really happened, and is delivered again under its own ids. The webhook of `webhookId`, or of that
type and URL, is made where there is none, and gets the event alone. An event whose id is in the log already is not
raised again: 202 with `"occurrences": 0`. A real payload is not checked against a schema, and its type may be one that
the catalogue lacks.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import end_with_caller, json
from frontsim.catalog import TYPE_NAME, Catalog
from frontsim.clock import stopwatch
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Occurrence, Raised, RaisedBy, Replayed, read_store_id, with_known_store
from frontsim.errors import BadInput, Busy, StoreFailed
from frontsim.payloads.making.payload_service import (
    MOST_AT_ONCE,
    AsyncPayloads,
    CallPayloads,
    Content,
    read_trigger_call,
)
from frontsim.payloads.making.shop import ACTS, Shop, day
from frontsim.payloads.world.moments import SECOND, EventTimes
from frontsim.store.event_log import EventLog
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import as_object, parsed, read_body, read_object
from frontsim.wording import counted


class ReplayApi:
    """Takes real events. Answers after they are in the log."""

    def __init__(self, *, store: EventLog) -> None:
        self._store = store
        self.routes = [Route("/_sim/replay", self.replay, methods=["POST"])]

    async def replay(self, request: Request) -> Response:
        """Log one event for one webhook; it is delivered as every other."""
        item = _read(Fields(await read_object(request, any_type=True), any_case=True))
        raised, is_new = await self._store.replay(item, self._store.take_numbers(1))
        event = {"webhookId": raised[0], "webhookEventId": raised[1], "event": raised[2]}
        return json({"occurrences": int(is_new), "events": [event]}, 202)


def _read(fields: Fields) -> Replayed:
    """The event of a call. Raises BadInput."""
    fields.only("event", "url", "payload", "webhookId", "webhookEventId", "storeId")
    event = fields.text("event", "the name of an event type", required=True) or ""
    if event and not TYPE_NAME.fullmatch(event):
        fields.refuse("event", "a name that starts with a letter and has letters, digits, _ - and .")
    url = fields.text("url", "the URL of a receiver", required=True) or ""
    try:
        if url:
            parse_target(url)
    except BadInput as error:
        fields.note("url", str(error))
    if not fields.has("payload"):
        fields.refuse("payload", "the event's payload")
    store_id = read_store_id(fields)
    webhook_id, event_id = _uuid(fields, "webhookId"), _uuid(fields, "webhookEventId")
    fields.check()
    body = orjson.dumps(fields.raw("payload"))
    return Replayed(webhook_id, url, event_id, with_known_store(Occurrence(event, body, store_id)))


def _uuid(fields: Fields, name: str) -> UUID | None:
    text = fields.text(name, "a UUID")
    try:
        return None if text is None else UUID(text)
    except ValueError:
        fields.refuse(name, "a UUID")
        return None


CHUNK = 200
"""Occurrences that are built here and logged at a time; other calls get their turn in between."""
EVENTS = 2_000
"""Events that are logged at a time, about."""
_FIRST_CHUNK = 10  # occurrences, until it is known how many events one makes
_EVENT = '{"webhookId":"%s","webhookEventId":"%s","event":"%s"}'  # a type's name needs no escapes


class LoggedEvents:
    """The events of a call so far, kept as the text of its answer, which takes a quarter of the memory of objects."""

    def __init__(self) -> None:
        self.occurrences = 0
        self._expected: deque[tuple[int, asyncio.Future[list[Raised]]]] = deque()
        self._count = 0
        self._events: list[str] = []

    def expect(self, occurrences: int, raised: "asyncio.Future[list[Raised]]") -> None:
        """Count occurrences that the log was given, once they are in it."""
        raised.add_done_callback(lambda done: done.cancelled() or done.exception())  # a call that failed awaits no more
        self._expected.append((occurrences, raised))

    async def fewer_than(self, most: int) -> None:
        """Wait until so few batches wait for the log.

        Raises:
            Busy, StoreFailed: the log has refused one; what it took of the others is counted.
        """
        refused: Busy | StoreFailed | None = None
        while len(self._expected) >= (most if refused is None else 1):
            occurrences, raised = self._expected.popleft()
            try:
                events = await raised  # they are in the log
                self.occurrences += occurrences
                self._count += len(events)
                if events:
                    self._events.append(",".join([_EVENT % item for item in events]))
            except (Busy, StoreFailed) as error:
                refused = refused or error
        if refused is not None:
            if self.occurrences:
                refused.args = (
                    f"{counted(self.occurrences, 'occurrence is', 'occurrences are')} in the log, no more: {refused}",
                )
            raise refused

    def next_chunk(self) -> int:
        """How many occurrences to log next, at most: fewer where each makes many events."""
        if not self.occurrences:
            return _FIRST_CHUNK
        return max(1, min(CHUNK, EVENTS * self.occurrences // max(1, self._count)))

    def answer(self) -> Response:
        """`{"occurrences": n, "events": [...]}`."""
        events = orjson.Fragment(f"[{','.join(self._events)}]")
        return json({"occurrences": self.occurrences, "events": events}, 202)


TRIGGER = "trigger"
"""The log names this as the cause of occurrences that were triggered."""
DAY = "day"
DAY_SPEED = 600.0
"""How many times faster than real time a trading day is played, unless the caller says otherwise."""
_CHUNK_BYTES = 10_000_000  # of bodies in a chunk, about: the caller's own payload may be large
_STEP_S = 0.02  # of building at a time: other calls wait meanwhile
_CHUNK_MADE = 500  # the same, where the payload process makes them
_BATCHES_IN_THE_LOG = 2


class _Batch(NamedTuple):
    """Occurrences that are numbered from `first`; `era` counts the resets before."""

    era: int
    first: int
    occurrences: Sequence[Occurrence]


class TriggerApi:
    """Raises occurrences and business acts. Answers after they are in the log."""

    def __init__(
        self,
        *,
        store: EventLog,
        catalog: Catalog,
        async_payloads: AsyncPayloads,
        event_times: EventTimes,
        shop: Shop,
        catch_up: Callable[[], Awaitable[None]],
        seed: int,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._async_payloads = async_payloads
        self._event_times = event_times
        self._shop = shop
        self._catch_up = catch_up
        self._seed = seed
        self._is_stopping = is_stopping
        self.routes = [
            Route("/_sim/trigger", self.trigger, methods=["POST"]),
            Route("/_sim/simulate", self.simulate, methods=["POST"]),
        ]

    async def trigger(self, request: Request) -> Response:
        """Raise occurrences of one type."""
        call = read_trigger_call(as_object(await parsed(await read_body(request))), self._catalog)
        if call.content is Content.OURS:
            return await self._raise_plain(call.event, call.count, call.store_id, call.profile)
        payloads = self._async_payloads.of_call(call)
        if call.content is Content.CALLERS:
            made = await payloads.callers()
            return await self._raise(call.count, TRIGGER, lambda _: [made])
        if answer := await self._raise_few(call.count, payloads):
            return answer
        return await self._raise_custom(call.count, payloads, most=await self._try(call.count, payloads))

    async def _try(self, count: int, payloads: CallPayloads) -> int:
        """Make every payload once, so that a bad one is refused before anything is logged. Raises BadInput.

        Returns how many of them are logged at a time.
        """
        first, largest = self._store.next_occurrence, 1
        for start in range(0, count, CHUNK):
            some = min(CHUNK, count - start)
            at = self._event_times.take(some)
            largest = max(largest, await payloads.largest(first + start, some, at, done=start))
            if self._is_stopping():
                raise _stopping()
        return max(1, _CHUNK_BYTES // largest)

    async def _raise_few(self, count: int, payloads: CallPayloads) -> Response | None:
        """Raise few occurrences, each made once; None if they must be made anew, because their numbers are taken.

        Raises BadInput, before anything is logged.
        """
        logged, era, first = LoggedEvents(), self._store.era, self._store.next_occurrence
        if count > logged.next_chunk():
            return None
        made = await payloads.make(first, count, self._event_times.take(count))
        is_large = sum(len(item.body) for item in made) > _CHUNK_BYTES
        if is_large or (era, first) != (self._store.era, self._store.next_occurrence):
            return None
        await self._number_and_log(made, logged, [RaisedBy(TRIGGER, count, count)])
        return logged.answer()

    async def _raise_custom(self, count: int, payloads: CallPayloads, *, most: int) -> Response:
        """Make and log `most` at a time; as in `_raise_plain`, a reset makes them be made anew."""
        logged = LoggedEvents()
        left = count
        while left:
            some = min(left, most, logged.next_chunk())
            era, first, at = self._store.era, self._store.take_numbers(some), self._event_times.take(some)
            made = await payloads.make(first, some, at, done=count - left)
            if era == self._store.era:
                await self._log(made, first, logged, [RaisedBy(TRIGGER, count, some)])
                left -= some
        return logged.answer()

    async def simulate(self, request: Request) -> Response:
        """Do a business act, and everything that it causes."""
        fields = Fields(await read_object(request, any_type=True), any_case=True)
        fields.only("what", "count", "speed")
        acts = f"one of {', '.join(ACTS)}, or {DAY}"
        what = fields.text("what", acts, required=True)
        if what is not None and what != DAY and what not in ACTS:
            fields.refuse("what", acts)
        wrong = "count" if what == DAY else "speed"
        if fields.raw(wrong) is not None:
            fields.note(wrong, f'expected "speed" with {DAY} alone, and "count" with all others')
        count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
        speed = fields.number("speed", least=1, most=1_000_000) or DAY_SPEED
        fields.check()
        assert what is not None
        await self._catch_up()  # the levels that acts begin with are those of the log
        if what == DAY:
            return await self._play_day(request, speed)
        ends = self._shop.ends(what, count, self._event_times.take())
        return await self._raise(count, what, lambda number: self._shop.act(what, number=number, until=next(ends)))

    async def _play_day(self, request: Request, speed: float) -> Response:
        """Play a trading day of the whole chain, `speed` times faster than real time, until the caller goes away.

        Its moments are those of a day before now, or the clock's if there has been none since the last act.
        """
        end_with_caller(request.scope)
        loop = asyncio.get_running_loop()
        began, opening = loop.time(), self._shop.next_opening(self._event_times.take())
        logged = LoggedEvents()
        for second, what in day(seed=self._seed, number=self._store.next_occurrence):
            wait_s = began + second / speed - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                if await request.is_disconnected():
                    break
            number = self._store.next_occurrence
            if opening is None:
                made = self._shop.act(what, number=number, until=self._event_times.take())
            else:
                made = self._shop.act(what, number=number, at=opening + int(second * SECOND))
            await self._number_and_log(made, logged, [RaisedBy(what, 1, len(made))])
        return logged.answer()

    async def _raise_plain(self, event: str, count: int, store_id: int | None, profile: str | None) -> Response:
        """Log `count` occurrences of a type, in batches; the payload process makes some while others are logged.

            make 1 | make 2 | make 3 | make 4 |
                   | log 1 ......... |
                            | log 2 ......... |

        Two batches are with the log at once: the next transaction begins before a call hears of the last one, so a
        call that waited for each batch would have one in every other transaction.

        A batch takes its numbers when it is begun. A reset starts a new `era` and hands those numbers out again, so
        a batch from the era before is dropped and made anew.
        """
        logged = LoggedEvents()
        left = count
        ahead = self._begin_batch(event, left, store_id, profile)
        try:
            while left:
                batch = await ahead
                ahead = self._begin_batch(event, left - len(batch.occurrences), store_id, profile)
                await logged.fewer_than(_BATCHES_IN_THE_LOG)
                if batch.era != self._store.era:
                    continue
                some = len(batch.occurrences)
                self._accept(batch.occurrences, batch.first, logged, [RaisedBy(TRIGGER, count, some)])
                left -= some
            await logged.fewer_than(1)
        finally:
            ahead.cancel()
        return logged.answer()

    def _begin_batch(self, event: str, left: int, store_id: int | None, profile: str | None) -> "asyncio.Task[_Batch]":
        """Begin to make the next batch: smaller where each occurrence makes many events, or few more may wait."""
        room = min(EVENTS, self._store.free) // max(1, self._store.wanting(event))
        count = min(left, max(1, min(_CHUNK_MADE, room)))
        era, first, at = self._store.era, self._store.take_numbers(count), self._event_times.take(count)

        async def make() -> _Batch:
            made = await self._async_payloads.make([event] * count, first, store_id=store_id, at=at, profile=profile)
            return _Batch(era, first, made)

        making = asyncio.get_running_loop().create_task(make())
        making.add_done_callback(lambda task: task.cancelled() or task.exception())  # a call that failed awaits no more
        return making

    async def _raise(self, count: int, what: str, build: Callable[[int], Sequence[Occurrence]]) -> Response:
        """Build and log `count` times what `build` makes of a number; `what` is the cause of each."""
        logged = LoggedEvents()
        left = count
        while left:
            some = min(left, logged.next_chunk())
            occurrences: list[Occurrence] = []
            causes: list[RaisedBy] = []
            size, began = 0, stopwatch()
            while some and size < _CHUNK_BYTES and stopwatch() - began < _STEP_S:
                made = build(self._store.next_occurrence + len(occurrences))
                occurrences += made
                causes.append(RaisedBy(what, count, len(made)))
                size += sum([len(item.body) for item in made])
                some -= 1
                left -= 1
            if what == TRIGGER:
                causes = [RaisedBy(what, count, len(occurrences))]
            await self._number_and_log(occurrences, logged, causes)
        return logged.answer()

    async def _number_and_log(
        self, occurrences: Sequence[Occurrence], logged: LoggedEvents, causes: Sequence[RaisedBy]
    ) -> None:
        await self._log(occurrences, self._store.take_numbers(len(occurrences)), logged, causes)

    async def _log(
        self, occurrences: Sequence[Occurrence], first: int, logged: LoggedEvents, causes: Sequence[RaisedBy]
    ) -> None:
        self._accept(occurrences, first, logged, causes)
        await logged.fewer_than(1)

    def _accept(
        self, occurrences: Sequence[Occurrence], first: int, logged: LoggedEvents, causes: Sequence[RaisedBy]
    ) -> None:
        """Give occurrences to the log, without waiting for it."""
        if self._is_stopping():  # a call that raises many would hold up the stop
            raised = asyncio.get_running_loop().create_future()
            raised.set_exception(_stopping())
        else:
            keep = causes[0].what != TRIGGER  # acts change the shop, whether a webhook matches or not
            raised = self._store.accept([with_known_store(item) for item in occurrences], first, causes, keep=keep)
            if keep:
                self._shop.undo_if_refused(raised, first, len(occurrences))
        logged.expect(len(occurrences), raised)


def _stopping() -> Busy:
    return Busy("the simulator is stopping", retry_after_s=1)
