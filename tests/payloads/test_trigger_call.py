"""What a trigger asks for, field by field."""

from typing import Any

import pytest

from frontsim import catalog
from frontsim.errors import BadInput
from frontsim.payloads.factory import Payloads
from frontsim.payloads.trigger_call import MOST_AT_ONCE, Content, read_trigger_call

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
    wanted = payloads.custom("SaleCreated", 8, store_id=501, at=70, profile="strict", set_={"comment": "x"})
    assert wanted == read_trigger_call(said, TYPES).make(payloads, 8, 70)


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
