"""An observer that never answered is not waited for at each look: a run ends within its time."""

import pytest

from frontsim.verification.effects import observers
from frontsim.verification.effects.observers import ObserverFailed, SharedObserver


class Hangs:
    """Takes all of its time, and gives nothing."""

    name = "hangs"
    reads = 0

    def __init__(self, clock, *answers):
        self._clock, self._answers = clock, list(answers)

    def read(self):
        self.reads += 1
        if self._answers:
            return self._answers.pop()
        self._clock.append(5.0)
        raise ObserverFailed("hangs: expected rows within 5 s, got none")

    def close(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    """The times that have passed."""
    passed = []
    monkeypatch.setattr(observers, "stopwatch", lambda: sum(passed))
    return passed


@pytest.mark.parametrize(("answers", "reads"), [((), 1), (([],), 4)])
def test_it_is_asked_until_its_time_is_over(clock, answers, reads):
    """Then each look fails at once; one that has answered before is asked each time."""
    hangs = Hangs(clock, *answers)
    shared = SharedObserver(hangs, pause=lambda _: pytest.fail("waited"), longest_s=5.0)
    if answers:
        assert [] == shared.read()
    for _ in range(3):
        clock.append(0.001)
        with pytest.raises(ObserverFailed, match="expected rows within 5 s"):
            shared.read()
    assert reads == hangs.reads
