from itertools import count

import pytest

from frontsim.verification.effects import settle
from frontsim.verification.effects.history import Effect
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.settle import EffectsWatch, Settled, read_patiently, wait_until_settled
from frontsim.verification.patience import WaitLimits

TURNS = count()
WAIT_LIMITS = WaitLimits(0.3, 3.0, 60.0)


class Time:
    """Seconds that pass only in a wait."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(settle, "stopwatch", lambda: self.now)

    def pause(self, seconds):
        self.now += seconds


@pytest.fixture
def waits(monkeypatch):
    """Waits for rest over effects that follow a script of (from second, how many)."""
    time = Time(monkeypatch)

    def run(script, *, needed=1, limits=WAIT_LIMITS, relevant=lambda seen: seen, before=None, began_s=0.0):
        time.now = began_s

        def look():
            number = [count for since, count in script if since <= time.now][-1]
            if number is None:
                raise ObserverFailed("down")
            return tuple(Effect(str(each)) for each in range(number))

        rest = wait_until_settled(
            look,
            relevant=relevant,
            is_complete=lambda seen: len(seen) >= needed,
            limits=limits,
            pause=time.pause,
            before=before,
        )
        return rest, time.now - began_s

    return run


def test_whole_effects_are_at_rest_after_the_quiet_window(waits):
    """Nothing is missing and nothing changes: the quiet window, and hardly more."""
    rest, took_s = waits([(0, 1)])
    assert (rest.is_quiet, len(rest.effects)) == (True, 1)
    assert 0.3 <= took_s < 0.45


def test_a_change_begins_the_window_anew(waits):
    """An effect that comes late is seen, and followed by a whole window."""
    rest, took_s = waits([(0, 1), (0.25, 2)])
    assert len(rest.effects) == 2
    assert took_s >= 0.55


def test_what_is_missing_is_waited_for_longer(waits):
    """A slow worker is not a loss: while something is missing, the longer window counts."""
    rest, _ = waits([(0, 0), (2.5, 1)])
    assert (rest.is_quiet, len(rest.effects)) == (True, 1)


def test_what_stays_missing_is_at_rest_in_the_end(waits):
    """Unchanged for the longer window: at rest, with what there is."""
    rest, took_s = waits([(0, 0)])
    assert (rest.is_quiet, rest.effects) == (True, ())
    assert 3.0 <= took_s < 3.3


def test_what_changes_for_ever_is_not_at_rest(waits):
    """Time is over and it still changes: not settled."""
    script = [(each / 10, each % 2 + 1) for each in range(700)]
    rest, took_s = waits(script)
    assert not rest.is_quiet
    assert 60 <= took_s < 61


def test_what_others_do_does_not_count(waits):
    """Changes among effects that are not ours are no unrest."""
    script = [(each / 10, each + 1) for each in range(700)]
    rest, took_s = waits(script, relevant=lambda seen: seen[:1])
    assert (rest.is_quiet, len(rest.effects) > 1) == (True, True)  # they are shown all the same
    assert took_s < 0.5


def test_an_observer_that_stays_down_is_a_failure(waits):
    """It is tried again a few times; then its words are the failure."""
    rest, _ = waits([(0, None)])
    assert (rest.failure, rest.is_quiet) == ("down", False)


def test_an_observer_that_stumbles_is_tried_again(waits):
    """One failure is no failure."""
    rest, _ = waits([(0, None), (0.05, 1)])
    assert (rest.failure, rest.is_quiet) == ("", True)


def test_the_last_change_is_timed_from_the_first_look(waits):
    """When the last effect came, counted from the first look: so slow is this receiver."""
    rest, _ = waits([(0, 0), (2.5, 1)])
    assert 2.5 <= rest.last_change_after_s < 2.7


def test_a_wait_that_goes_on_counts_what_was_waited(waits):
    """Unchanged for 3 s before and 12 s more: enough for a patience of 15 s."""
    rest, took_s = waits([(0, 0)])
    later, more_s = waits([(0, 0)], limits=WaitLimits(0.3, 15.0, 60.0), before=rest, began_s=took_s)
    assert (later.is_quiet, later.effects) == (True, ())
    assert 15.0 <= took_s + more_s < 15.3


def test_a_wait_that_goes_on_sees_what_came_meanwhile(waits):
    """An effect that came between two waits, or later, is a change; how late it was counts from the very first look."""
    rest, took_s = waits([(0, 0)])
    later, more_s = waits([(0, 0), (9, 1)], limits=WaitLimits(0.3, 15.0, 60.0), before=rest, began_s=took_s)
    assert (later.is_quiet, len(later.effects), later.change) == (
        True,
        1,
        "the effect of 0 was there 0 times, then once",
    )
    assert 9.0 <= later.last_change_after_s < 9.2
    assert 9.3 <= took_s + more_s < 9.6


def test_a_worker_that_is_still_at_it_has_not_settled(waits):
    """Time is over, something is missing, and the last came a moment ago: what is missing may be next."""
    rest, took_s = waits([(each, each) for each in range(100)], needed=90)
    assert not rest.is_quiet
    assert took_s < 61


def test_one_change_gets_its_window_though_time_runs_out(waits):
    """It waits for missing effects as long as the whole wait may take, and some come in the first look."""
    before, took_s = waits([(0, 1)], needed=3)
    limits = WaitLimits(0.3, 60.0, 60.0)
    rest, more_s = waits([(0, 2)], needed=3, limits=limits, before=before, began_s=took_s)
    assert (rest.is_quiet, len(rest.effects)) == (True, 2)
    assert 60.0 <= more_s < 60.3


def test_a_change_after_the_time_is_unrest(waits):
    """The last change before the time's end gets its window, and the next one in it ends the wait."""
    rest, took_s = waits([(0, 0), *((each, each) for each in range(1, 63, 2))], needed=90)
    assert not rest.is_quiet
    assert 61 <= took_s < 61.3


