"""Pairs of deliveries that differ in exactly one thing."""

from datetime import datetime
from itertools import count, islice

import orjson
import pytest

from frontsim.client.control import LeasedDelivery
from frontsim.verification.judge.fingerprint import KeyPair
from frontsim.verification.play.key_probe import Novelties, has_two_ids, moments_before

NOW = datetime(2026, 8, 1, 12)  # noqa: DTZ001 - the vendor writes local time
IDS = ("0192ab-1", "0192ab-2")


def leased(event_id, **payload):
    """A delivery as it comes from the simulator, in an envelope that repeats the id."""
    sale = {"saleId": 1, "saleDateTime": "2026-08-01T12:00:00", "updatedDateTime": None, **payload}
    body = orjson.dumps({"id": event_id, "data": sale})
    return LeasedDelivery(
        "7", "w", event_id, "SaleCreated", 1, False, "http://r/", {"Event": event_id, "Hook": "w"}, body, 0
    )


@pytest.fixture
def made():
    """`made(pair)`: the two deliveries of a pair, as (headers, body)."""

    def make(pair):
        new = Novelties("saleId", count(100), moments_before(NOW))
        first = new.first(leased(IDS[0], note="one"))
        second = new.second(pair, first, leased(IDS[1], note="two"))
        return [
            (each.delivery.headers, orjson.loads(each.delivery.body), each.delivery.body) for each in (first, second)
        ]

    return make


def test_the_first_is_about_something_new(made):
    """The identity and all moments that are set; the envelope is left alone."""
    (headers, body, _), _ = made(KeyPair.COPY)
    assert {"Event": IDS[0], "Hook": "w"} == headers
    sale = {"saleId": 100, "saleDateTime": "2026-08-01T11:00:00.000", "updatedDateTime": None, "note": "one"}
    assert {"id": IDS[0], "data": sale} == body


def differing(made, pair):
    """Name the differences: the event's id, the webhook's id, and fields of the payload."""
    (headers, body, sent), (others, other, sent_too) = made(pair)
    names = [name for name in body["data"] if body["data"][name] != other["data"][name]]
    names += ["eventId"] if headers["Event"] != others["Event"] else []
    names += ["webhookId"] if headers["Hook"] != others["Hook"] else []
    assert (body["id"], other["id"]) == (headers["Event"], others["Event"])
    return set(names), sent == sent_too


@pytest.mark.parametrize(
    ("pair", "names", "same_bytes"),
    [
        (KeyPair.COPY, set(), True),
        (KeyPair.SAME_BYTES, {"eventId"}, False),
        (KeyPair.SPACED, set(), False),
        (KeyPair.CASE, {"eventId"}, False),
        (KeyPair.DASHES, {"eventId"}, False),
        (KeyPair.SAME_ID, {"saleId", "saleDateTime"}, False),
        (KeyPair.ENTITY, {"eventId", "saleDateTime"}, False),
        (KeyPair.CONTENT, {"eventId"}, False),
        (KeyPair.MOMENT, {"eventId", "saleId", "note"}, False),
        (KeyPair.WEBHOOK, {"eventId", "webhookId"}, False),
    ],
)
def test_a_pair_differs_in_what_it_is_about(made, pair, names, same_bytes):
    """The body of this shape holds the event's id, so it differs where that does, and nowhere else."""
    assert (names, same_bytes) == differing(made, pair)


def test_ids_are_spelled_otherwise(made):
    assert [IDS[0].upper(), IDS[0].replace("-", "")] == [
        made(pair)[1][0]["Event"] for pair in (KeyPair.CASE, KeyPair.DASHES)
    ]


def test_two_ids_or_one():
    assert {KeyPair.COPY, KeyPair.SPACED, KeyPair.CASE, KeyPair.DASHES, KeyPair.SAME_ID, KeyPair.CONTROL} == {
        pair for pair in KeyPair if not has_two_ids(pair)
    }


def test_moments_are_an_hour_ago_and_apart():
    """No scenario raises an event that happened then."""
    assert ["2026-08-01T11:00:00.000", "2026-08-01T10:59:59.000"] == list(islice(moments_before(NOW), 2))
