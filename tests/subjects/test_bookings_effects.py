"""An observer reads a receiver's effects in the order of booking."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from frontsim.subjects.bookings import Bookings, counts, effects_json

BOOK = "INSERT INTO effects (event_id, webhook_id, event, identity, entity, payload, at) VALUES (?, 'w', ?, ?, ?, ?, ?)"


@pytest.fixture
def bookings(tmp_path: Path) -> Iterator[Bookings]:
    """A sale, and two states of one customer, of which the second holds."""
    with closing(Bookings(tmp_path / "receiver.db")) as opened:
        for row in (
            ("e1", "SaleCreated", b'{"saleId":7}', None, b'{"saleId":7,"total":1.50}', 1_005),
            ("e2", "CustomerUpdated", b'{"customerId":9}', "customer 9", b"{}", 61_000),
            ("e3", "CustomerUpdated", b'{"customerId":9}', "customer 9", b"{}", 62_000),
        ):
            opened._db.execute(BOOK, row)
        opened._db.execute("INSERT INTO states VALUES ('customer 9', '2026', 0, 3)")
        opened._db.execute("INSERT INTO ignored (event_id, event, payload, at) VALUES ('e4', 'New', '{}', 0)")
        for event_id, done in (("e5", 0), ("e6", 1)):
            opened._db.execute(
                "INSERT INTO inbox (event_id, webhook_id, event, payload, done) VALUES (?, '', '', '', ?)",
                (event_id, done),
            )
        yield opened


def test_an_effect_has_its_ids_its_moment_and_its_payload_byte_for_byte(bookings: Bookings) -> None:
    """The type's identity stands beside the event's id; without payloads the list is shorter."""
    assert (
        b'{"saleId":7,"webhookEventId":"e1","webhookId":"w","event":"SaleCreated","at":"1970-01-01T00:00:01.005Z",'
        b'"current":null,"payload":{"saleId":7,"total":1.50}}'
    ) in effects_json(bookings)
    assert b"payload" not in effects_json(bookings, payload=False)


def test_only_the_state_that_holds_now_is_current(bookings: Bookings) -> None:
    """An effect that changes nothing is neither current nor old."""
    effects = orjson.loads(effects_json(bookings))
    assert [("e1", None), ("e2", False), ("e3", True)] == [(e["webhookEventId"], e["current"]) for e in effects]


def test_a_list_since_a_moment_leaves_out_what_was_booked_before(bookings: Bookings) -> None:
    """The moment itself is in it."""
    since = orjson.loads(effects_json(bookings, since_ms=61_000))
    assert ["e2", "e3"] == [each["webhookEventId"] for each in since]


def test_what_was_ignored_or_waits_is_counted_apart(bookings: Bookings) -> None:
    assert {"effects": 3, "ignored": 1, "waiting": 1} == counts(bookings)
