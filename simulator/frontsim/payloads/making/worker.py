"""A process that makes payloads: both of its ends, and their messages (an entry point).

job    what to make, as JSON:  [[event, ...], first number, store, first moment]
batch  what was made:          count │ length of each body │ store of each │ the bodies
frame  a job or a batch behind its length, in 4 bytes

python -m frontsim.payloads.making.worker SEED [COUNTRY], with a socket to the simulator as its standard input

It keeps no state that does not follow from the seed. It ends when the socket closes, so it ends with the simulator,
however that ends.

WorkerProcess ── job, job, ... ──▶ python -m frontsim.payloads.making.worker, or another module of this shape
                  ◀── ready, answer, answer, ...

The worker answers jobs in the order in which they come, so each answer belongs to the oldest job that has none yet.
A worker that has jobs and answers none for a while is killed: it has no state worth keeping.
"""

import asyncio
import gc
import logging
import os
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import NamedTuple, cast

import orjson

from frontsim.bundled import module_command, module_environment
from frontsim.domain.model import Occurrence
from frontsim.payloads.documents.builders import occurrence
from frontsim.payloads.world.moments import Ticks
from frontsim.payloads.world.world import World

_LENGTH = struct.Struct("<I")
_NO_STORE = -(2**63)


class PayloadJob(NamedTuple):
    """An order for one payload of each of `events`, numbered from `first`, at moments from `at` on."""

    events: Sequence[str]
    first: int
    store_id: int | None
    at: Ticks | None


def write_job(job: PayloadJob) -> bytes:
    """The job in its frame."""
    return framed(orjson.dumps(tuple(job)))


def read_job(text: bytes) -> PayloadJob:
    """The job that `write_job` wrote, given without its frame."""
    return PayloadJob(*orjson.loads(text))


def pack(made: Sequence[Occurrence]) -> bytes:
    """The batch in its frame."""
    return framed(pack_text(made))


def pack_text(made: Sequence[Occurrence]) -> bytes:
    """The batch without its frame."""
    count = len(made)
    bodies = [item.body for item in made]
    stores = [_NO_STORE if item.store_id is None else item.store_id for item in made]
    head = struct.pack(f"<I{count}I{count}q", count, *map(len, bodies), *stores)
    return b"".join((head, *bodies))


def unpack(events: Sequence[str], batch: bytes) -> list[Occurrence]:
    """The payloads of a batch, given without its frame. A batch does not name the types: `events` does."""
    (count,) = _LENGTH.unpack_from(batch)
    numbers = struct.unpack_from(f"<{count}I{count}q", batch, _LENGTH.size)
    lengths, stores = numbers[:count], numbers[count:]
    bounds = accumulate(lengths, initial=_LENGTH.size + 12 * count)
    return [
        Occurrence(event, batch[start:end], None if store_id == _NO_STORE else store_id)
        for event, (start, end), store_id in zip(events, pairwise(bounds), stores, strict=True)
    ]


def framed(text: bytes) -> bytes:
    """The text with its length before it."""
    return _LENGTH.pack(len(text)) + text


class FrameReader:
    """Puts frames together from the pieces in which a socket delivers them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The content of each frame that this piece completes."""
        self._buffer += piece
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                return
            text = bytes(memoryview(self._buffer)[_LENGTH.size : end])
            del self._buffer[:end]
            yield text


READY = b"ready"
"""The first frame that it sends."""
READ_SIZE = 64 * 1024
_NICE = 5


def serve(connection: socket.socket, world: World) -> None:
    """Answer jobs until the simulator closes the socket."""
    connection.sendall(framed(READY))
    frames = FrameReader()
    while received := connection.recv(READ_SIZE):
        for text in frames.feed(received):
            connection.sendall(_do(read_job(text), world))


def _do(job: PayloadJob, world: World) -> bytes:
    return pack(
        [
            occurrence(world, event, job.first + place, job.store_id, None if job.at is None else job.at + place)
            for place, event in enumerate(job.events)
        ]
    )


