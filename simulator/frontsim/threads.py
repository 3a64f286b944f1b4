"""Work in threads that Ctrl-C can always interrupt: one result, or many items begun in order.

`Future.result` holds a lock of Python's own for a moment. A signal handler that raises in that moment leaves the lock
held, and the thread then waits for ever to deliver its result. `SimpleQueue` is made for such interruptions. A signal
that comes just before a wait begins is handled when the wait ends, so each wait is short.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
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


def for_each(items: Sequence[T], do: Callable[[T], None], *, at_once: int, tell: Callable[[int], None]) -> None:
    """Call `do` with each item, `at_once` at the same time; after the first error no further item begins.

    Args:
        items: in the order in which they begin.
        do: runs on our own thread.
        at_once: how many; 1 keeps the order to the end of each.
        tell: gets the number of items that have begun before, one call at a time.

    Raises:
        Exception: the first of `do`, when all that had begun has ended.
    """
    waiting, lock, stopping = iter(enumerate(items)), threading.Lock(), threading.Event()

    def work() -> None:
        while not stopping.is_set():
            with lock:
                found = next(waiting, None)
                if found is None:
                    return
                tell(found[0])
            try:
                do(found[1])
            except BaseException:
                stopping.set()
                raise

    threads = min(at_once, len(items))
    with ThreadPoolExecutor(max(threads, 1), thread_name_prefix="frontsim-resend") as pool:
        try:
            for each in [Pending(pool, work) for _ in range(threads)]:
                each.result()
        finally:
            stopping.set()  # Ctrl-C comes in this thread
