"""Ctrl-C, and SIGTERM as a CI sends it when a job is cancelled: both raise KeyboardInterrupt, and neither is lost.

Python discards an exception that a signal handler raises inside a destructor. So the handler also remembers the signal,
and `check` raises KeyboardInterrupt again at the next safe moment. Inside `Condition.wait` it may become a
RuntimeError, because the block around the wait releases a lock that the wait did not get back. At the end of our block
that is a KeyboardInterrupt again.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Handles the signals inside its `with` block. A signal that the parent process ignores stays ignored."""

    def __init__(self) -> None:
        self._came = False
        self._is_deferred = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # the only one that may set handlers
            for each in _SIGNALS:
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
