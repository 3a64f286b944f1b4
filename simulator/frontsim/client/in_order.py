"""Does something with each of many items, begun in their order, some at the same time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from frontsim.pending import Pending

T = TypeVar("T")


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
