"""Shapes of a delivery's body."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.clock import WireTime
from frontsim.domain.delivery_request import BARE, FACTS, DeliveryShape, envelope_of, filled_url
from frontsim.domain.model import Delivery, Trigger

EVENT_ID, WEBHOOK_ID = str(UUID(int=2)), str(UUID(int=1))
OSLO = WireTime(ZoneInfo("Europe/Oslo"))
TYPED = DeliveryShape(fields={"type": "event", "id": "webhookEventId"})


def delivery(body: bytes = b'{"saleId":1}', *, run: int = 1, store_id: int | None = 7) -> Delivery:
    return Delivery(
        1, 1, run, 1, Trigger.ORIGINAL, WEBHOOK_ID, EVENT_ID, "SaleCreated", "http://a", body, 1_000, store_id
    )


def sent(shape: DeliveryShape, body: bytes = b'{"saleId":1}', **more: Any) -> bytes:
    return shape.body(delivery(body, **more), OSLO)


def as_sent(shape: DeliveryShape, payload: Any) -> Any:
    return shape.as_sent(payload, event="SaleCreated", webhook_id=WEBHOOK_ID, webhook_event_id=EVENT_ID)


def test_bare():
    """The payload's own bytes, and no others."""
    body = b' {"saleId":1}'
    assert body is sent(BARE, body)
    assert BARE.keeps_body
    assert not TYPED.keeps_body


def test_fields_stand_before_the_payloads_own_which_keep_their_bytes():
    """1.10 stays 1.10."""
    assert b'{"type":"SaleCreated","id":"%b","total":1.10 }' % EVENT_ID.encode() == sent(TYPED, b' {"total":1.10 }')


@pytest.mark.parametrize("empty", [b"{}", b"{ }"])
def test_fields_of_an_empty_payload(empty: bytes):
    """No comma where nothing follows."""
    assert {"type": "SaleCreated", "id": EVENT_ID} == orjson.loads(sent(TYPED, empty))


def test_a_field_replaces_the_payloads_own():
    """A movement has a type of its own; a name that is only deeper in the payload is left alone."""
    shape = DeliveryShape(fields={"type": "event"})
    assert b'{"type":"SaleCreated","movementId":1}' == sent(shape, b'{"type":"Sale","movementId":1}')
    assert b'{"type":"SaleCreated","lines":[{"type":"Sale"}]}' == sent(shape, b'{"lines":[{"type":"Sale"}]}')


@pytest.mark.parametrize("body", [b"[1]", b"null", b'"text"', b"7"])
def test_only_an_object_can_have_fields(body: bytes):
    """Anything else is sent as it is; an envelope takes it."""
    assert body == sent(TYPED, body)
    assert b'{"data":%b}' % body == sent(DeliveryShape(envelope=envelope_of({"data": "{payload}"})), body)


def test_every_fact():
    """Each by its name, null where there is none."""
    shape = DeliveryShape(fields={name: name for name in FACTS})
    assert {
        "event": "SaleCreated",
        "webhookEventId": EVENT_ID,
        "webhookId": WEBHOOK_ID,
        "storeId": None,
        "createdDateTime": "1970-01-01T01:00:01",
        "run": 2,
        "saleId": 1,
    } == orjson.loads(sent(shape, run=2, store_id=None))


def test_an_envelope():
    """A text that is a placeholder becomes its value; within a text, its text."""
    template = {
        "meta": {"run": "{run}", "store": "{storeId}", "about": 'a "{event}" of {storeId}', "fixed": [1, None]},
        "items": ["{payload}"],
        "{event}": "{ not one }",
        "text": "as text: {payload}",
    }
    assert {
        "meta": {"run": 1, "store": None, "about": 'a "SaleCreated" of ', "fixed": [1, None]},
        "items": [{"saleId": 1}],
        "SaleCreated": "{ not one }",
        "text": 'as text: {"saleId":1}',
    } == orjson.loads(sent(DeliveryShape(envelope=envelope_of(template)), store_id=None))


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_bodies_are_json_and_hold_the_payload(payload: dict[str, Any]):
    """Whatever the payload's names and texts are, also those of the shape."""
    try:
        body = orjson.dumps(payload)
    except TypeError:
        return
    assert {**payload, "type": "SaleCreated", "id": EVENT_ID} == orjson.loads(sent(TYPED, body))
    wrapped = DeliveryShape(envelope=envelope_of({"data": "{payload}", "text": "{payload} "}))
    read = orjson.loads(sent(wrapped, body))
    assert (payload, payload) == (read["data"], orjson.loads(read["text"]))


def test_a_payload_as_its_receiver_can_know_it():
    """A replaced field has its new value; fields that differ between runs are left out; the rest is the payload's."""
    assert {"id": EVENT_ID, "sku": "a"} == as_sent(TYPED, {"id": 7, "sku": "a"})
    assert {"sku": "a"} == as_sent(DeliveryShape(fields={"n": "run"}), {"n": 1, "sku": "a"})
    for shape in (BARE, TYPED, DeliveryShape(envelope=envelope_of({"id": "{run}"}))):
        assert {"saleId": 1} == as_sent(shape, {"saleId": 1})
    assert [1] == as_sent(TYPED, [1])


def test_the_event_in_a_url():
    """Filled in wherever it stands."""
    assert "http://a/SaleCreated?e=SaleCreated" == filled_url("http://a/{event}?e={event}", "SaleCreated")
