from collections.abc import Callable, Sequence
from typing import Any

import pytest

Bodies = Callable[[str], Sequence[dict[str, Any]]]


@pytest.mark.parametrize("kind", ["", "Virtual"])
def test_a_received_transfer_is_the_one_that_was_sent(bodies: Bodies, kind: str) -> None:
    """The same number is the same transfer; what arrives is what was sent, or a piece less."""
    created = bodies(f"ProductTransfer{kind}Created")
    for sent, received in zip(created, bodies(f"ProductTransfer{kind}Received"), strict=True):
        for field in ("productTransferId", "stockId", "toStockId", "storeId", "createdDateTime", "extRef"):
            assert sent[field] == received[field]
        assert sent["stockId"] != sent["toStockId"]
        assert received["isReceived"] is True
        assert received["receivedDateTime"] > received["createdDateTime"]
        assert {sent["isVirtual"], received["isVirtual"]} == {kind == "Virtual"}
        for line in received["productLines"]:
            assert 0 <= line["quantity"] - line["receivedQuantity"] <= 1


@pytest.mark.parametrize("kind", ["", "Virtual"])
def test_what_is_under_way_has_not_arrived(bodies: Bodies, kind: str) -> None:
    """Without a moment of arrival there are no arrived pieces; few are sent so late that they have arrived."""
    transfers = bodies(f"ProductTransfer{kind}Created")
    for transfer in transfers:
        arrived = transfer["receivedDateTime"] is not None
        assert arrived is transfer["isReceived"]
        assert {arrived} == {line["receivedQuantity"] is not None for line in transfer["productLines"]}
    assert sum(transfer["isReceived"] for transfer in transfers) < len(transfers) / 12


def test_a_virtual_transfer_goes_both_ways(bodies: Bodies) -> None:
    """To and from the virtual stocks; ids of plain and virtual transfers never meet."""
    virtual = bodies("ProductTransferVirtualCreated")
    plain = bodies("ProductTransferCreated")
    shops = {transfer["stockId"] for transfer in plain}

    assert {True, False} == {transfer["stockId"] in shops for transfer in virtual}
    assert not {each["productTransferId"] for each in plain[:300]} & {
        each["productTransferId"] for each in virtual[:300]
    }
