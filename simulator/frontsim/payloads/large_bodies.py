"""Request bodies of many values, read by a separate process.

The parser holds Python's lock until it is done, so a thread would not do: 9 MB of small values take up to 0.6 s, in
which no other call would be answered. The process starts with the first such body, and takes some 60 MB from then on.
Where it cannot start, or dies, a thread does its work: other callers wait then, and all the same get right answers.
"""

import asyncio
import pickle
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson

from frontsim import errors
from frontsim.catalog import Catalog
from frontsim.domain.model import Occurrence
from frontsim.payloads.batch import framed, unpack
from frontsim.payloads.factory import Payloads
from frontsim.payloads.large_body_worker import BodyJobs
from frontsim.payloads.trigger_call import Content, TriggerCall
from frontsim.payloads.values.moments import Ticks
from frontsim.payloads.worker_process import WorkerProcess
from frontsim.user_input.validation import Violation

MODULE = "frontsim.payloads.large_body_worker"
STUCK_AFTER_S = 60.0
"""Seconds for one job: to explain what is wrong with a large payload may take long."""
_AT_A_TIME = 10  # payloads that one job makes: each may take half a second


class LargeBodies:
    """Does with a body what the simulator would do with a smaller one; used on one event loop.

    Args:
        catalog: the types.
        payloads: makes payloads here, if the process cannot.
        seed: the seed of `payloads`.
    """

    def __init__(self, catalog: Catalog, payloads: Payloads, *, seed: int) -> None:
        self._here = BodyJobs(catalog, payloads)
        self._types = list(catalog)
        self._seed = seed
        self._profile = payloads.profile
        self._closed = False
        self._worker: WorkerProcess | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def worker(self) -> WorkerProcess | None:
        """The process, once one has been started."""
        return self._worker

    async def compact(self, body: bytes) -> bytes:
        """The JSON without needless spaces. Raises BadInput."""
        return (await self.do(body, "compact"))[1]

    async def problems(self, event: str, body: bytes) -> list[Violation]:
        """As `Catalog.problems`. Raises BadInput: it is not JSON."""
        found, _ = await self.do(body, "problems", event=event)
        return [Violation(*each) for each in found["problems"]]

    async def trigger(self, body: bytes) -> "LargeTrigger":
        """A trigger's body. Raises BadInput, UnknownEventType, InvalidPayload."""
        found, made = await self.do(body, "trigger")
        call = TriggerCall(**{**found["call"], "content": Content(found["call"]["content"])})
        return LargeTrigger(self, body, call, unpack([call.event], made) if call.content is Content.CALLERS else [])

    def close(self) -> None:
        """End the process, and start no other."""
        self._closed = True
        if self._worker is not None:
            self._worker.end()

    async def do(self, body: bytes, what: str, **more: int | str) -> tuple[dict[str, Any], bytes]:
        """What a job of `BodyJobs` found, and the batch that it made. Raises BadInput."""
        job = orjson.dumps({"do": what, **more}) + b"\n" + body
        answer: bytes | None = None
        with suppress(ConnectionError):
            worker = await self._started()
            (answer,) = await worker.do([framed(job)])
        if answer is None:
            answer = await asyncio.to_thread(self._here.do, job)
        head, _, made = answer.partition(b"\n")
        found: dict[str, Any] = orjson.loads(head)
        if "error" in found:
            raise getattr(errors, found["error"])(found["text"], found["fields"])
        return found, made

    async def _started(self) -> WorkerProcess:
        """The process; a new one in place of one that has ended."""
        if self._worker is None or (self._worker.ended and not self._closed):
            self._worker = WorkerProcess(MODULE, work="reads large bodies", stuck_after_s=STUCK_AFTER_S)
            self._starting = asyncio.get_running_loop().create_task(self._start(self._worker))
        assert self._starting is not None
        await asyncio.shield(self._starting)
        return self._worker

    async def _start(self, worker: WorkerProcess) -> None:
        await worker.start()
        worker.tell(framed(pickle.dumps((self._types, self._seed, self._profile))))


class LargeTrigger:
    """A trigger whose values stay in its body; otherwise as `SmallTrigger`."""

    def __init__(self, bodies: LargeBodies, body: bytes, call: TriggerCall, callers: Sequence[Occurrence]) -> None:
        self.call = call
        self._bodies = bodies
        self._body = body
        self._callers = callers

    async def callers(self) -> Occurrence:
        """The caller's own payload, already made."""
        (made,) = self._callers
        return made

    async def make(self, first: int, count: int, at: Ticks, *, done: int = 0) -> list[Occurrence]:
        """The payloads from a number on, after `done` others of the call. Raises BadInput, InvalidPayload."""
        _, made = await self._bodies.do(self._body, "make", first=first, count=count, at=at, done=done)
        return unpack([self.call.event] * count, made)

    async def largest(self, first: int, count: int, at: Ticks, *, done: int = 0) -> int:
        """The bytes of the largest payload from a number on. Raises BadInput, InvalidPayload."""
        sizes: list[int] = []
        for start in range(0, count, _AT_A_TIME):
            some = min(_AT_A_TIME, count - start)
            found, _ = await self._bodies.do(
                self._body, "largest", first=first + start, count=some, at=at + start, done=done + start
            )
            sizes.append(found["size"])
        return max(sizes)
