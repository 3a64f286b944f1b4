from dataclasses import replace
from typing import Any

import orjson
import pytest

from frontsim.payloads.documents.orders import Order, draw_order, fulfilled, handled, order_json, order_moved, refunded
from frontsim.payloads.documents.sales import sums
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import World

WORLD = World(1)


def order(kind: str = "BOPIS", **placed: Any) -> Order:
    drawn = draw_order(SeededDraws(1, "order", 4), WORLD, WORLD.shops[0], number=4, at=30_000)
    return drawn._replace(kind=kind, placed=replace(drawn.placed, **placed))


def test_an_order_begins_unhandled() -> None:
    """No line is decided, and the history has one entry."""
    new = order()

    assert ("UnHandled", {"UnHandled"}, None) == (new.status, set(new.statuses), new.updated)
    assert ["Order created"] == [what for _, what, _ in new.events]


def test_each_step_adds_an_entry_and_moves_the_moment() -> None:
    """Handled, fulfilled, refunded: the history grows, nothing of it is lost."""
    new = order(kind="BOPIS", from_online=False)
    accepted = handled(new, ("Accepted",) * len(new.lines), 40_000)
    picked = fulfilled(accepted, 50_000)
    back = refunded(SeededDraws(1, "refund", 0), picked, 60_000, tuple(range(len(new.lines))))

    assert [30_000, 40_000, 50_000, 60_000] == [at for at, _, _ in back.events]
    assert ["Picked", "Returned"] == [picked.status, back.status]
    assert back.updated == 60_000
    assert sums(new.lines)[0] == -sums(back.lines)[0]
    assert sum(paid.amount for paid in back.payments) == sums(back.lines)[0]


def test_an_order_of_which_all_is_rejected_is_rejected() -> None:
    """One accepted line keeps it open."""
    new = order()

    assert handled(new, ("Rejected",) * len(new.lines), 40_000).status == "Rejected"
    assert handled(new, ("Accepted",) + ("Rejected",) * (len(new.lines) - 1), 40_000).status == "UnHandled"


@pytest.mark.parametrize(("kind", "status"), [("BOPIS", "Picked"), ("ROPIS", "Picked"), ("BOSS", "Shipped")])
def test_what_is_collected_is_picked_and_what_is_sent_is_shipped(kind: str, status: str) -> None:
    """Buy online, pick up or ship from store."""
    assert status == fulfilled(order(kind=kind, from_online=False), 50_000).status


def test_an_order_moves_as_a_whole() -> None:
    """All its moments by the same time, and nothing else of it."""
    accepted = handled(order(due=70_000), ("Accepted",) * len(order().lines), 40_000)
    later = order_moved(accepted, 300)
    before, after = (orjson.loads(orjson.dumps(order_json(each))) for each in (accepted, later))

    assert [30_300, 40_300] == [at for at, _, _ in later.events]
    assert (30_300, 70_300, 40_300) == (later.placed.created, later.placed.due, later.updated)
    assert later.placed.expires == accepted.placed.expires + 300
    moments = {"createdDateTime", "updatedDateTime", "dueDateTime", "expirationDateTime", "orderEvents"}
    assert {name for name in before if before[name] != after[name]} - {"receiptFormatted"} == moments
