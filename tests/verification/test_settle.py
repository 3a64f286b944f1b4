import pytest

from simulator.verification import settle
from simulator.verification.history import Effect
from simulator.verification.observers import ObserverFailed
from simulator.verification.settle import Patience, wait_for_rest


class Time:
    """Seconds that pass only when somebody waits."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(settle, "stopwatch", lambda: self.now)

    def pause(self, seconds):
        self.now += seconds


@pytest.fixture
def waits(monkeypatch):
    """Waits for rest over effects that follow a script of (from second, how many)."""
    time = Time(monkeypatch)

    def run(script, *, needed=1, patience=Patience(0.3, 3.0, 60.0), ours=lambda seen: seen):  # noqa: B008 - it is frozen
        def look():
            number = [count for since, count in script if since <= time.now][-1]
            if number is None:
                raise ObserverFailed("down")
            return tuple(Effect(str(each)) for each in range(number))

        rest = wait_for_rest(
            look, ours=ours, is_whole=lambda seen: len(seen) >= needed, patience=patience, pause=time.pause
        )
        return rest, time.now

    return run


def test_whole_effects_are_at_rest_after_the_quiet_window(waits):
    """Nothing is missing and nothing changes: the quiet window, and hardly more."""
    rest, took_s = waits([(0, 1)])
    assert (rest.settled, len(rest.effects)) == (True, 1)
    assert 0.3 <= took_s < 0.45


def test_a_change_begins_the_window_anew(waits):
    """An effect that comes late is seen, and followed by a whole window."""
    rest, took_s = waits([(0, 1), (0.25, 2)])
    assert len(rest.effects) == 2
    assert took_s >= 0.55


def test_what_is_missing_is_waited_for_longer(waits):
    """A slow worker is not a loss: while something is missing, the longer window counts."""
    rest, _ = waits([(0, 0), (2.5, 1)])
    assert (rest.settled, len(rest.effects)) == (True, 1)


def test_what_stays_missing_is_at_rest_in_the_end(waits):
    """Unchanged for the longer window: at rest, with what there is."""
    rest, took_s = waits([(0, 0)])
    assert (rest.settled, rest.effects) == (True, ())
    assert 3.0 <= took_s < 3.3


def test_what_changes_for_ever_is_not_at_rest(waits):
    """Time is over and it still changes: not settled."""
    script = [(each / 10, each % 2 + 1) for each in range(700)]
    rest, took_s = waits(script)
    assert not rest.settled
    assert 60 <= took_s < 61


def test_what_others_do_does_not_count(waits):
    """Changes among effects that are not ours are no unrest."""
    script = [(each / 10, each + 1) for each in range(700)]
    rest, took_s = waits(script, ours=lambda seen: seen[:1])
    assert rest.settled
    assert took_s < 0.5


def test_an_observer_that_stays_down_is_a_failure(waits):
    """It is tried again a few times; then its words are the failure."""
    assert waits([(0, None)])[0].failure == "down"


def test_an_observer_that_stumbles_is_tried_again(waits):
    """One failure is no failure."""
    rest, _ = waits([(0, None), (0.05, 1)])
    assert (rest.failure, rest.settled) == ("", True)


def test_a_slow_receiver_is_given_its_time():
    """Who took a second for a clean event is waited for accordingly."""
    assert Patience(0.3, 3.0, 60.0).for_latency(1.0) == Patience(2.0, 10.0, 60.0)
    assert Patience(0.3, 3.0, 60.0).for_latency(0.01) == Patience(0.3, 3.0, 60.0)
