"""A scenario tells the past of its events, played against a receiver that holds updates back until then."""

import pytest

from tests.verification.laboratory import CATALOG

pytestmark = pytest.mark.slow


@pytest.fixture
def plays(receiver, requested, play):
    """Plays a scenario against a receiver of the registry: `plays("parks-updates", "steady")`."""

    def run(variant, name, **others):
        with receiver(variant) as url:
            (played,) = play(requested(url, **others), name)
        return played

    return run


@pytest.mark.parametrize("name", ["steady", "short-outage", "two-webhooks"])
def test_a_receiver_that_holds_back_updates_before_the_creation_is_verified(plays, name):
    """Each update is of something whose creation the receiver has acknowledged before the update was raised."""
    played = plays("parks-updates", name)
    assert "verified" == played.judgement.verdict, played.judgement.reason
    events = played.history.events
    told = {
        (event.event, event.entity.value): min(run.at_ms + run.duration_ms for run in event.runs if run.acknowledged)
        for event in reversed(events)
    }
    updates = [event for event in events if CATALOG.find(event.event).past]
    assert updates
    for event in updates:
        assert told[CATALOG.find(event.event).past, event.entity.value] <= event.runs[0].at_ms + 4  # the log rounds


def test_an_update_that_overtakes_its_creation_is_verified_too(plays):
    """In entity-updated-twice some creations arrive by a resend only, after the update that is parked for them."""
    played = plays("parks-updates", "entity-updated-twice")
    assert "verified" == played.judgement.verdict, played.judgement.reason


def test_a_past_is_older_than_what_follows(plays):
    """A table of the newest states keeps the updates, not the creation, although the scenario's times are fixed."""
    played = plays("newest-state", "entity-updated-twice")
    shown = {event.event for event in played.history.events if played.judgement.effects[event.webhook_event_id]}
    assert {"CustomerUpdated", "OmniChannelOrderUpdated"} <= shown


def test_a_left_out_type_has_no_past(plays):
    """--events leaves the creation out: no past, and the update is the first that the receiver hears."""
    played = plays("reference", "steady", events=["CustomerUpdated", "SaleCreated"])
    assert {"CustomerUpdated", "SaleCreated"} == {event.event for event in played.history.events}
