"""The book has the newest of each thing, whatever the order in which it is read."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.neighbours.book import MOST_KEPT, Things
from tests.support.recorder import Recorder
from tests.support.simulation import Simulation


@given(st.permutations(range(1, 6)))
def test_the_higher_number_wins(order: list[int]) -> None:
    things = Things()
    for number in order:
        things.put("one", number, {"is": number})
    assert [{"is": 5}] == list(things)


def test_a_thing_keeps_what_a_later_occurrence_does_not_say() -> None:
    things = Things()
    things.put("one", 1, {"name": "x", "live": True})
    things.put("one", 2, {"live": False})
    assert {"name": "x", "live": False} == things.get("one")


def test_the_oldest_are_dropped() -> None:
    things = Things()
    for number in range(MOST_KEPT + 1):
        things.put(number, number, {"is": number})
    assert (None, {"is": 1}, MOST_KEPT) == (things.get(0), things.get(1), len(things))


@pytest.mark.parametrize(
    "payload", [{}, {"stockId": [1], "gtin": {}, "createdDateTime": 1, "stockLevel": "x"}, {"stockId": 1, "gtin": None}]
)
def test_a_payload_that_breaks_its_schema_is_not_read(
    sim: Simulation, receiver: Recorder, payload: dict[str, object]
) -> None:
    """Reads answer as before."""
    sim.subscribes(receiver.url, "StockMovementCreated")
    before = sim.api("POST", "Stock", json={}).content
    sim.does("trigger", {"event": "StockMovementCreated", "payload": payload, "invalid": True})
    assert before == sim.api("POST", "Stock", json={}).content


def test_a_level_of_a_gtin_that_no_product_has_changes_no_other(sim: Simulation, receiver: Recorder) -> None:
    sim.subscribes(receiver.url, "StockMovementCreated")
    before = sim.api("POST", "Stock", json={}).content
    sim.does("trigger", {"event": "StockMovementCreated", "set": {"gtin": "1", "sku": "2"}})
    assert before == sim.api("POST", "Stock", json={}).content


def test_reads_beside_triggers_see_all_that_was_acknowledged(sim: Simulation, receiver: Recorder) -> None:
    """After each answer of a trigger, the level is that of its last movement."""
    webhook = sim.subscribes(receiver.url, "StockMovementCreated")
    for level in (3, 5, 4):
        [event_id] = sim.raises("StockMovementCreated", set={"stockLevel": level})
        said = sim.entry(webhook, event_id)["payload"]
        rows = orjson.loads(sim.api("GET", f"Stock/gtin/{said['gtin']}").content)
        assert level == next(row["quantity"] for row in rows if row["stockId"] == said["stockId"])
