"""Payloads made while the event loop does something else.

    few are wanted  ─▶ made here, some at a time, so that others get their turn
    many            ─▶ a worker, in a process of its own: it makes them on another core

Bytes follow from seed, type and number alone, so where they are made changes nothing but the time it takes. A
worker that cannot start, or dies, is not missed: what it was asked for is made here, and when twice as many have been
as before the last start, another is started.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import frontsim
from frontsim.domain.model import Occurrence
from frontsim.payloads.batch import Frames, Job, unpack, write_job
from frontsim.payloads.documents.builders import BUILDERS
from frontsim.payloads.factory import Payloads

logger = logging.getLogger(__name__)

MANY = 2_000
"""Payloads after which a worker is started: it takes some 0.2 s to be ready, and 25 MB."""
SILENCE_S = 5.0
"""Seconds without a batch, though some are wanted, after which a worker is taken to be stuck; one takes some 2 ms."""
_AT_A_TIME = 100  # made here before others get their turn
_IN_A_JOB = 64  # made by the worker before its next job, which may be another caller's; a batch fits into a cache


class Workshop:
    """Makes payloads, here or in a worker; used on one event loop.

    Args:
        payloads: makes them here.
        seed: theirs.
        many: how many are made here before a worker is started.
    """

    def __init__(self, payloads: Payloads, *, seed: int, many: int = MANY) -> None:
        self._payloads = payloads
        self._seed = seed
        self._many = many
        self._until_worker = many
        self._closed = False
        self._worker: Worker | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def worker(self) -> "Worker | None":
        """The worker, if one was started."""
        return self._worker

    async def make(self, events: Sequence[str], first: int, *, store_id: int | None = None) -> Sequence[Occurrence]:
        """One payload of each of `events`, numbered from `first`. Raises what `Payloads.build` does."""
        if self._worker is not None and self._worker.ready and BUILDERS.keys() >= set(events):
            with suppress(ConnectionError):
                return await self._worker.make(events, first, store_id)
        return await self._make_here(events, first, store_id)

    def close(self) -> None:
        """End the worker, and start no other."""
        self._closed = True
        if self._worker is not None:
            self._worker.end()

    async def _make_here(self, events: Sequence[str], first: int, store_id: int | None) -> list[Occurrence]:
        made: list[Occurrence] = []
        for number, event in enumerate(events, first):
            made.append(self._payloads.build(event, number, store_id=store_id))
            if len(made) % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        self._until_worker -= len(made)
        if self._until_worker < 0 and not self._closed and (self._worker is None or self._worker.ended):
            self._many *= 2
            self._until_worker = self._many
            self._worker = Worker(self._seed)
            self._starting = asyncio.get_running_loop().create_task(self._worker.start())
        return made


class Worker(asyncio.Protocol):
    """A process that makes payloads, and the line to it: it does jobs in the order in which they are asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._frames = Frames()
        self._asked: deque[asyncio.Future[bytes]] = deque()
        self._heard = 0  # batches
        self.ended = False
        """Whether there is no such process any more, or there never will be."""
        self.ready = False
        """Whether it can be asked: it has started, and has not ended."""

    @property
    def pid(self) -> int | None:
        """Its process, if that could be started."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        if self.ended:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(self._seed, theirs)
            except (OSError, TypeError) as error:  # TypeError: a Python inside another program has no name
                self.ended = True
                ours.close()
                logger.warning("no process for payloads could be started, so the simulator makes them: %s", error)
                return
        await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)

    async def make(self, events: Sequence[str], first: int, store_id: int | None) -> list[Occurrence]:
        """As `Workshop.make`. Raises ConnectionError: it has ended."""
        jobs = [
            Job(events[start : start + _IN_A_JOB], first + start, store_id)
            for start in range(0, len(events), _IN_A_JOB)
        ]
        asked = asyncio.gather(*map(self._ask, jobs))
        try:
            await self._answers(asked)
        finally:
            asked.cancel()  # if the caller goes away, so does its question
        return [made for job, batch in zip(jobs, asked.result(), strict=True) for made in unpack(job.events, batch)]

    async def _answers(self, asked: "asyncio.Future[list[bytes]]") -> None:
        """Wait for batches, but not for a process that is stuck."""
        while not asked.done():
            heard = self._heard
            done, _ = await asyncio.wait([asked], timeout=SILENCE_S)
            if not done:
                await asyncio.sleep(0.01)  # what came while this very process was stopped is read first
                self._end_if_stuck(heard)

    def _end_if_stuck(self, heard: int) -> None:
        if heard == self._heard and self._asked and not self.ended:
            logger.warning("the process that makes payloads is stuck; the simulator makes them itself")
            self.end()

    def end(self) -> None:
        """Kill the process: it has nothing to lose."""
        self.ended = True
        self.ready = False
        if self._transport is not None:
            self._transport.abort()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _ask(self, job: Job) -> "asyncio.Future[bytes]":
        assert self._transport is not None
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._transport.write(write_job(job))
        return answer

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line stands; whether somebody is at its other end will show."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        if self.ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """It is ready, or jobs are done."""
        for text in self._frames.feed(data):
            if not self.ready:
                self.ready = not self.ended
                continue
            self._heard += 1
            answer = self._asked.popleft()
            if not answer.done():  # its caller has gone away
                answer.set_result(text)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It has ended."""
        if not self.ended:
            logger.warning("the process that made payloads has ended; the simulator makes them itself")
            self.end()
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(ConnectionError("the process that makes payloads has ended"))
        self._asked.clear()


def _started(seed: int, line: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "frontsim.payloads.worker", str(seed)],
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": _import_path()},
        process_group=0,  # so that Ctrl-C reaches the simulator alone, which ends it
    )


def _import_path() -> str:
    """Where this very package is found, before all else."""
    ours = str(Path(frontsim.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return f"{ours}{os.pathsep}{others}" if others else ours
