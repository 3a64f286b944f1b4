from frontsim.payloads.world.moments import MOST_AHEAD, EventTimes


def test_no_two_events_share_a_moment() -> None:
    """However still the clock stands; a clock that has gone on is caught up with."""
    now = [1000]
    times = EventTimes(lambda: now[0])

    assert [1000, 1001, 1004] == [times.take(), times.take(3), times.take()]
    now[0] = 2000
    assert 2000 == times.take()


def test_moments_stay_near_the_clock() -> None:
    """More events than ticks run ahead for a while, then begin again at the clock; so does a clock that is set back."""
    now = [1000]
    times = EventTimes(lambda: now[0])

    times.take(MOST_AHEAD)
    assert 1000 + MOST_AHEAD == times.take()
    assert 1000 == times.take()
    now[0] = 10
    assert 10 == times.take()
