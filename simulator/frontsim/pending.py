"""What a thread is working out, so that Ctrl-C while waiting for it can never hang the program.

`Future.result` holds a lock of Python's own for a moment. A signal handler that raises in that moment leaves the lock
held, and the thread then waits for ever to deliver its result. `SimpleQueue` is made for such interruptions. A signal
that comes just before a wait begins is handled when the wait ends, so each wait is short.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
_LOOK_S = 0.2


class Pending(Generic[T]):
    """The result of a call that a thread of `pool` makes. One thread waits for it."""

    def __init__(self, pool: Executor, call: Callable[[], T]) -> None:
        self._wakes: SimpleQueue[None] = SimpleQueue()
        self._finished: Future[T] | None = None
        pool.submit(call).add_done_callback(self._finish)

    @property
    def is_done(self) -> bool:
        return self._finished is not None

    def result(self) -> T:
        """Wait for it. Raises what the call raised, or CancelledError."""
        while self._finished is None:
            with suppress(Empty):
                self._wakes.get(timeout=_LOOK_S)
        return self._finished.result()

    def _finish(self, future: Future[T]) -> None:
        self._finished = future
        self._wakes.put(None)
