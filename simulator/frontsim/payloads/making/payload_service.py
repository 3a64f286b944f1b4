"""Payloads for a running simulator, made without blocking its event loop.

few payloads  ──▶ made here, a hundred at a time, so that other tasks get their turn
    many          ──▶ made by a worker process, on another core (it knows the typical profile only)
    slow ones     ──▶ made in a thread: other profiles, the user's own types, and values of the caller's own

The bytes follow from seed, type and number alone, so where a payload is made changes nothing but the time it takes.
If the worker cannot start, or dies, its jobs are made here. A dead worker is replaced after twice as many payloads
as the one before, so a worker that keeps dying costs little.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from frontsim.catalog import Catalog
from frontsim.domain.model import Occurrence, read_store_id
from frontsim.payloads.documents.builders import BUILDERS
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.profiles import PROFILES, RECORDED, TYPICAL
from frontsim.payloads.making.worker import PayloadJob, WorkerProcess, unpack, write_job
from frontsim.payloads.world.moments import Ticks
from frontsim.user_input.fields import Fields, shown_briefly

MOST_AT_ONCE = 100_000
"""Occurrences that one call may raise."""


class Content(StrEnum):
    """Whose values the payloads of a call hold."""

    OURS = "ours"
    SET = "set"
    """Ours, with some values of the caller's, so that each number has its own payload."""
    CALLERS = "callers"
    """One payload of the caller's, with or without `set`, for every number."""


@dataclass(frozen=True, slots=True)
class TriggerCall:
    """A call whose fields are right; whether its payloads can be made is known only when they are.

    `each` has further values for each occurrence, none where all get the same.
    """

    event: str
    count: int
    store_id: int | None
    profile: str | None
    content: Content
    set_: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    invalid: bool
    each: Sequence[Mapping[str, Any]] = ()

    def make(self, payloads: Payloads, number: int, at: Ticks | None, *, place: int = 0) -> Occurrence:
        """The payload of a number with the caller's values, with the errors of `Payloads`.

        `place`: which of the call's occurrences it is, from 0.
        """
        if self.payload is not None:
            return payloads.given(
                self.event, self.payload, store_id=self.store_id, set_=self.set_, invalid=self.invalid
            )
        built = payloads.build(self.event, number, store_id=self.store_id, at=at, profile=self.profile)
        set_ = {**self.set_, **self.each[place]} if self.each else self.set_
        return payloads.changed(built, set_, invalid=self.invalid)


def read_trigger_call(value: Mapping[str, Any], catalog: Catalog) -> TriggerCall:
    """Read the JSON object of a call. Raises BadInput, UnknownEventType."""
    fields = Fields(value, any_case=True)
    fields.only("event", "count", "storeId", "set", "each", "payload", "invalid", "payloads")
    event = fields.text("event", "the name of an event type", required=True)
    count = fields.whole("count", least=1, most=MOST_AT_ONCE) or 1
    store_id = read_store_id(fields)
    set_, payload, invalid = fields.mapping("set") or {}, fields.mapping("payload"), bool(fields.flag("invalid"))
    profile, each = fields.choice("payloads", (*PROFILES, RECORDED)), _each(fields)
    fields.check()
    content = Content.CALLERS if payload is not None else Content.SET if set_ or each else Content.OURS
    return TriggerCall(
        catalog.find(event or "").name, len(each) or count, store_id, profile, content, set_, payload, invalid, each
    )


def _each(fields: Fields) -> Sequence[Mapping[str, Any]]:
    """The values of each occurrence; their number is the call's count."""
    each = fields.items("each", "an array of objects, one for each occurrence")
    if each is None:
        return ()
    if not 1 <= len(each) <= MOST_AT_ONCE:
        fields.note("each", f"expected 1 to {MOST_AT_ONCE:,} objects, got {len(each):,}")
    if wrong := [place for place, values in enumerate(each) if not isinstance(values, Mapping)]:
        fields.note(f"each[{wrong[0]}]", f"expected an object, got {shown_briefly(each[wrong[0]])}")
    if fields.raw("count") not in (None, len(each)):
        fields.note("count", f"expected no count beside each, or {len(each):,}, got {fields.got('count')}")
    if fields.raw("payload") is not None:
        fields.note("payload", "expected no payload beside each: it holds values for generated payloads")
    return each


WORKER_AFTER = 2_000
"""Payloads made here before a worker starts: it takes some 0.2 s to be ready, and 25 MB."""
STUCK_AFTER_S = 5.0
"""Seconds without a batch, though jobs wait, after which the worker counts as stuck; a batch takes some 2 ms."""
_AT_A_TIME = 100  # made here before other tasks get their turn
_PAYLOADS_PER_JOB = 64  # the next job may be another caller's, and a batch of this size fits into a cache

T = TypeVar("T")


