"""Payloads changed on the way."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.delivery.send_plan import UNKNOWN_FIELD, MutatedDelivery, mutate
from frontsim.domain.faults import FAULTS, FaultRule, FaultStage, Match
from tests.support.pulled_schema import in_draft_7

NAMES = [fault.name for fault in FAULTS.values() if fault.stage is FaultStage.CHANGED]
SCHEMA = {
    "required": ["id", "lines"],
    "properties": {
        "id": {"type": "integer"},
        "note": {"type": ["string", "null"]},
        "kind": {"$ref": "#/$defs/kind"},
        "more": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "any": True,
    },
    "$defs": {"kind": {"enum": ["a", None], "type": ["string", "null"]}},
}
BODY = b'{"id":1,"note":"n","kind":"a","more":{},"any":1,"lines":[{"sku":"s"},7]}'


def broken(fault: str, body: bytes = BODY, number: int = 0, **params: Any) -> MutatedDelivery:
    rule = FaultRule(number=1, fault=fault, match=Match(), times=None, probability=1.0, params=params)
    return mutate(rule, body, "SaleCreated", SCHEMA, number)


def value(fault: str, number: int = 0, **params: Any) -> Any:
    return orjson.loads(broken(fault, number=number, **params).body)


def test_garbage():
    """No JSON at all: the page of a proxy."""
    assert b"<html>502 Bad Gateway</html>" == broken("garbage-json").body


@pytest.mark.parametrize(("fraction", "left"), [(0, 0), (0.5, len(BODY) // 2), (1, len(BODY) - 1)])
def test_truncated(fraction: float, left: int):
    """A share of the bytes, and never all of them."""
    assert BODY[:left] == broken("truncated-json", fraction=fraction).body


def test_content_type_and_event():
    """Only the header changes."""
    assert MutatedDelivery(BODY, "SaleCreated", "text/plain; charset=utf-8") == broken("wrong-content-type")
    assert MutatedDelivery(BODY, "SomethingNewHappened") == broken("unknown-event")


def test_bom():
    """Three bytes before the same."""
    assert b"\xef\xbb\xbf" + BODY == broken("bom").body


def test_duplicate_key():
    """The first field comes twice, with the same value."""
    assert b'{"id":1,' + BODY[1:] == broken("duplicate-key").body


def test_unknown_field():
    """At the top and in the objects of its lists; all else stays."""
    got = value("unknown-field")
    assert {"added": True} == got.pop("aFieldOfTomorrow") == got["lines"][0].pop(UNKNOWN_FIELD)
    assert orjson.loads(BODY) == got


def test_null_optional():
    """Every field that may be null is, however its schema says so; no other."""
    assert {"id": 1, "note": None, "kind": None, "more": None, "any": 1, "lines": [{"sku": "s"}, 7]} == value(
        "null-optional"
    )


def test_missing_field():
    """One required field, picked by the number."""
    assert ["id", "lines", "id"] == [
        next(iter(orjson.loads(BODY).keys() - value("missing-field", number).keys())) for number in range(3)
    ]


def test_wrong_type():
    """One field, picked by the number, has another JSON type."""
    true = orjson.loads(BODY)
    for number, name in enumerate(true):
        got = value("wrong-type", number)
        assert [name] == [each for each in true if got[each] != true[each]]
        assert type(true[name]) is not type(got[name])


def test_a_body_as_deep_as_can_be_written():
    """Where the change would make it deeper it is sent as it is: it cannot be written otherwise."""
    body = deepest()
    assert body in {broken("wrong-type", body, number=number).body for number in range(10)}


def deepest() -> bytes:
    """As this version of orjson writes them."""
    bodies = (b'{"id":1,"lines":' + b"[" * depth + b"]" * depth + b"}" for depth in range(300, 200, -1))
    for body in bodies:
        with contextlib.suppress(orjson.JSONEncodeError):
            return orjson.dumps(orjson.loads(body))
    raise AssertionError


def test_huge():
    """So many bytes more."""
    assert 1000 == len(value("huge", bytes=1000)[UNKNOWN_FIELD])


@pytest.mark.parametrize("fault", NAMES)
@given(
    body=st.sampled_from([b"{}", b"[]", b"7", b"null", b'"x"', b'{"a":[]}', b'  {"a" : 1}']),
    number=st.integers(0, 2**40),
)
def test_payloads_that_a_change_does_not_fit(fault: str, body: bytes, number: int):
    """Nothing breaks us: what cannot be changed goes out as it is, or changed as far as may be."""
    first, again = broken(fault, body, number, bytes=10) if fault == "huge" else broken(fault, body, number), None
    again = broken(fault, body, number, bytes=10) if fault == "huge" else broken(fault, body, number)
    assert first == again


@pytest.mark.parametrize("fault", NAMES)
def test_every_type_can_be_broken(fault: str):
    """Each change does something to each type's example that has what it needs."""
    for kind in catalog.load():
        body = orjson.dumps(kind.schema["examples"][0])
        rule = FaultRule(
            number=1,
            fault=fault,
            match=Match(),
            times=None,
            probability=1.0,
            params={"bytes": 10} if fault == "huge" else {},
        )
        sent = mutate(rule, body, kind.name, kind.schema, 1)
        assert sent != MutatedDelivery(body, kind.name), kind.name


