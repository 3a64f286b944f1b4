import gc
import signal
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from random import Random

import pytest

from frontsim.threads import Pending
from tests.support.patience import PATIENCE_S

MOST_S = 8e-5
"""Signals come while `result` begins to wait."""


def test_a_result_may_be_asked_for_again():
    with ThreadPoolExecutor(1) as pool:
        pending = Pending(pool, lambda: 7)
        assert (7, 7, True) == (pending.result(), pending.result(), pending.is_done)


def test_what_the_call_raises_is_raised():
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        Pending(pool, lambda: 1 // 0).result()


def test_what_was_never_begun_is_cancelled():
    going_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first, second = (Pending(pool, lambda: going_on.wait(PATIENCE_S)) for _ in range(2))
        assert not first.is_done
        pool.shutdown(wait=False, cancel_futures=True)
        going_on.set()
        with pytest.raises(CancelledError):
            second.result()


@pytest.fixture
def armed():
    """While it holds something, SIGALRM raises KeyboardInterrupt, as Ctrl-C does.

    The collector is off meanwhile: Python drops an exception that is raised within a callback of a weak reference.
    """
    holds: list[str] = []

    def handler(*_):
        if holds:
            raise KeyboardInterrupt

    gc.disable()
    before = signal.signal(signal.SIGALRM, handler)
    yield holds
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    gc.enable()


@pytest.mark.slow
def test_an_interruption_at_any_moment_leaves_the_result_to_come(armed):
    """With `Future.result`, one thread in 200 would never end, and some interruptions would wait for the result."""
    moments = Random(1)
    with ThreadPoolExecutor(1) as pool:
        for _ in range(1000):
            pending = Pending(pool, partial(time.sleep, 1e-3))
            with suppress(KeyboardInterrupt):
                try:
                    armed.append("from here")
                    signal.setitimer(signal.ITIMER_REAL, moments.uniform(1e-6, MOST_S))
                    pending.result()
                finally:
                    armed.clear()
            pending.result()
            assert pending.is_done
