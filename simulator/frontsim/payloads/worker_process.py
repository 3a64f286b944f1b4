"""The simulator's side of a worker: a separate process, for work that would hold up the event loop.

    WorkerProcess ── job, job, ... ──▶ python -m frontsim.payloads.worker, or another module of this shape
                  ◀── ready, answer, answer, ...

The worker answers jobs in the order in which they come, so each answer belongs to the oldest job that has none yet.
A worker that has jobs and answers none for a while is killed: it has no state worth keeping.
"""

import asyncio
import logging
import socket
import subprocess
from collections import deque
from collections.abc import Sequence
from typing import cast

from frontsim.own_process import module_command, module_environment
from frontsim.payloads.batch import FrameReader

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
        """Whether the process has ended, or could not start."""
        self.ready = False
        """Whether it has started, and has not ended."""

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
                self._end_if_stuck(before)

    def _end_if_stuck(self, answers_before: int) -> None:
        if answers_before == self._answers and self._unanswered and not self.ended:
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
