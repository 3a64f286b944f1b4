import asyncio
import json
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.errors import BadInput
from frontsim.subjects.bookings import Bookings, effects_json
from frontsim.subjects.inbound import RULES, EventHeaders, RawRequest, Refused, read_event, value_at
from frontsim.subjects.reference import Receiver

CATALOG = catalog.load()
FIELDS = ["customerId", "orderId", "stockId", "sku", "gtin", "movementId", "createdDateTime", "updatedDateTime", "x"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner))


def request(event, body):
    return RawRequest("id-1", "webhook-1", event, "", "application/json", body)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    with closing(Bookings(tmp_path_factory.mktemp("bookings") / "receiver.db")) as bookings:
        yield Receiver(bookings, catalog=CATALOG, clock=Clock())


def book(receiver, event):
    async def transact():
        await receiver.bookings.transact(lambda db: receiver.process(db, event))

    asyncio.run(transact())


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(event=st.sampled_from(sorted(RULES)), payload=st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_object_is_too_odd_to_be_booked(receiver, event, payload):
    """Whatever an object holds, it is booked, and the effects can be read: no 5xx by content."""
    book(receiver, read_event(request(event, json.dumps(payload).encode())))
    effect = json.loads(effects_json(receiver.bookings))[-1]
    assert event == effect["event"]


@pytest.mark.parametrize("number", ["1e999", "9" * 400, "18446744073709551615", "-9223372036854775809", "-0.0"])
def test_no_number_is_too_large(receiver, number):
    """A number beyond 64 bits is booked, or refused as no JSON."""
    body = f'{{"movementId": {number}, "stockId": {number}}}'.encode()
    with suppress(Refused):
        book(receiver, read_event(request("StockMovementCreated", body)))
    json.loads(effects_json(receiver.bookings))


@given(st.binary(max_size=40))
def test_bytes_are_an_object_or_refused(body):
    """Any body is either a JSON object or refused, never anything else."""
    with suppress(Refused):
        assert isinstance(read_event(request("SaleCreated", body)).payload, dict)


@pytest.mark.parametrize(
    ("value", "path"),
    [(1, "a"), ("x", "b.c"), (None, "b"), (None, "b.c.d"), (None, "nowhere"), (None, "list")],
)
def test_value_at(value, path):
    """A text or number at the end of a path; anything else is None."""
    assert value == value_at({"a": 1, "b": {"c": "x"}, "list": [1]}, path)


@pytest.mark.parametrize("name", ["", "X Event", "X-Event:", "Ø"])
def test_names_of_headers(name):
    """Only the name of a header is accepted."""
    with pytest.raises(BadInput, match="expected the name of a header"):
        EventHeaders(event_id=name)
