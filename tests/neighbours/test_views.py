"""Things in the published shapes, from what their events say."""

import orjson
import pytest

from frontsim.neighbours.book import assortment_json
from frontsim.neighbours.operations import Shape, kind_of, resolved
from frontsim.neighbours.views import customer_json, order_json, regular_customers, settlement_json
from frontsim.payloads.documents.builders import BUILDERS
from frontsim.payloads.world.world import World

WORLD = World(7)


def said(event: str, number: int) -> dict[str, object]:
    body: dict[str, object] = orjson.loads(orjson.dumps(BUILDERS[event](WORLD, number, None, None)[0]))
    return body


def fields(name: str) -> set[str]:
    shape = resolved(kind_of(name))
    assert isinstance(shape, Shape)
    return set(shape.fields)


@pytest.mark.parametrize("number", range(20))
def test_nothing_published_is_missing(number: int) -> None:
    """Of a customer, an order with its customer, and a Z report with its SAF-T part."""
    order = order_json(said("OmniChannelOrderUpdated", number))
    report = settlement_json(said("POSSettlementCreated", number))
    assert fields("Customer") == set(customer_json(said("CustomerUpdated", number)))
    assert fields("Order") == set(order)
    assert fields("Customer") <= set(order["customer"])
    assert fields("Settlement") == set(report)
    assert fields("SettlementSAFT_ZReport") == set(report["SAFT_ZReport"])


def test_regular_customers_are_those_that_payloads_update() -> None:
    """CustomerUpdated of number 7 is about the seventh of them."""
    changed = said("CustomerUpdated", 7)
    assert changed["customerId"] == regular_customers(WORLD)[7]["customerId"]
    assert changed["customerGuid"] == regular_customers(WORLD)[7]["customerGuid"]


def test_each_size_of_the_assortment_stands_in_one_product() -> None:
    listed = [item["gtin"] for each in assortment_json(WORLD).values() for item in each["productSizes"]]
    assert [size.gtin for size in WORLD.sizes] == listed
