"""The simulator's side of a worker: a process of its own that makes payloads.

    WorkerProcess ── job, job, ... ──▶ python -m frontsim.payloads.worker
                  ◀── ready, batch, batch, ...

The worker answers jobs in the order in which they come, so each batch belongs to the oldest job without an answer.
A worker that has jobs and answers none for `STUCK_AFTER_S` is killed: it has no state worth keeping.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import frontsim
from frontsim.domain.model import Occurrence
from frontsim.payloads.batch import FrameReader, Job, unpack, write_job
from frontsim.payloads.values.moments import Ticks

logger = logging.getLogger(__name__)

STUCK_AFTER_S = 5.0
"""Seconds without a batch, though jobs wait, after which a worker counts as stuck; a batch takes some 2 ms."""
_PAYLOADS_PER_JOB = 64  # the next job may be another caller's, and a batch of this size fits into a cache


class WorkerProcess(asyncio.Protocol):
    """A worker and the socket to it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._frames = FrameReader()
        self._unanswered: deque[asyncio.Future[bytes]] = deque()
        self._batches = 0
        self.ended = False
        """Whether the process has ended, or could not start."""
        self.ready = False
        """Whether it takes jobs: it has started, and has not ended."""

    @property
    def pid(self) -> int | None:
        """The process's id; None before it starts, and when it could not start."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        if self.ended:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(self._seed, theirs)
            except (OSError, TypeError) as error:  # TypeError: an embedded Python has no sys.executable
                self.ended = True
                ours.close()
                logger.warning("no process for payloads could be started, so the simulator makes them: %s", error)
                return
        await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)

    async def make(self, events: Sequence[str], first: int, store_id: int | None, at: Ticks | None) -> list[Occurrence]:
        """As `AsyncPayloads.make`.

        Raises:
            ConnectionError: the process has ended.
        """
        jobs = [
            Job(events[start : start + _PAYLOADS_PER_JOB], first + start, store_id, None if at is None else at + start)
            for start in range(0, len(events), _PAYLOADS_PER_JOB)
        ]
        batches = asyncio.gather(*map(self._send, jobs))
        try:
            await self._wait_for(batches)
        finally:
            batches.cancel()  # if the caller is cancelled, so are its jobs
        return [made for job, batch in zip(jobs, batches.result(), strict=True) for made in unpack(job.events, batch)]

    async def _wait_for(self, batches: "asyncio.Future[list[bytes]]") -> None:
        """Wait for the batches, but not for a process that is stuck."""
        while not batches.done():
            before = self._batches
            done, _ = await asyncio.wait([batches], timeout=STUCK_AFTER_S)
            if not done:
                # This very process may have been stopped for a while (SIGSTOP, a suspended laptop): read first
                # what came meanwhile, then judge.
                await asyncio.sleep(0.01)
                self._end_if_stuck(before)

    def _end_if_stuck(self, batches_before: int) -> None:
        if batches_before == self._batches and self._unanswered and not self.ended:
            logger.warning("the process that makes payloads is stuck; the simulator makes them itself")
            self.end()

    def end(self) -> None:
        """Kill the process."""
        self.ended = True
        self.ready = False
        if self._transport is not None:
            self._transport.abort()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _send(self, job: Job) -> "asyncio.Future[bytes]":
        assert self._transport is not None
        batch: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._unanswered.append(batch)
        self._transport.write(write_job(job))
        return batch

    # asyncio calls the methods below.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        if self.ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """The first frame says that the worker is ready; each further one is a batch."""
        for text in self._frames.feed(data):
            if not self.ready:
                self.ready = not self.ended
                continue
            self._batches += 1
            batch = self._unanswered.popleft()
            if not batch.done():  # done: its caller was cancelled
                batch.set_result(text)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.ended:
            logger.warning("the process that made payloads has ended; the simulator makes them itself")
            self.end()
        for batch in self._unanswered:
            if not batch.done():
                batch.set_exception(ConnectionError("the process that makes payloads has ended"))
        self._unanswered.clear()


def _started(seed: int, worker_end: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "frontsim.payloads.worker", str(seed)],
        stdin=worker_end.fileno(),
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": _import_path()},
        process_group=0,  # so that Ctrl-C reaches the simulator alone, which then ends the worker
    )


def _import_path() -> str:
    """The folder of the running package, ahead of what PYTHONPATH names."""
    ours = str(Path(frontsim.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return f"{ours}{os.pathsep}{others}" if others else ours
