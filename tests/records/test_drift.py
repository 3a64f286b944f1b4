"""Drift, from the receiver's side: what a record has beyond the schema, and payloads of newer schemas."""

import copy

import orjson
import pytest

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.records.drift import drifted_payloads, seen_changes
from frontsim.records.record import RecordedEvent

CATALOG = catalog.load()
SCHEMAS = {kind.name: kind.schema for kind in CATALOG}


def base(event):
    return orjson.loads(Payloads(CATALOG, seed=1).build(event, 3, profile="strict").body)


def seen(event, body):
    found = seen_changes(SCHEMAS, [RecordedEvent(event, "w", "e", "2026-08-01T10:00:00", body)])
    return [(each.path, each.change, each.after, each.breaking) for each in found]


@pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.name)
@pytest.mark.parametrize("profile", ["strict", "typical", "adversarial"])
def test_what_the_schema_allows_is_no_drift(kind, profile):
    payloads = Payloads(CATALOG, seed=2)
    for number in range(10):
        assert [] == seen(kind.name, orjson.loads(payloads.build(kind.name, number, profile=profile).body))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"novel": 1}, ("novel", "field-added", "integer, seen once", False)),
        ({"novel": {"deep": {}}}, ("novel", "field-added", "object, seen once", False)),
        ({"storeId": None}, ("storeId", "nullable", "null, seen once", True)),
        ({"storeId": "7"}, ("storeId", "types", "string, seen once", True)),
        ({"storeId": 7.5}, ("storeId", "types", "number, seen once", True)),
    ],
)
def test_what_a_record_has_and_the_schema_does_not_say(change, expected):
    """A new field is tolerable; a new null or type is not."""
    assert [expected] == seen("SaleCreated", {**base("SaleCreated"), **change})


def test_a_field_that_is_missing_a_value_that_is_not_listed_and_a_type_that_is_new():
    body = base("SaleCreated")
    del body["comment"]
    assert [("comment", "required", "missing, seen once", True)] == seen("SaleCreated", body)
    movement = {**base("StockMovementCreated"), "type": "Sampling"}
    assert [("type", "values", '"Sampling", seen once', True)] == seen("StockMovementCreated", movement)
    assert [("", "type-added", "seen once", False)] == seen("NewType", {})


def test_lines_are_looked_into():
    """Each entry of a list counts."""
    body = base("SaleCreated")
    body["salesLines"] = [{**body["salesLines"][0], "novel": True}] * 3
    assert [("salesLines[].novel", "field-added", "boolean, seen 3 times", False)] == seen("SaleCreated", body)


def newer(event, change):
    """The schemas with one of them changed in place."""
    schema = copy.deepcopy(dict(SCHEMAS[event]))
    change(schema)
    return {event: schema}


def drifted(event, change):
    return drifted_payloads({event: SCHEMAS[event]}, newer(event, change), base)


@pytest.mark.parametrize(
    ("event", "change", "shows"),
    [
        (
            "SaleCreated",
            lambda schema: schema["properties"].update(novel={"type": "boolean"}),
            lambda body: isinstance(body["novel"], bool),
        ),
        (
            "SaleCreated",
            lambda schema: schema["properties"]["storeId"].update(type=["integer", "null"]),
            lambda body: body["storeId"] is None,
        ),
        ("SaleCreated", lambda schema: schema["required"].remove("comment"), lambda body: "comment" not in body),
        ("SaleCreated", lambda schema: schema["properties"].pop("extId"), lambda body: "extId" not in body),
        (
            "StockMovementCreated",
            lambda schema: schema["properties"]["type"]["enum"].append("Sampling"),
            lambda body: body["type"] == "Sampling",
        ),
        (
            "SaleCreated",
            lambda schema: schema["properties"]["total"].update(type=["number", "string"]),
            lambda body: isinstance(body["total"], str),
        ),
    ],
)
def test_a_payload_shows_one_change_and_no_other(event, change, shows):
    """Everything else is as in the payload that any receiver takes."""
    (found,), not_shown = drifted(event, change)
    assert shows(found.payload)
    assert [] == not_shown
    changed = {name for name in base(event).keys() | found.payload.keys()
               if base(event).get(name) != found.payload.get(name)}  # fmt: skip
    assert 1 == len(changed)
    assert found.sentence.endswith(".")


def test_a_change_that_no_receiver_meets_is_not_played():
    """Fewer values, no null any more: a receiver that copes with the older schema copes with these."""
    for event, change in (
        ("StockMovementCreated", lambda schema: schema["properties"]["type"]["enum"].remove("Manual")),
        ("SaleCreated", lambda schema: schema["properties"]["comment"].update(type="string")),
    ):
        assert ([], []) == drifted(event, change)


def test_a_new_type_is_named_as_not_shown():
    found, not_shown = drifted_payloads({}, {"NewType": {"type": "object"}}, base)
    assert ([], ["NewType"]) == (found, [change.event for change in not_shown])
