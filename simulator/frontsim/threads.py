"""Work in threads that Ctrl-C can always interrupt: one result, many items begun in order, and a whole run.

`Future.result` holds a lock of Python's own for a moment. A signal handler that raises in that moment leaves the lock
held, and the thread then waits for ever to deliver its result. `SimpleQueue` is made for such interruptions. A signal
that comes just before a wait begins is handled when the wait ends, so each wait is short.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
_LOOK_S = 0.2
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, `kill`, and the end of the terminal."""


def ending_signals() -> list[signal.Signals]:
    """The signals that end a program that serves. SIGHUP is left out where the parent ignores it, as nohup does."""
    return [each for each in ENDING_SIGNALS if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN]


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


class Interruption:
    """A block that ENDING_SIGNALS end with KeyboardInterrupt. One that the parent process ignores stays ignored.

    Python discards an exception that a signal handler raises inside a destructor. So the handler also remembers the
    signal, and `check` raises KeyboardInterrupt again at the next safe moment. Inside `Condition.wait` it may become a
    RuntimeError, because the block around the wait releases a lock that the wait did not get back. At the end of our
    block that is a KeyboardInterrupt again.
    """

    def __init__(self) -> None:
        self._came = False
        self._is_deferred = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # the only one that may set handlers
            for each in ENDING_SIGNALS:
                if signal.getsignal(each) is not signal.SIG_IGN:
                    self._before[each] = signal.signal(each, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        if self._came and isinstance(error, RuntimeError):
            raise KeyboardInterrupt from error

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        if self._came:
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Inside this block a signal is only remembered: `check` raises it. For work that must not stop half-way."""
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        self._came = True
        if not self._is_deferred:
            raise KeyboardInterrupt
