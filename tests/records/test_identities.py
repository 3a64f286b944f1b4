"""Fresh identities: none that was there before, the same for the same thing, and valid where the old one was."""

from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.shop import ACTS, Shop
from frontsim.records.identities import Renewal, identity_fields

CATALOG = catalog.load()
NAMES = identity_fields(CATALOG)
IDS = st.integers(1, 2**31 - 1)


def renewal(seed=1):
    return Renewal.drawn(NAMES, Random(seed))


@given(IDS, IDS, st.integers(0, 100))
def test_whole_numbers_stay_apart_and_in_32_bits(first, second, seed):
    """A bijection: two ids are equal afterwards exactly if they were before."""
    fresh = [renewal(seed).body({"saleId": each})["saleId"] for each in (first, second)]
    assert (first == second) == (fresh[0] == fresh[1])
    assert all(1 <= each < 2**31 for each in fresh)
    assert first != fresh[0]


def test_ids_that_count_on_still_do():
    """A return's second line is the one behind its first."""
    fresh = [renewal().body({"rowId": str(each)})["rowId"] for each in (703497260, 703497261)]
    assert 1 == int(fresh[1]) - int(fresh[0])


def test_zero_and_null_say_that_there_is_none():
    value = {"saleId": 0, "customerId": None, "extId": "", "orderNo": "no digits"}
    assert value == renewal().body(value)


def test_a_reference_survives():
    """The receipt of a sale is the one that its settlement names, as text here and as a number there."""
    sale, settlement = renewal().body({"receiptNo": "489000001"}), renewal().body({"receiptNoFrom": 489000001})
    assert sale["receiptNo"] == str(settlement["receiptNoFrom"])


def test_what_a_receiver_knows_beforehand_stays():
    value = {"storeId": 3318, "stockId": 1446, "gtin": "7033140044408", "productId": 11475444, "total": 7}
    assert value == renewal().body(value)


def test_two_replays_share_no_id():
    assert renewal(1).body({"saleId": 7}) != renewal(2).body({"saleId": 7})


@pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.name)
def test_a_fresh_payload_is_valid_and_another_thing(kind):
    """Under its type's schema, with the identity that its type has."""
    value = orjson.loads(Payloads(CATALOG, seed=3).build(kind.name, 5).body)
    fresh = renewal().body(value)
    assert [] == list(CATALOG.problems(kind.name, fresh))
    assert fresh[kind.identity] != value[kind.identity]


def test_references_of_a_whole_shop_survive():
    """Ids that two events share before are shared by the same two afterwards."""
    shop, made = Shop(seed=4), []
    for number, what in enumerate(ACTS):
        made += [orjson.loads(item.body) for item in shop.act(what, number=number)]
    fresh = [renewal().body(value) for value in made]
    assert shared(made) == shared(fresh)
    assert len(shared(made)) > 5


def shared(values):
    """Pairs of events that have an id of the same name in common."""
    ids = [{(name, str(value[name])) for name in NAMES & value.keys() if value[name]} for value in values]
    return {(one, other, name) for one in range(len(ids)) for other in range(one) for name, _ in ids[one] & ids[other]}
