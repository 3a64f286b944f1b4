import threading
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.load.live import COLUMNS, LiveView, SoFar, look
from frontsim.verification.effects.history import Effect
from tests.support.patience import PATIENCE_S


def setup(*keys: str | None, before: int = 0, **stats: int) -> Any:
    counted = {"events": 0, "failed": 0, "underWay": 0, "waiting": 0, **stats}
    return SimpleNamespace(
        simulator=SimpleNamespace(stats=lambda: counted),
        effects=SimpleNamespace(read_new=lambda: tuple(Effect(key) for key in keys)),
        events_before=before,
    )


def test_missing_is_what_was_acknowledged_and_not_booked() -> None:
    """Ten events, one to be resent, two in flight: seven are acknowledged, and five of them are booked."""
    seen = look(setup("a", "b", "c", "d", "e", before=3, events=13, failed=1, underWay=2))
    assert SoFar(events=10, acknowledged=7, failed=1, effects=5, missing=2, duplicated=0) == seen


def test_an_event_with_two_effects_is_duplicated_once() -> None:
    """Events are counted, not copies; what is booked twice does not make up for what is missing."""
    seen = look(setup("a", "a", "a", "b", "b", "c", events=4))
    assert (2, 1, ("a", "b")) == (seen.duplicated, seen.missing, seen.duplicated_ids)


def test_effects_without_ids_say_nothing() -> None:
    """With the business key nothing is counted as missing or doubled before the end."""
    seen = look(setup(None, None, events=4))
    assert (0, 0) == (seen.duplicated, seen.missing)


def test_the_tab_has_a_column_for_each_number() -> None:
    """The number that is looked at is shown."""
    (row,) = LiveView(setup(), every_s=1).rows()
    assert [column["key"] for column in COLUMNS] == list(row)


@pytest.mark.parametrize(("observer", "every_s"), [(None, 0.001), (object(), 0)])
def test_without_an_observer_it_does_not_look(observer: object, every_s: float) -> None:
    """A watch that cannot see, or is not to, does not start, and stops like any other."""
    watch = LiveView(watched(threading.Event(), observer), every_s=every_s)
    watch.start()
    assert not watch._thread.is_alive()
    watch.stop()
    assert SoFar() == watch.seen


def test_a_watch_looks_until_it_is_stopped() -> None:
    """With an observer it looks again and again, and not after it was stopped."""
    looked = threading.Event()
    watch = LiveView(watched(looked, object()), every_s=0.001)
    watch.start()
    assert looked.wait(PATIENCE_S)
    assert watch._thread.is_alive()
    watch.stop()
    assert not watch._thread.is_alive()


def watched(looked: threading.Event, observer: object) -> Any:
    """A setup that sets `looked` at each look."""
    found = setup("a", events=1)
    found.effects = found.effects if observer else None
    stats = found.simulator.stats
    found.simulator.stats = lambda: (looked.set(), stats())[1]
    return found