def test_null_optional_looks_inside():
    """Optional fields inside a list or an object are null, too: that is where receivers break."""
    schema = {
        "properties": {
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            "store": {
                "type": "object",
                "properties": {"name": {"type": ["string", "null"]}, "id": {"type": "integer"}},
            },
        },
        "$defs": {"line": {"type": "object", "properties": {"gtin": {"type": ["string", "null"]}}}},
    }
    body = b'{"lines":[{"gtin":"1"},{"gtin":"2"}],"store":{"name":"n","id":1}}'
    rule = FaultRule(number=1, fault="null-optional", match=Match(), times=None, probability=1.0, params={})
    expected = {"lines": [{"gtin": None}, {"gtin": None}], "store": {"name": None, "id": 1}}
    assert expected == orjson.loads(mutate(rule, body, "SaleCreated", schema, 0).body)


def test_null_optional_looks_inside_what_may_be_null_itself():
    """In every second event: a sale has no customer, or one of whom little is known."""
    schema = {
        "properties": {
            "customer": {"type": ["object", "null"], "properties": {"email": {"type": ["string", "null"]}}},
            "note": {"type": ["string", "null"]},
        }
    }
    body = b'{"customer":{"email":"a@example.com","id":1},"note":"n"}'
    rule = FaultRule(number=1, fault="null-optional", match=Match(), times=None, probability=1.0, params={})
    sent = [orjson.loads(mutate(rule, body, "SaleCreated", schema, number).body) for number in range(3)]
    without = {"customer": None, "note": None}
    assert [without, {"customer": {"email": None, "id": 1}, "note": None}, without] == sent


def test_null_optional_follows_the_definitions_of_draft_7():
    """As `contracts pull` may bring them: what may be null behind a reference is null."""
    schema = in_draft_7("SaleCreated", "customer")
    body = orjson.dumps({"customer": {"email": "a@example.com", "customerId": 1}, "salesLines": [{"comment": "c"}]})
    rule = FaultRule(number=1, fault="null-optional", match=Match(), times=None, probability=1.0, params={})
    sent = orjson.loads(mutate(rule, body, "SaleCreated", schema, 1).body)
    before = orjson.loads(mutate(rule, body, "SaleCreated", catalog.load().find("SaleCreated").schema, 1).body)
    assert sent["customer"]["email"] is None
    assert before == sent


def test_a_field_is_missing_that_a_definition_requires():
    """A schema may be a reference from its top on."""
    schema = {"$ref": "#/definitions/sale", "definitions": {"sale": {"required": ["id"]}}}
    rule = FaultRule(number=1, fault="missing-field", match=Match(), times=None, probability=1.0, params={})
    assert b"{}" == mutate(rule, b'{"id":1}', "SaleCreated", schema, 0).body
