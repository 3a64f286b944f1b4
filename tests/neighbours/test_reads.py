"""The reads show the shop that the events are about."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from frontsim.neighbours.desk import served
from frontsim.neighbours.operations import Shape, resolved
from frontsim.neighbours.reads import READS
from tests.contracts.test_real_answers import check_answer
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import Simulation, simulation

PATHS = ("Environment", "Stores", "Stock/list", "Stock/settings")


def test_the_stores_are_those_of_the_payloads(sim: Simulation, receiver: Recorder):
    """A sale's store and its stock are listed, by the same ids."""
    webhook = sim.subscribes(receiver.url)
    [event_id] = sim.raises()
    sale = sim.entry(webhook, event_id)["payload"]
    stores = {store["StoreId"]: store for store in sim.api("GET", "Stores").json()}
    store = stores[sale["storeId"]]
    assert (sale["store"]["storeExtId"], sale["store"]["storeName"], sale["store"]["currency"]) == (
        store["StoreNo"],
        store["StoreName"],
        store["Currency"],
    )
    stocks = {stock["stockId"] for stock in sim.api("GET", "Stock/list").json()}
    assert {each["StockId"] for each in stores.values()} < stocks


def test_the_stock_list_shows_external_ids_only_if_asked(sim: Simulation):
    """The list and the settings are about the same stocks."""
    plain = sim.api("GET", "Stock/list").json()
    full = sim.api("GET", "Stock/list", params={"includeExtId": "True"}).json()
    assert [{"stockId", "name"}] * len(plain) == [set(stock) for stock in plain]
    assert plain == [{name: stock[name] for name in ("stockId", "name")} for stock in full]
    assert len(full) == len({stock["extId"] for stock in full})
    settings = sim.api("GET", "Stock/settings").json()
    assert [stock["stockId"] for stock in plain] == [stock["stockid"] for stock in settings]
    assert {True, False} == {stock["isAvailableForSale"] for stock in settings}


def test_the_environment_is_a_stand_in(sim: Simulation):
    """Its name says so."""
    assert {"name": "frontsim"} == sim.api("GET", "Environment").json()


@pytest.mark.parametrize("path", PATHS)
def test_they_are_operations_as_all_others(sim: Simulation, path: str):
    """Both prefixes, any case, no method but GET, keys, and faults by the operation's name."""
    for form in (f"/api/{path}", f"/RESTAPI/v2/api/{path.upper()}/"):
        assert 200 == sim.http.get(f"{sim.server}{form}").status_code
    assert 404 == sim.api("POST", path).status_code
    assert 401 == httpx.get(f"{sim.base_url}/api/{path}", trust_env=False, timeout=PATIENCE_S).status_code


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("Environment", "getEnvironment"),
        ("Stores", "listStores"),
        ("Stock/list", "listStocks"),
        ("Stock/settings", "listStockSettings"),
    ],
)
def test_faults_strike_them_by_name(sim: Simulation, path: str, operation: str):
    """One answer is broken, and the next is not."""
    sim.breaks("api-error", {"operation": operation}, times=1, params={"status": 429, "retryAfter": 7})
    assert [429, 200] == [sim.api("GET", path).status_code for _ in range(2)]


def test_the_seed_decides(sim: Simulation):
    """Another seed is another chain."""
    with simulation(seed=2) as other:
        assert other.api("GET", "Stores").json() != sim.api("GET", "Stores").json()


def quantities(sim: Simulation, **asked: object) -> dict[tuple[int, str], float]:
    """Return the quantities of POST /api/Stock, by stock and GTIN."""
    rows = sim.api("POST", "Stock", json={"useGTIN": True, **asked}).json()
    return {(row["stockId"], row["id"]): row["quantity"] for row in rows}


def events(sim: Simulation, receiver: Recorder, name: str, what: str, count: int = 1) -> list[dict[str, Any]]:
    """The payloads of a type that so many acts raise."""
    webhook = sim.subscribes(receiver.url, name)
    sim.does("simulate", {"what": what, "count": count})
    return [entry["payload"] for entry in sim.log(webhook, includePayload="true")]


@pytest.mark.parametrize("raise_one", ["trigger", "simulate"])
def test_the_stock_shows_the_level_of_a_movement(sim: Simulation, receiver: Recorder, raise_one: str):
    """Its stockLevel, less what is reserved where the caller asks for that; nothing else moves."""
    before = quantities(sim)
    webhook = sim.subscribes(receiver.url, "StockMovementCreated")
    if raise_one == "trigger":
        sim.raises("StockMovementCreated", set={"reservedLevel": 1, "availableLevel": 3, "stockLevel": 4})
    else:
        sim.does("simulate", {"what": "adjustment"})
    moved = [entry["payload"] for entry in sim.log(webhook, includePayload="true")]
    expected = {(each["stockId"], each["gtin"]): each["stockLevel"] for each in moved}
    assert {**before, **expected} == quantities(sim)
    last = moved[-1]
    key = last["stockId"], last["gtin"]
    assert last["availableLevel"] == quantities(sim, excludeStockReservations=True)[key]
    shown = sim.api("GET", f"Stock/gtin/{last['gtin']}", params={"includeStockReservations": "true"}).json()
    assert last["availableLevel"] == next(row["quantity"] for row in shown if row["stockId"] == last["stockId"])


