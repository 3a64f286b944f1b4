from collections.abc import Callable, Sequence
from typing import Any

import pytest

Event = tuple[str, dict[str, Any]]
Trading = Callable[[int], Sequence[Event]]
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_order_goes_its_way(trading: Trading, seed: int) -> None:
    """Placed, handled, fulfilled, refunded, never backwards; a refund gives back lines that were ordered."""
    stage: dict[int, int] = {}
    lines: dict[int, set[str | None]] = {}
    for event, body in trading(seed):
        if not event.startswith("OmniChannel"):
            continue
        order = body["orderId"]
        decided = any(line["status"] != "UnHandled" for line in body["orderLines"])
        reached = {"OmniChannelOrderFulfilled": 3, "OmniChannelOrderRefundUpdated": 4}.get(event, 1 + decided)
        assert reached > stage.get(order, 0)
        stage[order] = reached
        if reached == 1:
            lines[order] = {line["rowId"] for line in body["orderLines"]}
            assert body["status"] == "UnHandled"
        if reached == 3:
            assert body["status"] in {"Picked", "Shipped"}
        if reached == 4:
            assert (body["orderType"], body["status"]) == ("Return", "Returned")
            assert lines[order] >= {line["rowId"] for line in body["orderLines"]}
            assert all(line["quantity"] < 0 for line in body["orderLines"])
    assert {2, 3, 4} <= set(stage.values())