class AsyncPayloads:
    """Makes payloads, here or in a worker; used on one event loop.

    Args:
        payloads: makes them here.
        seed: the seed of `payloads`.
        worker_after: how many are made here before a worker starts.
    """

    def __init__(self, payloads: Payloads, *, seed: int, worker_after: int = WORKER_AFTER) -> None:
        self._payloads = payloads
        self._arguments = [str(seed), *([payloads.world.home] if payloads.world.home else [])]
        self._worker_after = worker_after
        self._until_worker = worker_after
        self._closed = False
        self._worker: WorkerProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="frontsim-payloads")

    @property
    def worker(self) -> WorkerProcess | None:
        """The worker, once one has been started."""
        return self._worker

    async def make(
        self,
        events: Sequence[str],
        first: int,
        *,
        store_id: int | None = None,
        at: Ticks | None = None,
        profile: str | None = None,
    ) -> Sequence[Occurrence]:
        """One payload of each of `events`, numbered from `first`, at moments one tick apart from `at` on.

        Raises what `Payloads.build` does.
        """
        profile = profile or self._payloads.profile
        if self._worker is not None and self._worker.ready and profile == TYPICAL and BUILDERS.keys() >= set(events):
            with suppress(ConnectionError):
                return await _made_by(self._worker, events, first, store_id, at)
        if profile != TYPICAL or not BUILDERS.keys() >= set(events):

            def build() -> list[Occurrence]:
                return [
                    self._payloads.build(
                        event,
                        first + place,
                        store_id=store_id,
                        at=None if at is None else at + place,
                        profile=profile,
                    )
                    for place, event in enumerate(events)
                ]

            return await self.in_thread(build)
        return await self._make_here(events, first, store_id, at)

    async def in_thread(self, make: Callable[[], T]) -> T:
        """Calls `make` in the one thread for payloads that may take long."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, make)

    def of_call(self, call: TriggerCall) -> "CallPayloads":
        """The payloads of a call that holds values of the caller's own."""
        return CallPayloads(self, self._payloads, call)

    def close(self) -> None:
        """End the worker, and start no other."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._worker is not None:
            self._worker.end()

    async def _make_here(
        self, events: Sequence[str], first: int, store_id: int | None, at: Ticks | None
    ) -> list[Occurrence]:
        made: list[Occurrence] = []
        for place, event in enumerate(events):
            moment = None if at is None else at + place
            made.append(self._payloads.build(event, first + place, store_id=store_id, at=moment, profile=TYPICAL))
            if len(made) % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        self._until_worker -= len(made)
        if self._until_worker < 0 and not self._closed and (self._worker is None or self._worker.ended):
            self._worker_after *= 2
            self._until_worker = self._worker_after
            self._worker = WorkerProcess(
                "frontsim.payloads.making.worker", *self._arguments, work="makes payloads", stuck_after_s=STUCK_AFTER_S
            )
            self._starting = asyncio.get_running_loop().create_task(self._worker.start())
        return made


async def _made_by(
    worker: WorkerProcess, events: Sequence[str], first: int, store_id: int | None, at: Ticks | None
) -> list[Occurrence]:
    """As `AsyncPayloads.make`. Raises ConnectionError: the worker has ended."""
    jobs = [
        PayloadJob(
            events[start : start + _PAYLOADS_PER_JOB], first + start, store_id, None if at is None else at + start
        )
        for start in range(0, len(events), _PAYLOADS_PER_JOB)
    ]
    batches = await worker.do([write_job(job) for job in jobs])
    return [made for job, batch in zip(jobs, batches, strict=True) for made in unpack(job.events, batch)]


class CallPayloads:
    """Makes the payloads of a call with values of the caller's own, in the thread."""

    def __init__(self, async_payloads: AsyncPayloads, payloads: Payloads, call: TriggerCall) -> None:
        self._call = call
        self._async_payloads = async_payloads
        self._payloads = payloads

    async def callers(self) -> Occurrence:
        """The payload of the caller's own, the same for every number. Raises BadInput, InvalidPayload."""
        return await self._async_payloads.in_thread(lambda: self._call.make(self._payloads, 0, None))

    async def make(self, first: int, count: int, at: Ticks, *, done: int = 0) -> list[Occurrence]:
        """The payloads from a number on, after `done` others of the call. Raises BadInput, InvalidPayload."""
        return await self._async_payloads.in_thread(lambda: list(self._made(first, count, at, done)))

    async def largest(self, first: int, count: int, at: Ticks, *, done: int = 0) -> int:
        """The bytes of the largest payload from a number on. Raises BadInput, InvalidPayload."""
        return await self._async_payloads.in_thread(
            lambda: max(len(made.body) for made in self._made(first, count, at, done))
        )

    def _made(self, first: int, count: int, at: Ticks, done: int) -> Iterator[Occurrence]:
        for place in range(count):  # one at a time: a payload may have 10 MiB
            yield self._call.make(self._payloads, first + place, at + place, place=done + place)
