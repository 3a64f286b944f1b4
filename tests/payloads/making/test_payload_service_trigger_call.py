"""The request of a trigger, field by field."""

from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.errors import BadInput
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import MOST_AT_ONCE, Content, read_trigger_call

TYPES = catalog.load()


@pytest.mark.parametrize(
    ("more", "content"),
    [
        ({}, Content.OURS),
        ({"set": {}}, Content.OURS),
        ({"set": {"comment": "x"}}, Content.SET),
        ({"payload": {}}, Content.CALLERS),
        ({"payload": {}, "set": {"a": 1}}, Content.CALLERS),
    ],
)
def test_whose_values_the_payloads_hold(more: dict[str, Any], content: Content) -> None:
    """Names in any case; one event unless the call says otherwise."""
    call = read_trigger_call({"EVENT": "salecreated", **more}, TYPES)
    assert ("SaleCreated", 1, content) == (call.event, call.count, call.content)


def test_it_makes_its_payloads() -> None:
    """With all that it says."""
    payloads = Payloads(TYPES, seed=3)
    said = {"event": "SaleCreated", "storeId": 501, "set": {"comment": "x"}, "payloads": "strict"}
    built = payloads.build("SaleCreated", 8, store_id=501, at=70, profile="strict")
    wanted = payloads.changed(built, {"comment": "x"})
    assert wanted == read_trigger_call(said, TYPES).make(payloads, 8, 70)


def test_each_occurrence_gets_its_own_values() -> None:
    """On top of those that all get; their number is the count."""
    said = {"event": "SaleCreated", "set": {"comment": "x", "saleId": 1}, "each": [{"saleId": 7}, {"total": 8.5}]}
    call, payloads = read_trigger_call(said, TYPES), Payloads(TYPES, seed=3)
    assert (2, Content.SET) == (call.count, call.content)
    made = [orjson.loads(call.make(payloads, 8 + place, 70, place=place).body) for place in range(2)]
    assert [("x", 7), ("x", 1)] == [(each["comment"], each["saleId"]) for each in made]
    assert 8.5 == made[1]["total"]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"each": {}}, "each"),
        ({"each": []}, "each"),
        ({"each": [{}, 7]}, "each[1]"),
        ({"each": [{}, {}], "count": 3}, "count"),
        ({"each": [{}], "payload": {}}, "payload"),
    ],
)
def test_each_that_cannot_be(more: dict[str, Any], wrong: str) -> None:
    """No objects, another count, or a payload that would be the same for all."""
    with pytest.raises(BadInput) as refused:
        read_trigger_call({"event": "SaleCreated", **more}, TYPES)
    assert {wrong} == set(refused.value.fields)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """By field."""
    said = {
        "count": MOST_AT_ONCE + 1,
        "storeId": "x",
        "set": 1,
        "payload": 1,
        "invalid": 1,
        "payloads": "odd",
        "more": 1,
    }
    with pytest.raises(BadInput) as refused:
        read_trigger_call(said, TYPES)
    assert {"event", *said} == set(refused.value.fields)
