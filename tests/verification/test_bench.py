import logging
import time

import pytest

from simulator.exchange import Unreachable
from simulator.verification.bench import Bench, Limits
from simulator.verification.settle import Pace, Patience


class Gone:
    """A simulator that is not there."""

    def deliver(self, *_):
        raise Unreachable("nobody there")

    def close(self):
        pass


@pytest.fixture
def bench():
    """Makes a bench without anything behind it."""
    return lambda **others: Bench(Gone(), Gone(), Gone(), "http://shop", None, time.sleep, **others)


def test_patience_grows_with_what_a_run_has_shown(bench):
    """What an earlier scenario has shown of the receiver's speed counts in all that follow."""
    assert bench(limits=Limits(), pace=Pace(2.0)).patience == Patience(2.0, 6.0, 60.0)


def test_what_never_came_to_rest_is_not_waited_for_as_long_again(bench):
    """A quarter of the time, but enough for what is missing."""
    assert bench(limits=Limits(), pace=Pace(restless=True)).patience == Patience(0.3, 3.0, 15.0)
    assert bench(limits=Limits(timeout_s=4), pace=Pace(restless=True)).patience == Patience(0.3, 3.0, 3.0)


def test_the_last_look_is_a_long_one(bench):
    """15 s while something is missing, and more than a minute where nothing was booked since."""
    assert bench(limits=Limits()).last_patience(silent=False) == Patience(0.3, 15.0, 67.5)
    assert bench(limits=Limits()).last_patience(silent=True) == Patience(0.3, 67.5, 67.5)


def test_the_last_look_is_never_shorter_than_the_others(bench):
    """--settle, and a receiver that was slow, count there too."""
    assert bench(limits=Limits(settle_s=3.0)).last_patience(silent=False) == Patience(3.0, 30.0, 67.5)
    assert bench(limits=Limits(timeout_s=600.0), pace=Pace(40.0)).last_patience(silent=True) == Patience(
        40.0, 120.0, 600.0
    )


def test_time_is_never_too_short_for_what_is_missing(bench):
    """With --timeout 1 what is missing is still waited for as --settle says."""
    assert bench(limits=Limits(timeout_s=1.0)).patience == Patience(0.3, 3.0, 3.0)


def test_a_resend_without_an_answer_leaves_a_line(bench, caplog):
    """What became of it is in the log; that the call failed is told."""
    with caplog.at_level(logging.INFO):
        made = bench()
        made.resend([("webhook", "event-1")])
        made.close()
    assert "the resend of event-1 has no answer of its own" in caplog.text
    assert "nobody there" in caplog.text
