from frontsim.verification.play.harness import RestOfRun


def test_a_wait_takes_the_least_time_although_nothing_is_left():
    """A memory of 60 s is tried for 60 s, also in a short run."""
    paused = []
    rest = RestOfRun()
    assert rest.wait(paused.append, least_s=0.001) >= 0.001
    assert rest.is_awaited.is_set()
    assert paused
