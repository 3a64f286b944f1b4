"""The book has the newest of each thing, whatever the order in which it is read."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.neighbours import book
from frontsim.neighbours.book import MOST_KEPT, Things
from tests.neighbours.shopping import CATALOG, Shopping, shopping
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


def test_a_gtin_that_only_an_event_names_is_known_from_then_on(sim: Simulation, receiver: Recorder) -> None:
    """Its product is found, with the level of the movement; and no other level changes."""
    sim.subscribes(receiver.url, "StockMovementCreated")
    before = sim.api("POST", "Stock", json={"useGTIN": True}).json()
    assert 404 == sim.api("GET", "Product/gtin/7099999999991").status_code
    sim.does("trigger", {"event": "StockMovementCreated", "set": {"gtin": "7099999999991", "stockLevel": 7}})
    [size] = sim.api("GET", "Product/gtin/7099999999991").json()["productSizes"]
    assert ("7099999999991", [7]) == (size["gtin"], [each["qty"] for each in size["stockQty"] if each["qty"]])
    after = sim.api("POST", "Stock", json={"useGTIN": True}).json()
    assert before == [row for row in after if row["id"] != "7099999999991"]
    assert [7] == [row["quantity"] for row in after if row["id"] == "7099999999991" and row["quantity"]]


def test_a_gtin_of_a_line_is_a_size_of_the_product_that_the_line_names(sim: Simulation, receiver: Recorder) -> None:
    """Of a known one as of an unknown one, whose other codes it keeps where they are free."""
    webhook = sim.subscribes(receiver.url, "SaleCreated")
    for code, product_id in (("70A", None), ("70B", 77)):
        changed = {"salesLines[0].gtin": code} | ({} if product_id is None else {"salesLines[0].productId": product_id})
        [event_id] = sim.raises("SaleCreated", set={**changed, "salesLines[0].externalSKU": f"sku of {code}"})
        line = sim.entry(webhook, event_id)["payload"]["salesLines"][0]
        product = sim.api("GET", f"Product/gtin/{code}").json()
        assert line["productId"] == product["productid"]
        assert code in [each["gtin"] for each in product["productSizes"]]
        assert product == sim.api("GET", f"Product/id/sku of {code}").json()


def test_a_product_that_is_written_takes_the_gtin_that_events_named(shop: Shopping) -> None:
    """It is no other product's, and its level stays."""
    shop.sim.does("trigger", {"event": "StockMovementCreated", "set": {"gtin": "70C", "stockLevel": 4}})
    new = {
        **dict.fromkeys(("name", "groupName", "color", "season", "brand"), "Cap"), "productSizes": [{"gtin": "70C"}]
    }  # fmt: skip
    made = shop.calls("POST", "products", new)
    assert made["productid"] == shop.calls("GET", "Product/gtin/70C")["productid"]
    assert 4 == max(each["qty"] for each in made["productSizes"][0]["stockQty"])
    assert ["70C"] == [row["id"] for row in shop.calls("POST", "Stock", {"useGTIN": True}) if row["id"] == "70C"][:1]


def test_so_many_gtins_are_known_by_events_alone(shop: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are dropped, with their products; blank and endless texts are no GTINs."""
    monkeypatch.setattr(book, "MOST_NAMED", 2)
    for gtin in ("70A", "70B", "", " ", "7" * 300, "70C"):
        shop.sim.does("trigger", {"event": "StockMovementCreated", "set": {"gtin": gtin}})
    assert [404, 200, 200] == [shop.sim.api("GET", f"Product/gtin/70{each}").status_code for each in "ABC"]
    named = [each for each in shop.calls("POST", "Product", {}) if each["productid"] >= 10**9]
    assert [["70B"], ["70C"]] == [[size["gtin"] for size in each["productSizes"]] for each in named]


@pytest.mark.parametrize("profile", ["strict", "adversarial"])
def test_payloads_that_no_act_made_are_read_as_they_are(profile: str) -> None:
    """Each event that the schemas allow resolves, and no answer breaks the document."""
    with shopping(payloads=profile) as shop:
        for kind in CATALOG:
            shop.sim.does("trigger", {"event": kind.name, "count": 8})
        check_reads(shop, shop.raised())


def check_reads(shop: Shopping, events: list[tuple[str, dict[str, Any]]]) -> None:
    """The GTINs of events are found, and all that lists show is answered one by one."""
    codes = {size["gtin"] for each in shop.calls("POST", "Product", {}) for size in each["productSizes"]}
    assert set() == {gtin for _, body in events for gtin in gtins(body)} - codes
    orders = shop.calls("GET", "OmniChannel/orders")["item1"]
    for each in orders:
        if each["orderNo"]:
            shop.calls("GET", "OmniChannel", params={"orderNo": each["orderNo"]})
            written = [
                shop.sim.api("PUT", "OmniChannel", json={"orderNo": each["orderNo"], "status": "Picked"}),
                shop.sim.api("DELETE", "OmniChannel", params={"orderNo": each["orderNo"]}),
            ]
            assert {200, 400} >= {answer.status_code for answer in written}
    for counted in shop.calls("GET", "Stock/count/batches"):
        shop.calls("GET", f"Stock/count/batch/{counted['stockCountId']}")
    days = {body["settlementTimeStamp"][:10] for name, body in events if name == "POSSettlementCreated"}
    assert all(
        shop.calls("GET", path, params={"date": day}) for day in days for path in ("Possettlement", "Possettlementv2")
    )
    assert orders
    assert days
    for each in shop.calls("POST", "Customer", {"emailContains": ""})[-8:]:
        shop.calls("PUT", "Customer", {"customerid": each["customerid"], "city": "Moss"})
    for stock in shop.calls("GET", "Stock/list"):
        shop.calls("GET", "Stockreservation", headers={"x-stockId": str(stock["stockId"])})


def gtins(value: Any) -> set[str]:
    """Those of an event that are no blank and no endless text."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = value.get("gtin") if isinstance(value, dict) else None
    return {own for _ in "x" if isinstance(own, str) and 0 < len(own.strip()) <= 200}.union(*map(gtins, below))


def test_reads_beside_triggers_see_all_that_was_acknowledged(sim: Simulation, receiver: Recorder) -> None:
    """After each answer of a trigger, the level is that of its last movement."""
    webhook = sim.subscribes(receiver.url, "StockMovementCreated")
    for level in (3, 5, 4):
        [event_id] = sim.raises("StockMovementCreated", set={"stockLevel": level})
        said = sim.entry(webhook, event_id)["payload"]
        rows = orjson.loads(sim.api("GET", f"Stock/gtin/{said['gtin']}").content)
        assert level == next(row["quantity"] for row in rows if row["stockId"] == said["stockId"])
