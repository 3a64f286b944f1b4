import signal
import threading

import pytest

from frontsim.threads import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_and_is_remembered(number):
    """Either signal raises KeyboardInterrupt, and again at the next check, should the first have been thrown away."""
    with Interruption() as interruption:
        interruption.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            interruption.check()


def test_a_signal_waits_for_the_end_of_what_must_be_whole():
    """Inside the block nothing is raised; the next check does."""
    with Interruption() as interruption:
        with interruption.deferred():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def interrupted_wait():
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        threading.Lock().release()


def test_what_a_signal_breaks_is_an_interruption():
    """A signal in the middle of a wait for a lock ends in an error about that lock. Other errors stay what they are."""
    with pytest.raises(KeyboardInterrupt), Interruption():
        interrupted_wait()
    with pytest.raises(RuntimeError), Interruption():
        threading.Lock().release()


def test_handlers_are_given_back():
    """After the end the signals do what they did before."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert before == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]


def test_what_is_ignored_stays_ignored():
    """Who starts us in the background with signals ignored means it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGTERM)
            interruption.check()  # raises nothing: it did not come
            assert signal.SIG_IGN is signal.getsignal(signal.SIGTERM)
        assert signal.SIG_IGN is signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
