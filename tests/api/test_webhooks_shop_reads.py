"""What integrations ask before they subscribe."""

import httpx
import pytest

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