def test_the_next_act_begins_with_the_level_that_was_triggered(sim: Simulation, receiver: Recorder):
    """Triggered events and business acts are about one shop."""
    webhook = sim.subscribes(receiver.url, "StockMovementCreated")
    sim.raises("StockMovementCreated", count=300)
    before = quantities(sim)
    sim.does("simulate", {"what": "sale"})
    [*_, moved] = [entry["payload"] for entry in sim.log(webhook, includePayload="true")]
    assert before[moved["stockId"], moved["gtin"]] + moved["quantity"] == moved["stockLevel"]


def test_a_snapshot_shows_the_levels_of_a_moment(sim: Simulation, receiver: Recorder):
    """As the guide recommends it after a count: before it, once it was booked, and now."""
    before = quantities(sim)
    moves = sim.subscribes(receiver.url, "StockMovementCreated")
    [counted] = events(sim, receiver, "StockCountReconciled", "stock-count")
    [*_, last] = [entry["payload"] for entry in sim.log(moves, includePayload="true")]
    sim.does("simulate", {"what": "sale", "count": 20})
    booked = {(counted["stockId"], item["gtin"]): item["stockLevel"] for item in counted["items"]}
    assert {**before, **booked} == quantities(sim, snapShotDateTime=last["createdDateTime"])
    assert {**before, **booked} != quantities(sim)
    assert before == quantities(sim, snapShotDateTime="2000-01-01")
    assert quantities(sim) == quantities(sim, snapShotDateTime="2190-01-01")


def test_pages_and_filters_of_the_stock(sim: Simulation):
    """The count is that of the rows, whatever the page."""
    every = sim.api("POST", "Stock", json={}).json()
    stock = every[-1]["stockId"]
    assert [row for row in every if row["stockId"] == stock] == sim.api(
        "POST", "Stock", json={"stockIds": [stock]}
    ).json()
    assert every[5:8] == sim.api("POST", "Stock", json={"PageSkip": 5, "pagesize": 3}).json()
    assert len(every) == sim.api("POST", "Stock/count", json={"pageSize": 3}).json()
    assert [] == sim.api("POST", "Stock", json={"ins": "2026-01-01"}).json()


def test_the_products_of_an_event_are_found_by_each_code(sim: Simulation, receiver: Recorder):
    """By product id, GTIN, identity and external SKU: the same product."""
    [sale, *_] = events(sim, receiver, "SaleCreated", "sale")
    line = sale["salesLines"][0]
    product = sim.api("GET", f"Product/gtin/{line['gtin']}").json()
    assert (line["productId"], line["receiptLabel"]) == (product["productid"], product["name"])
    others = (
        f"Product/productid/{line['productId']}",
        f"Product/id/{line['identity']}",
        f"Product/id/{line['externalSKU']}",
    )
    assert [product] * 3 == [sim.api("GET", path).json() for path in others]
    [listed] = sim.api("POST", "Product", json={"gtiNs": [line["gtin"]], "includeStockQuantity": True}).json()
    assert product["productid"] == listed["productid"]
    prices = sim.api("GET", f"Pricelist/gtin/{line['gtin']}").json()["prices"]
    assert line["fullPrice"] in [each["price"] for each in prices]
    assert 404 == sim.api("GET", "Product/gtin/0").status_code
    refused = sim.api("GET", "OmniChannel", params={"orderNo": "0"})
    assert (404, "expected an order that exists, got 0") == (refused.status_code, refused.json()["detail"])


def test_a_store_that_was_made_up_for_a_trigger_is_listed(sim: Simulation, receiver: Recorder):
    """With its stock, because the event names both."""
    sim.subscribes(receiver.url)
    sim.raises(storeId=77)
    store = next(each for each in sim.api("GET", "Stores").json() if each["StoreId"] == 77)
    assert store["StockId"] in [each["stockId"] for each in sim.api("GET", "Stock/list").json()]