def test_a_look_that_outlasts_the_time_is_no_unrest():
    """A machine so busy that a look takes longer than the wait may: what does not change has settled."""
    watch = EffectsWatch(relevant=lambda seen: seen, is_complete=bool, limits=WAIT_LIMITS, began_s=0.0)
    assert 65.0 == watch.take((), looked_s=0.0, now_s=65.0)
    assert watch.take((), looked_s=130.0, now_s=195.0).is_quiet


@pytest.mark.slow
def test_what_one_look_alone_shows_twice_proves_nothing(watches):
    """A list that is read in pages while it grows shows another effect twice in every look."""

    def torn(now):
        number = int(now * 50)
        return [(str(each), 1) for each in [*range(number), max(0, number - 1)]]

    rest = watches(torn)
    assert not rest.is_quiet
    assert len({effect.key for effect in rest.effects}) == len(rest.effects) > 2000


@pytest.fixture
def watches(monkeypatch):
    """Waits for rest over effects that `values(second)` gives, each with its key."""
    time = Time(monkeypatch)

    def run(values):
        return wait_until_settled(
            lambda: tuple(Effect(key, value) for key, value in values(time.now)),
            relevant=lambda seen: seen,
            is_complete=lambda _: True,
            limits=WaitLimits(0.3, 3.0, 60.0),
            pause=time.pause,
        )

    return run


@pytest.mark.parametrize("key", ["a", None])
def test_an_unjudged_field_may_change_for_ever(watches, key):
    """Effects with the time of reading in them are at rest."""
    assert watches(lambda now: [(key, {"id": "a", "at": now, "current": True, "payload": {"n": 1}})]).is_quiet


def test_the_order_of_effects_may_change_for_ever(watches):
    """A query without ORDER BY is at rest."""
    assert watches(lambda _: [("a", {"n": 1}), ("b", {"n": 2})][:: -1 if next(TURNS) % 2 else 1]).is_quiet


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (lambda _: [("a", {"current": next(TURNS) % 2})], "the effect of a changed its current"),
        (lambda now: [("a", {"payload": {"n": now}})], "the effect of a changed its payload"),
        (lambda _: [("a", 1)] * (1 + next(TURNS) % 2), "the effect of a was there "),
        (lambda _: [(None, 1)] * (1 + next(TURNS) % 2), "an effect was there "),
    ],
)
def test_what_still_changes_is_named(watches, values, told):
    """One effect, and what of it was not the same in the last two looks."""
    rest = watches(values)
    assert not rest.is_quiet
    assert told in rest.change


def test_one_loop_can_drive_several_watches():
    """The watch asks for pauses and reads nothing: two scenarios can share each look at one list."""
    first, second = (
        EffectsWatch(
            relevant=lambda seen, key=key: tuple(each for each in seen if each.key == key),
            is_complete=bool,
            limits=WAIT_LIMITS,
            began_s=0.0,
        )
        for key in ("a", "b")
    )
    assert 0.3 == first.take((Effect("a"),), looked_s=0.0, now_s=0.0)
    assert 0.3 == second.take((Effect("a"),), looked_s=0.0, now_s=0.0)
    looked = (Effect("a"), Effect("b"))
    assert first.take(looked, looked_s=0.3, now_s=0.3).is_quiet
    assert 0.3 == second.take(looked, looked_s=0.3, now_s=0.3)


