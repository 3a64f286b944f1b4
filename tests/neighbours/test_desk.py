"""The operations are as all others of the vendor's: paths, keys, faults, media types."""

import httpx
import pytest

from frontsim.neighbours.desk import served
from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation, assert_problem


def test_each_operation_needs_a_key_and_can_be_broken_by_name(sim: Simulation) -> None:
    for each in served():
        path = each.path.removeprefix("/api/")
        answer = httpx.request(each.method, f"{sim.base_url}/api/{path}", trust_env=False, timeout=PATIENCE_S)
        assert 401 == answer.status_code, each.name
        sim.breaks("api-error", {"operation": each.name}, times=1, params={"status": 503})
        assert 503 == sim.api(each.method, path.upper()).status_code, each.name


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [(b"[]", "application/json", 400), (b"{", "application/json", 400), (b"{}", "text/plain", 415), (b"", "", 200)],
)
def test_a_body_is_json_or_none(sim: Simulation, content: bytes, media_type: str, status: int) -> None:
    """A filter without a body asks for all."""
    answer = sim.api("POST", "Product", content=content, headers={"content-type": media_type} if media_type else {})
    assert status == answer.status_code, answer.text


def test_all_that_is_wrong_is_named(sim: Simulation) -> None:
    """A required parameter, a wrong one, and a wrong field."""
    assert_problem(missing := sim.api("GET", "Stockreservation"), 400)
    assert {"x-stockId": ["expected x-stockId in the header, got nothing"]} == missing.json()["errors"]
    wrong = sim.api("GET", "OmniChannel/orders", params={"pageSize": "x", "stockId": "9" * 20})
    assert ["pageSize", "stockId"] == sorted(wrong.json()["errors"])
    assert_problem(sim.api("POST", "Stock", json={"stockIds": 7}), 400)


def test_what_the_vendor_lacks_stays_unknown(sim: Simulation) -> None:
    for method, path in (("POST", "PricelistV2"), ("GET", "products"), ("DELETE", "products/1"), ("GET", "Sale")):
        assert 404 == sim.api(method, path).status_code


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999"])
def test_dot_nets_first_and_last_moment_are_bounds(sim: Simulation, moment: str) -> None:
    """As in the log's listing: whatever the zone, they leave out nothing or everything."""
    found = sim.api("POST", "Customer/count", json={"upt": moment})
    assert (200, 0 if moment.startswith("9") else 400) == (found.status_code, found.json())
