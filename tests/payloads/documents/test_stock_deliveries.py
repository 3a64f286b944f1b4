from collections.abc import Callable, Sequence
from typing import Any

Bodies = Callable[[str], Sequence[dict[str, Any]]]


def test_a_reception_is_part_of_what_was_ordered(bodies: Bodies) -> None:
    """quantity <= receivedQuantity <= orderedQuantity, and at least one piece has come."""
    for delivery in bodies("DeliveryItemsReceived"):
        for line in delivery["orderLines"]:
            assert 0 <= line["quantity"] <= line["receivedQuantity"] <= line["orderedQuantity"]
        assert sum(line["quantity"] for line in delivery["orderLines"]) > 0
        assert delivery["isCompleted"] is False


def test_a_completed_delivery_is_the_one_that_was_received(bodies: Bodies) -> None:
    """The same delivery as that number's reception, with nothing open any more."""
    partly = 0
    for received, completed in zip(bodies("DeliveryItemsReceived"), bodies("DeliveryCompleted"), strict=True):
        for field in ("deliveryId", "extRef", "stockId", "storeId", "orderDate", "createdDateTime", "comment"):
            assert received[field] == completed[field]
        assert received["receivedDateTime"] <= completed["receivedDateTime"] <= completed["completedDateTime"]
        assert completed["isCompleted"] is True
        for before, line in zip(received["orderLines"], completed["orderLines"], strict=True):
            assert line["receivedQuantity"] == line["orderedQuantity"] == before["orderedQuantity"]
            partly += before["receivedQuantity"] < line["receivedQuantity"]
    assert partly > 100