def test_a_customer_is_as_the_newest_event_says(sim: Simulation, receiver: Recorder):
    """One who was registered, changed, or is a regular one of the payloads."""
    webhook = sim.subscribes(receiver.url, "CustomerUpdated")
    sim.raises("CustomerUpdated")
    [created] = events(sim, receiver, "CustomerCreated", "new-customer")
    [changed] = [entry["payload"] for entry in sim.log(webhook, includePayload="true")]
    listed = {each["customerid"]: each for each in sim.api("POST", "Customer", json={}).json()}
    assert len(listed) == sim.api("POST", "Customer/count", json={}).json() == 401
    for said in (created, changed):
        shown = listed[said["customerId"]]
        assert (said["email"], said["phone"], said["deleted"]) == (shown["email"], shown["phone"], shown["deleted"])
    [found] = sim.api("POST", "Customer", json={"emailContains": created["email"].upper()}).json()
    assert created["customerId"] == found["customerid"]


def test_orders_reservations_and_reports_are_those_of_the_events(sim: Simulation, receiver: Recorder):
    """An order by its number and by its day, what is reserved for it by stock, a Z report by its day."""
    [order] = events(sim, receiver, "OmniChannelEndlessAisleOrderCreated", "endless-aisle-order")
    shown = sim.api("GET", "OmniChannel", params={"orderNo": order["orderNo"]}).json()
    assert {**order, "customer": shown["customer"]} == shown
    day, stock = order["createdDateTime"][:10], order["fulfillmentLocation"]["stockId"]
    found = sim.api("GET", "OmniChannel/orders", params={"fromDate": day, "stockId": stock}).json()
    assert ([shown], 1) == (found["item1"], found["item2"])
    assert 0 == sim.api("GET", "OmniChannel/orders", params={"toDate": day}).json()["item2"]
    held = sim.api("GET", "Stockreservation", headers={"X-StockId": str(stock)}).json()
    assert {order["orderNo"]} == {each["extId"] for each in held}
    [report] = events(sim, receiver, "POSSettlementCreated", "settlement")
    said = sim.api("GET", "Possettlementv2", params={"date": day, "storeId": report["storeId"]}).json()
    assert [(report["settlementId"], report["vatTotal"])] == [(each["SettlementId"], each["VATTotal"]) for each in said]


@pytest.mark.slow
def test_the_shop_is_the_same_after_a_restart(tmp_path: Path):
    """It follows from seed and log, whether a webhook matched an event or not; a reset forgets it."""
    log = tmp_path / "shop.db"
    shown: list[object] = []
    for _ in range(2):
        with simulation(db=log, ephemeral=False) as sim:
            if not shown:
                seed_alone = quantities(sim)
                for what in ("sale", "new-customer", "stock-count", "reservation", "order-update", "settlement"):
                    sim.does("simulate", {"what": what, "count": 3})
            shown.append([sim.api("POST", path, json={}).json() for path in ("Stock", "Customer", "Product")])
            level = quantities(sim)
            sold = sim.does("simulate", {"what": "sale"})
            assert sold["occurrences"]
            assert level != quantities(sim)
            if len(shown) == 1:
                shown.clear()
                shown.append([sim.api("POST", path, json={}).json() for path in ("Stock", "Customer", "Product")])
            else:
                sim.does("reset", {})
                assert seed_alone == quantities(sim)
    assert shown[0] == shown[1]


def test_every_read_is_as_the_document_says(sim: Simulation, receiver: Recorder):
    """Each answer is valid under its schema, and has every published field at its top."""
    stock, gtin = next(iter(quantities(sim)))
    day = sim.does("clock", method="GET")["now"][:10]
    for what in ("order-fulfilment", "settlement", "stock-count", "reservation"):
        sim.does("simulate", {"what": what})
    product = sim.api("GET", f"Product/gtin/{gtin}").json()["productid"]
    count = sim.api("GET", "Stock/count/batches").json()[0]["stockCountId"]
    order = sim.api("GET", "OmniChannel/orders").json()["item1"][0]["orderNo"]
    known = {"/gtin/{gtin}": gtin, "/gtin/{id}": gtin, "/id/{id}": gtin, "/identity/{id}": gtin, "BatchId}": count}
    asked = 0
    for each in served():
        if each.does in READS:
            code = next((value for end, value in known.items() if each.path.endswith(end)), product)
            if each.path.endswith(("/identity/{id}", "/id/{id}")):
                code = sim.api("GET", f"Product/gtin/{gtin}").json()["productSizes"][0]["identity"]
            answer = sim.api(
                each.method,
                re.sub(r"\{\w+\}", str(code), each.path).removeprefix("/api/"),
                params={"date": day, "orderNo": order} if each.method == "GET" else {},
                headers={"x-stockId": str(stock)},
                **({"json": {}} if each.method == "POST" else {}),
            )
            assert 200 == answer.status_code, (each.name, answer.text)
            check_answer(each.method.lower(), each.path, answer)
            if isinstance(shape := resolved(each.answer._replace(is_list=False)), Shape):
                rows = answer.json() if each.answer.is_list else [answer.json()]
                assert all(set(shape.fields) == set(row) for row in rows), each.name
            asked += 1
    assert len(READS) == asked
