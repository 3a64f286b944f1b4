"""Events as tests compare them."""

import pytest

from frontsim.testing.front import TriggeredEvents


@pytest.mark.parametrize(("count", "hint"), [(0, "subscribe one first"), (2, r"use \.events")])
def test_event_is_the_only_one(front, count, hint):
    """None or several: the error says what to do."""
    for _ in range(count):
        front.subscribe("SaleCreated", front.sink("shop").url)
    triggered = front.trigger("SaleCreated")
    assert isinstance(triggered, TriggeredEvents)
    assert count == len(triggered.events)
    with pytest.raises(LookupError, match=hint):
        _ = triggered.event
