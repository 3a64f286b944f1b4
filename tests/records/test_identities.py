"""Fresh identities: none that was there before, the same for the same thing, and valid where the old one was."""

from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.errors import BadInput
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.profiles import RECORDED
from frontsim.payloads.making.shop import ACTS, Shop
from frontsim.records.identities import RecordedBodies, Renewal, identity_fields
from frontsim.records.record import RecordedEvent, RecordHead, RecordWriter

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


@pytest.fixture
def bodies(tmp_path):
    """`bodies(events)` draws from a record of them."""

    def drawn_from(events):
        file = tmp_path / "day.jsonl"
        file.unlink(missing_ok=True)
        with RecordWriter(file, RecordHead("api")) as writer:
            for event, body in events:
                writer.add(RecordedEvent(event, "w", "e", "2026-08-01T10:00:00", body))
        return RecordedBodies(file, CATALOG)

    return drawn_from


def real(event, number=5):
    return orjson.loads(Payloads(CATALOG, seed=99).build(event, number).body)


@pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.name)
def test_a_drawn_body_is_the_real_one_with_our_identity_and_time(bodies, kind):
    """Valid, and another thing with each number, though the record has it once."""
    body = real(kind.name)
    payloads = Payloads(CATALOG, seed=1, profile=RECORDED, recorded=bodies([(kind.name, body)]).draw)
    drawn = [orjson.loads(payloads.build(kind.name, number).body) for number in (1, 2)]
    ours = [orjson.loads(payloads.build(kind.name, number, profile="typical").body) for number in (1, 2)]
    assert [value[kind.identity] for value in ours] == [value[kind.identity] for value in drawn]
    assert [] == [problem for value in drawn for problem in CATALOG.problems(kind.name, value)]
    kept = {name for name, value in body.items() if isinstance(value, bool | float)}
    assert {name: body[name] for name in kept} == {name: drawn[0][name] for name in kept}
    for path in kind.since[:1]:
        assert [value.get(path) for value in ours] == [value.get(path) for value in drawn]


def test_a_strict_payload_is_never_a_recorded_one(bodies):
    """The controls of verify are such that any receiver must take them."""
    payloads = Payloads(CATALOG, seed=1, profile=RECORDED, recorded=bodies([("SaleCreated", real("SaleCreated"))]).draw)
    strict = Payloads(CATALOG, seed=1).build("SaleCreated", 3, profile="strict")
    assert strict == payloads.build("SaleCreated", 3, profile="strict")


def test_the_store_that_is_asked_for_is_the_store(bodies):
    payloads = Payloads(CATALOG, seed=1, profile=RECORDED, recorded=bodies([("SaleCreated", real("SaleCreated"))]).draw)
    made = payloads.build("SaleCreated", 3, store_id=4711)
    assert (4711, 4711) == (made.store_id, orjson.loads(made.body)["storeId"])


def test_what_cannot_be_drawn_is_said(bodies):
    """The types that the record lacks are made up; what a schema refuses, or no type is known of, is left out."""
    found = bodies([("SaleCreated", real("SaleCreated")), ("SaleCreated", {"saleId": "x"}), ("NewType", {})])
    assert "SaleCreated (1); made up, because it has none: CustomerCreated," in found.story
    assert "left out: 1 SaleCreated that its schema refuses, 1 of unknown types" in found.story
    made = Payloads(CATALOG, seed=1).build("CustomerCreated", 1)
    assert found.draw(made, 1, None) is None


def test_a_record_of_nothing_that_can_be_drawn_is_refused(bodies):
    with pytest.raises(BadInput, match="expected a record with a body that its type's schema allows"):
        bodies([("NewType", {})])


def test_birthdays_stay_where_they_are(bodies):
    """All other times move together."""
    body = real("CustomerCreated") | {"birthday": "1984-05-01T00:00:00"}
    made = Payloads(CATALOG, seed=1).build("CustomerCreated", 1)
    drawn = orjson.loads(bodies([("CustomerCreated", body)]).draw(made, 1, None).body)
    assert ("1984-05-01T00:00:00", True) == (drawn["birthday"], drawn["createdDateTime"] != body["createdDateTime"])