def test_an_observer_that_takes_long_rests_as_long():
    """While something is missing, a look that took a second is followed by a pause of a second."""
    watch = EffectsWatch(relevant=lambda seen: seen, is_complete=bool, limits=WAIT_LIMITS, began_s=0.0)
    assert 1.0 == watch.take((), looked_s=0.0, now_s=1.0)


def test_a_wait_tells_when_it_saw_what():
    """From its first look; without a change there is no moment of one."""
    seen = Settled((), is_quiet=True, began_s=2.0, changed_s=5.0, ended_s=9.0, change="one more")
    assert (3.0, 7.0) == (seen.last_change_after_s, seen.watched_s)
    assert 0.0 == Settled((), is_quiet=True, began_s=2.0, changed_s=5.0).last_change_after_s
    assert Settled((), is_quiet=True) == Settled((), True, "", 0.0, 0.0, 0.0, "")


def watch(*, complete, limits=WAIT_LIMITS, began_s=0.0):
    return EffectsWatch(relevant=lambda seen: seen, is_complete=lambda _: complete, limits=limits, began_s=began_s)


def test_looks_become_rarer_while_something_is_missing():
    """Half as long again each time, up to a tenth of a second."""
    following, now_s, pauses = watch(complete=False), 0.0, []
    for _ in range(6):
        pauses.append(following.take((), looked_s=now_s, now_s=now_s))
        now_s += pauses[-1]
    assert pytest.approx([0.03, 0.045, 0.0675, 0.1, 0.1, 0.1]) == pauses


def test_whole_effects_are_looked_at_once_more_when_the_window_ends():
    """Not in the very next moment: a look at the window's last hundredth comes a little after it."""
    following = watch(complete=True)
    assert pytest.approx(0.3) == following.take((), looked_s=0.0, now_s=0.0)
    assert pytest.approx(0.1) == following.take((), looked_s=0.2, now_s=0.2)
    assert pytest.approx(0.02) == following.take((), looked_s=0.29, now_s=0.29)
    assert following.take((), looked_s=0.3, now_s=0.3).is_quiet


def test_the_wait_ends_with_a_change_after_its_time():
    """Its time is counted from its beginning; what both of the last two looks show is what there is."""
    following = watch(complete=False, limits=WaitLimits(5.0, 5.0, 10.0), began_s=100.0)
    for looked_s, shown in ((108.0, "a"), (109.9, "ab")):
        assert isinstance(following.take(tuple(map(Effect, shown)), looked_s=looked_s, now_s=looked_s), float)
    rest = following.take(tuple(map(Effect, "abc")), looked_s=110.0, now_s=110.5)
    assert (False, (Effect("a"), Effect("b"))) == (rest.is_quiet, rest.effects)
    assert (100.0, 110.0, 110.0) == (rest.began_s, rest.changed_s, rest.ended_s)
    assert "the effect of c was there 0 times, then once" == rest.change


def test_the_first_look_is_no_change():
    """The quiet window begins with it, though the time is over: it is followed by another look."""
    following = watch(complete=True)
    assert 0.3 == following.take((Effect("a"),), looked_s=70.0, now_s=70.0)
    rest = following.take((Effect("a"),), looked_s=70.5, now_s=70.5)
    assert (True, (Effect("a"),), 70.0, "") == (rest.is_quiet, rest.effects, rest.changed_s, rest.change)


def test_a_wait_that_goes_on_begins_with_what_it_has_seen():
    """Its effects may have changed since, and then it is known what changed."""
    before = Settled((Effect("a"),), is_quiet=True, began_s=1.0, changed_s=2.0, ended_s=3.0, change="one more")
    following = EffectsWatch(
        relevant=lambda seen: seen, is_complete=bool, limits=WAIT_LIMITS, began_s=50.0, before=before
    )
    rest = following.take((Effect("a"),), looked_s=50.0, now_s=50.0)
    assert (True, 1.0, 2.0, 50.0, "one more") == (
        rest.is_quiet,
        rest.began_s,
        rest.changed_s,
        rest.ended_s,
        rest.change,
    )


@pytest.mark.parametrize(("failures", "is_read"), [(0, True), (2, True), (3, False)])
def test_an_observer_has_three_tries(failures, is_read):
    """With a pause after each that fails but the last."""
    pauses, calls = [], count()

    def read():
        if next(calls) < failures:
            raise ObserverFailed("down")
        return (Effect("a"),)

    if is_read:
        assert (Effect("a"),) == read_patiently(read, pauses.append)
    else:
        with pytest.raises(ObserverFailed, match="down"):
            read_patiently(read, pauses.append)
    assert [0.1] * min(failures, 2) == pauses
    assert min(failures + 1, 3) == next(calls)
