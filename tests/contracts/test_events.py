"""The catalogue's file holds the vendor's event types, and what is known of each."""

import json
import re
from typing import Any

import pytest

from frontsim import bundled

CONTRACTS = bundled.folder("contracts")
EVENTS = json.loads((CONTRACTS / "events.json").read_text("utf-8"))
NAMES = [
    "SaleCreated",
    "CustomerCreated",
    "CustomerUpdated",
    "DeliveryItemsReceived",
    "DeliveryCompleted",
    "InvoiceCreated",
    "StockMovementCreated",
    "OmniChannelEndlessAisleOrderCreated",
    "OmniChannelOrderFulfilled",
    "OmniChannelOrderRefundUpdated",
    "OmniChannelOrderUpdated",
    "ProductTransferCreated",
    "ProductTransferReceived",
    "ProductTransferVirtualCreated",
    "ProductTransferVirtualReceived",
    "SaleExternalCreated",
    "StockAdjustmentCreated",
    "StockCountReconciled",
    "POSSettlementCreated",
    "StockReservationCreated",
    "StockReservationExpired",
]
REPEATS = {
    "CustomerUpdated",
    "DeliveryItemsReceived",
    "OmniChannelOrderFulfilled",
    "OmniChannelOrderRefundUpdated",
    "OmniChannelOrderUpdated",
}
"""Types that one entity can raise more than once."""

of_each = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])


def schema_of(event: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CONTRACTS / "schemas" / f"{event['name']}.json").read_text("utf-8"))
    return schema


def test_the_21_types_are_there_once_each() -> None:
    """The guide lists 21 types (published), and each has a schema."""
    assert (21, sorted(NAMES)) == (len(EVENTS), sorted(event["name"] for event in EVENTS))
    assert sorted(NAMES) == sorted(file.stem for file in (CONTRACTS / "schemas").iterdir())


@of_each
def test_every_fact_is_stated_with_its_source(event: dict[str, Any]) -> None:
    """A type tells its trigger and use, and how sure each of its facts is."""
    facts = ["trigger", "usage", "identity", "version", "store", *(each for each in ("state", "past") if each in event)]
    assert ["name", *facts, "provenance"] == list(event)
    assert event["trigger"].endswith(".")
    assert event["usage"].endswith(".")
    assert facts == list(event["provenance"])
    for fact, source in event["provenance"].items():
        assert re.match(r"(published|seen|inferred(\((high|medium|low)\))?|open): \S", source), fact
    assert event["provenance"]["trigger"].startswith("published")


@of_each
def test_identity_version_and_store_are_fields_of_the_payload(event: dict[str, Any]) -> None:
    """Each path names a required field of the type's schema, and a value that is not null in its example."""
    schema = schema_of(event)
    for path in [event["identity"], *event["version"], *([event["store"]] if event["store"] else [])]:
        assert path in schema["required"]
        assert schema["examples"][0][path] is not None, path
    if event["store"]:
        assert "integer" in schema["properties"][event["store"]]["type"]


@of_each
def test_a_state_is_of_fields_of_the_payload_and_of_all_that_repeats(event: dict[str, Any]) -> None:
    """Each path names a field; a type that one entity can raise more than once tells a state."""
    paths = [path for each in event.get("state", {}).values() for path in each]
    assert set(paths) <= set(schema_of(event)["properties"])
    assert "state" in event or event["name"] not in REPEATS


@of_each
def test_a_past_is_a_type_that_needs_none_and_has_the_same_identity(event: dict[str, Any]) -> None:
    """Their shared fields are fields of both, the identity among them."""
    if "past" in event:
        past = next(each for each in EVENTS if each["name"] == event["past"]["event"])
        assert ("past" in past, past["identity"]) == (False, event["identity"])
        assert event["identity"] in event["past"]["keep"]
        for each in (event, past):
            assert set(event["past"]["keep"]) <= set(schema_of(each)["properties"])


@of_each
def test_a_type_that_repeats_for_one_entity_has_a_version(event: dict[str, Any]) -> None:
    """Where one entity can raise the type again, a time tells the occurrences apart."""
    assert (event["name"] in REPEATS) == bool(event["version"])
