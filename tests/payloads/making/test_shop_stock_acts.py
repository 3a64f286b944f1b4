from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

Event = tuple[str, dict[str, Any]]
Trading = Callable[[int], Sequence[Event]]
SEEDS = (1, 2, 3)


Key = tuple[int, str | None, str | None]


def of(events: Sequence[Event], *names: str) -> Iterator[dict[str, Any]]:
    return (body for event, body in events if event in names)


@pytest.mark.parametrize("seed", SEEDS)
def test_stock_levels_follow_from_the_movements(trading: Trading, seed: int) -> None:
    """Per stock and size: level = level before + quantity, available = level - reserved; reservations count in."""
    on_hand: dict[Key, int] = {}
    reserved: Counter[Key] = Counter()
    orders: dict[str, list[dict[str, Any]]] = defaultdict(list)
    used: Counter[Key] = Counter()
    for event, body in trading(seed):
        if event == "StockReservationCreated":
            key = (body["stockId"], body["gtin"], body["externalSKU"])
            reserved[key] += body["quantity"]
            orders[body["extId"]].append(body)
        elif event == "StockReservationExpired":
            reserved[body["stockId"], body["gtin"], body["externalSKU"]] -= body["quantity"]
            orders[body["extId"]] = [kept for kept in orders[body["extId"]] if kept["id"] != body["id"]]
        elif event == "OmniChannelOrderFulfilled":
            for kept in orders.pop(body["orderNo"], []):
                used[kept["stockId"], kept["gtin"], kept["externalSKU"]] += kept["quantity"]
        elif event == "StockMovementCreated":
            key = (body["stockId"], body["gtin"], body["sku"])
            if used[key] and body["type"] == "Sale":
                used[key] += body["quantity"]
                reserved[key] += body["quantity"]
            if key[1:] == (None, None):
                continue  # sizes without any number cannot be told apart
            assert on_hand.get(key, body["stockLevel"] - body["quantity"]) + body["quantity"] == body["stockLevel"]
            assert reserved[key] == body["reservedLevel"]
            assert body["availableLevel"] == body["stockLevel"] - body["reservedLevel"]
            on_hand[key] = body["stockLevel"]
    assert 300 < len(on_hand)
    assert 20 < sum(reserved.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_transfer_arrives_as_it_was_sent(trading: Trading, seed: int) -> None:
    """The same stocks and lines; what arrives is what was sent, or a piece less."""
    for kind in ("", "Virtual"):
        sent = {body["productTransferId"]: body for body in of(trading(seed), f"ProductTransfer{kind}Created")}
        for body in of(trading(seed), f"ProductTransfer{kind}Received"):
            first = sent.pop(body["productTransferId"])
            assert (first["stockId"], first["toStockId"]) == (body["stockId"], body["toStockId"])
            assert body["isVirtual"] is (kind == "Virtual")
            for before, line in zip(first["productLines"], body["productLines"], strict=True):
                assert before == {**line, "receivedQuantity": None}
                assert 0 <= line["quantity"] - line["receivedQuantity"] <= 1
        assert len(sent) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_delivery_adds_up_to_what_was_ordered(trading: Trading, seed: int) -> None:
    """Each reception adds to what was received; the last leaves nothing open, and the delivery is completed."""
    received: dict[int, list[int]] = {}
    parts: Counter[int] = Counter()
    for event, body in trading(seed):
        if not event.startswith("Delivery"):
            continue
        lines = body["orderLines"]
        if event == "DeliveryItemsReceived":
            before = received.get(body["deliveryId"], [0] * len(lines))
            now = [line["receivedQuantity"] for line in lines]
            assert now == [old + line["quantity"] for old, line in zip(before, lines, strict=True)]
            received[body["deliveryId"]] = now
            parts[body["deliveryId"]] += 1
            assert body["isCompleted"] is False
        else:
            assert [line["orderedQuantity"] for line in lines] == received[body["deliveryId"]]
            assert body["isCompleted"] is True
    assert {1, 2} == set(parts.values())