def main(seed: str, home: str = "") -> None:
    """Serve on standard input, at a lower priority than the simulator."""
    os.nice(_NICE)
    gc.disable()  # payloads hold no cycles: looking for some would take a twelfth of the time
    with socket.socket(fileno=0) as connection, suppress(ConnectionError):
        serve(connection, World(int(seed), home=home))


if __name__ == "__main__":
    main(*sys.argv[1:])


logger = logging.getLogger(__name__)


class WorkerProcess(asyncio.Protocol):
    """A worker and the socket to it.

    Args:
        module: what the process runs, with `arguments`.
        work: what it does, for a warning.
        stuck_after_s: seconds without an answer, though jobs wait, after which it counts as stuck.
    """

    def __init__(self, module: str, *arguments: str, work: str, stuck_after_s: float) -> None:
        self._module = module
        self._arguments = arguments
        self._work = work
        self.stuck_after_s = stuck_after_s
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._frames = FrameReader()
        self._unanswered: deque[asyncio.Future[bytes]] = deque()
        self._answers = 0
        self.ended = False
        """The process has ended, or could not start."""
        self.ready = False
        """The process has started, and has not ended."""

    @property
    def pid(self) -> int | None:
        """The process's id; None before it starts, and when it could not start."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process, without waiting until it is ready: jobs wait for it."""
        if self.ended:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(self._module, self._arguments, theirs)
            except (OSError, TypeError) as error:  # TypeError: an embedded Python has no sys.executable
                self.ended = True
                ours.close()
                logger.warning("no process could be started that %s, so the simulator does it: %s", self._work, error)
                return
        await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)

    async def do(self, jobs: Sequence[bytes]) -> list[bytes]:
        """The answers to jobs, given in their frames.

        Raises:
            ConnectionError: the process has ended.
        """
        answers = asyncio.gather(*map(self._send, jobs))
        try:
            await self._wait_for(answers)
        finally:
            answers.cancel()  # if the caller is cancelled, so are its jobs
        return answers.result()

    async def _wait_for(self, answers: "asyncio.Future[list[bytes]]") -> None:
        """Wait for the answers, but not for a process that is stuck."""
        while not answers.done():
            before = self._answers
            done, _ = await asyncio.wait([answers], timeout=self.stuck_after_s)
            if not done:
                # This very process may have been stopped for a while (SIGSTOP, a suspended laptop): read first
                # what came meanwhile, then judge.
                await asyncio.sleep(0.01)
                if before == self._answers and self._unanswered and not self.ended:
                    logger.warning("the process that %s is stuck; the simulator does it itself", self._work)
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

    def _send(self, job: bytes) -> "asyncio.Future[bytes]":
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if self.ended or self._transport is None:
            answer.set_exception(self._gone())
            return answer
        self._unanswered.append(answer)
        self._transport.write(job)
        return answer

    def _gone(self) -> ConnectionError:
        return ConnectionError(f"the process that {self._work} has ended")

    # asyncio calls the methods below.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        if self.ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """The first frame says that the worker is ready; each further one is an answer."""
        for text in self._frames.feed(data):
            if not self.ready:
                self.ready = not self.ended
                continue
            self._answers += 1
            answer = self._unanswered.popleft()
            if not answer.done():  # done: its caller was cancelled
                answer.set_result(text)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.ended:
            logger.warning("the process that %s has ended; the simulator does it itself", self._work)
            self.end()
        for answer in self._unanswered:
            if not answer.done():
                answer.set_exception(self._gone())
        self._unanswered.clear()


def _started(module: str, arguments: Sequence[str], worker_end: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        module_command(module, *arguments),
        stdin=worker_end.fileno(),
        stdout=subprocess.DEVNULL,
        env=module_environment(),
        process_group=0,  # so that Ctrl-C reaches the simulator alone, which then ends the worker
    )
