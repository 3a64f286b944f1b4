"""A call is read as the contract declares it, or refused with what was expected and what came."""

import json
from pathlib import Path
from typing import Any

import pytest

from frontsim import bundled, catalog
from frontsim.errors import UnknownEventType
from frontsim.neighbours.operations import Shape, ValueKind, filled, kind_of, operations, read, read_text, resolved

PUBLISHED = Path(__file__).parents[3] / "shared" / "reference" / "vendor-operations.json"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", ValueKind("string", "", False, False, ())),
        ("string:date-time or null", ValueKind("string", "date-time", True, False, ())),
        ("[integer:int32]", ValueKind("integer", "int32", False, True, ())),
        ("integer:int32 of 5|6", ValueKind("integer", "int32", False, False, ("5", "6"))),
        ("[OrderLine]", ValueKind("OrderLine", "", False, True, ())),
    ],
)
def test_kinds_are_read(text: str, kind: ValueKind) -> None:
    assert kind == kind_of(text)


def test_each_operation_has_its_own_name_and_path_and_raises_known_types() -> None:
    every = operations()
    assert len(every) == len({each.name for each in every}) == len({(each.method, each.path.lower()) for each in every})
    known = catalog.load()
    for each in every:
        for event in each.raises:
            try:
                known.find(event)
            except UnknownEventType as error:
                pytest.fail(f"{each.name}: {error}")


@pytest.mark.parametrize(
    ("kind", "value", "expected", "wrong"),
    [
        ("StockCountFilter", {"PAGESIZE": 3, "stockids": [1, None], "other": 1}, {"pageSize": 3, "stockIds": [1]}, {}),
        ("StockCountFilter", {"useGTIN": None}, {}, {}),
        ("StockCountFilter", {"useGTIN": "yes"}, {}, {"useGTIN": ["expected true or false, got 'yes'"]}),
        (
            "StockCountFilter",
            {"stockIds": [1, "x"]},
            {"stockIds": [1, None]},
            {"stockIds[1]": ["expected a whole number, got 'x'"]},
        ),
        (
            "StockCountFilter",
            {"pageSize": 2**31},
            {},
            {"pageSize": [f"expected a whole number of 32 bits, got {2**31}"]},
        ),
        ("Websale", {"saleGuid": "x", "customerID": 1}, {"customerID": 1}, {"saleGuid": ["expected a UUID, got 'x'"]}),
        (
            "StockCountDto",
            {"items": [{"quantity": 1.5}]},
            {"items": [{}]},
            {"items[0].quantity": ["expected a whole number, got 1.5"]},
        ),
        (
            "Order",
            {"orderType": "Kios"},
            {},
            {"orderType": ["expected one of Unknown, Kiosk, BOPIS, BOSS, ROPIS, Return, Service, got 'Kios'"]},
        ),
        ("WebSalesPayment", {"paymentType": 10}, {"paymentType": 10}, {}),
        ("WebSalesPayment", {"cardType": 1}, {}, {"cardType": ["expected one of 0, 3, 4, 5, 6, 10000, got 1"]}),
        (
            "WebSalesPayment",
            {"paymentType": "10"},
            {},
            {"paymentType": ["expected a whole number, got '10'"]},
        ),
        (
            "Customer",
            {"ins": "2021-12-01", "upt": "2021-12-01T08:00:00Z"},
            {"ins": "2021-12-01", "upt": "2021-12-01T08:00:00Z"},
            {},
        ),
        ("[StockQuantity]", {}, None, {"": ["expected an array, got {}"]}),
    ],
)
def test_bodies_are_read_in_any_case(kind: str, value: Any, expected: Any, wrong: dict[str, list[str]]) -> None:
    """Unknown names are ignored, a null is no value, and each wrong value is named by its path."""
    problems: dict[str, list[str]] = {}
    assert (expected, wrong) == (read(kind_of(kind), value, problems), problems)


def test_a_text_that_is_no_moment_is_refused() -> None:
    problems: dict[str, list[str]] = {}
    assert {} == read(kind_of("Customer"), {"ins": "soon"}, problems)
    assert problems["ins"][0].startswith("expected a date such as")


def test_a_required_field_is_missed_unless_it_may_be_null() -> None:
    problems: dict[str, list[str]] = {}
    read(kind_of("WebUpdateableProduct"), {}, problems)
    assert {"name": ["expected a value, got nothing"]} == problems


@pytest.mark.parametrize(
    ("kind", "text", "value"), [("integer:int32", "-7", -7), ("boolean", "True", True), ("string", "7", "7")]
)
def test_parameters_are_read(kind: str, text: str, value: object) -> None:
    assert value == read_text(kind_of(kind), text)


@pytest.mark.parametrize(
    ("kind", "text"), [("integer:int32", "2147483648"), ("integer", "1.0"), ("integer", "\u0663"), ("boolean", "1")]
)
def test_wrong_parameters_are_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_text(kind_of(kind), text)


def test_an_answer_has_every_field() -> None:
    """An unknown value is null where that is published, and .NET's default elsewhere."""
    assert {"id": "x", "stockId": 0, "quantity": 0} == filled("StockQuantity", {"id": "x"})
    assert {"currency": None, "lastUpdate": None, "price": 0} == {
        name: value
        for name, value in filled("WebPricelistDetailFlat", {}).items()
        if name in ("currency", "lastUpdate", "price")
    }
    assert "0001-01-01T00:00:00" == filled("WebPricelist", {})["lastUpdate"]


@pytest.mark.skipif(
    not PUBLISHED.exists(), reason="the vendor's operations lie beside the checkout, where CI puts them"
)
def test_names_are_the_published_ones() -> None:
    """Each published operation, its parameters and its request; each published field, and one that the guide names."""
    published = json.loads(PUBLISHED.read_text("utf-8"))
    ours = {(each.method, each.path): each for each in operations()}
    assert {(each["method"], each["path"]) for each in published["operations"]} == set(ours)
    for each in published["operations"]:
        mine = ours[each["method"], each["path"]]
        assert each.get("request") == (mine.request and mine.request.base)
        names = [text.split(" ")[1].rstrip("*:") for text in each.get("parameters", ())]
        assert names == [one.name for one in mine.parameters]
    declared = json.loads((bundled.folder("contracts") / "operations.json").read_text("utf-8"))["shapes"]
    for name, fields in published["schemas"].items():
        if name in declared and isinstance(fields, dict):
            extra = {"snapShotDateTime"} if name == "StockCountFilter" else set()
            assert set(fields) | extra == set(declared[name])
    assert all(isinstance(resolved(kind_of(name)), Shape | ValueKind) for name in declared)
