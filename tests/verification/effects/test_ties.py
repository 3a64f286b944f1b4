"""An effect is of an event by an id in it, by what it is about, or by a copy of the payload."""

import orjson
import pytest

from frontsim.clock import Ids, uuid_text
from frontsim.verification.effects.history import Effect, Entity, EventFact
from frontsim.verification.effects.ties import FIRST_IDENTITY, Ties, is_marked

OURS, THEIRS, OTHERS = map(uuid_text, Ids().event_ids(3))
MADE_UP = "4c746ab9-96dd-44e9-84b2-ab43fd09020b"
PAYLOAD = {"saleId": 1073741900, "customerId": 1073741901, "note": None, "lines": [{"price": 12.5}], "city": "Oslo"}


def event(name, kind="SaleCreated", identity=("saleId", "1073741900"), payload=PAYLOAD):
    return EventFact("w", name, kind, (), entity=Entity(*identity) if identity else None, payload=payload)


SALE = event(OURS)
CUSTOMER = event(THEIRS, "CustomerCreated", ("customerId", "1073741901"), {"customerId": 1073741901, "name": "Kari"})
PLAIN = event("plain", "OwnType", None, {"total": 10.0, "note": None, "text": "a  b", "parts": [], "on": True})
TIES = Ties([SALE, CUSTOMER, PLAIN])


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Effect(OURS), SALE),
        (Effect(f"{OURS}-1", f"{OURS}-1"), SALE),
        (Effect(None, {"source": f"evt_{OURS.upper()}"}), SALE),
        (Effect(None, {"source": OURS.replace("-", "")}), SALE),
        (Effect(None, {"sale": 1073741900}), SALE),
        (Effect(MADE_UP, {"key": MADE_UP, "saleId": "1073741900"}), SALE),
        (Effect(None, {"number": "1073741900-2"}), SALE),
        (Effect(None, {"payload": orjson.dumps(PAYLOAD).decode()}), SALE),
        (Effect(None, {"saleId": 1073741900, "customerId": 1073741901, "city": "Oslo"}), SALE),
        (Effect(None, {"customerId": 1073741901, "name": "Kari"}), CUSTOMER),
        (Effect(None, {"event": "CustomerCreated", "saleId": 1073741900, "customerId": 1073741901}), CUSTOMER),
        (Effect(None, {"payload": {"total": "10.00", "text": "a b", "on": True}}), PLAIN),
        (Effect(None, {"payload": {"total": 10, "text": "a b", "on": False}}), None),
        (Effect(None, {"event": "CustomerCreated", "saleId": 1073741900}), None),
        (Effect(None, {"saleId": 1073741902}), None),
        (Effect(None, {"lines": [1073741900]}), None),
        (Effect(OTHERS, {"saleId": 1073741900}), None),
        (Effect(None, {"source": OTHERS, "saleId": 1073741900}), None),
        (Effect(None, None), None),
    ],
)
def test_an_effect_is_of_the_event_that_it_shows(effect, expected):
    """Not if it has another event's id: two webhooks may report one sale, and each report is an event."""
    assert expected is TIES.event_of(effect)


def test_a_short_identity_may_stand_in_any_column():
    """Seven is a number of many things."""
    short = Ties([event("a", identity=("saleId", "7"), payload=None)])
    assert None is short.event_of(Effect(None, {"quantity": 7}))


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Effect(OTHERS), True),
        (Effect(None, {"source": OTHERS}), True),
        (Effect(None, {"saleId": FIRST_IDENTITY}), True),
        (Effect(None, {"saleId": FIRST_IDENTITY - 1}), False),
        (Effect(None, {"id": f"00000000-0000-4000-8000-{FIRST_IDENTITY:012}"}), True),
        (Effect(None, {"saleId": FIRST_IDENTITY + FIRST_IDENTITY // 2}), False),
        (Effect(MADE_UP, {"saleId": 125086012, "text": "1073741900 times"}), False),
    ],
)
def test_what_some_frontsim_made_up_is_known_without_its_events(effect, expected):
    """Two runs at once on one receiver need not know each other."""
    assert expected is is_marked(effect)
