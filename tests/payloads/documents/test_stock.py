from collections.abc import Callable, Sequence
from typing import Any

import orjson

from frontsim.payloads.documents.stock import MOVEMENT_TYPES, cost_json, lines_json, serial_json, size_json
from frontsim.payloads.world.world import World

SIZES = World(1).sizes
Bodies = Callable[[str], Sequence[dict[str, Any]]]


def test_available_is_what_is_not_reserved(bodies: Bodies) -> None:
    """availableLevel = stockLevel - reservedLevel, and what came in is on hand."""
    for movement in bodies("StockMovementCreated"):
        assert movement["availableLevel"] == movement["stockLevel"] - movement["reservedLevel"]
        assert movement["reservedLevel"] >= 0
        assert movement["stockLevel"] >= max(0, movement["quantity"])


def test_movements_are_mostly_sales_and_of_every_type(bodies: Bodies) -> None:
    """All eight published types; orders move no goods, a sale mostly takes them out."""
    movements = bodies("StockMovementCreated")

    assert set(MOVEMENT_TYPES) == {movement["type"] for movement in movements}
    assert {0} == {each["quantity"] for each in movements if each["type"] in {"Bestilling", "PurchaseOrderOrdered"}}
    sales = [each["quantity"] for each in movements if each["type"] == "Sale"]
    assert len(sales) > 300
    assert sum(quantity < 0 for quantity in sales) > len(sales) * 0.8


def test_a_count_ends_at_what_was_counted(bodies: Bodies) -> None:
    """The level afterwards is the counted quantity, every item is a difference, counted before it is booked."""
    for count in bodies("StockCountReconciled"):
        assert count["countedDateTime"] < count["createdDateTime"]
        for item in count["items"]:
            assert item["quantity"] != 0
            if None not in (item["stockLevel"], item["countedQuantity"]):
                assert item["stockLevel"] == item["countedQuantity"]


def test_a_document_names_a_size_once(bodies: Bodies) -> None:
    """No size stands in two lines of a count or an adjustment."""
    for event in ("StockCountReconciled", "StockAdjustmentCreated"):
        for document in bodies(event):
            keys = [
                (item["productId"], item["identity"], item["gtin"], item["externalSKU"]) for item in document["items"]
            ]
            keys = [key for key in keys if key[0] is not None and key[1:] != (None, None, None)]
            assert len(keys) == len(set(keys))


def test_a_line_is_written_from_parts() -> None:
    """The codes of a size, the tag of a piece, the cost of a piece."""
    size = SIZES[3]
    written = orjson.loads("{" + size_json(size) + "," + cost_json(size, "NOK") + "}")

    codes = {"identity": size.identity, "gtin": size.gtin, "externalSKU": size.sku}
    assert written == {"productId": size.product_id, **codes, "cost": size.cost["NOK"] / 100}
    assert serial_json(size, 7) == f'"{size.serial(7)}"'
    assert "null" == serial_json(size, None)
    assert orjson.dumps(lines_json(['"a":1', '"b":2'])) == b'[{"a":1},{"b":2}]'
    assert orjson.dumps(lines_json([])) == b"[]"
