import dataclasses
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jsonschema
import orjson
import pytest

from frontsim import catalog
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput, InvalidPayload, UnknownEventType
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.world.world import FIRST_ACT_NUMBER

TYPES = catalog.load()
NAMES = [kind.name for kind in TYPES]
SEEDS = (1, 2, 3, 4, 5)


@cache
def payloads(seed: int) -> Payloads:
    return Payloads(TYPES, seed=seed)


@pytest.mark.parametrize("event", NAMES)
def test_payloads_are_valid_under_both_validators(event: str) -> None:
    """300 payloads over 5 seeds: none invalid, none judged differently (bench_payloads.py --validate makes more)."""
    schema = TYPES.find(event).schema
    slow = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    for number in range(300):
        body = payloads(SEEDS[number % 5]).build(event, number).body
        assert TYPES.is_valid(event, body), body
        if number % 3 == 0:
            assert slow.is_valid(orjson.loads(body)), body


@pytest.mark.parametrize("event", NAMES)
def test_payloads_are_valid_wherever_the_number_lies(event: str) -> None:
    """Ids stay inside 32 bits, and dates inside the calendar, for any number."""
    for number in (10**5, FIRST_ACT_NUMBER - 1, FIRST_ACT_NUMBER, 10**9, 2**62):
        TYPES.check(event, payloads(1).build(event, number).body)


@pytest.mark.parametrize("event", NAMES)
def test_a_number_decides_the_bytes(event: str) -> None:
    """The same seed, type and number give the same bytes, in any order; another seed or number gives others."""
    numbers = list(range(50))
    first = {number: Payloads(TYPES, seed=9).build(event, number).body for number in numbers[:5]}
    fresh = Payloads(TYPES, seed=9)
    random.Random(4).shuffle(numbers)
    later = {number: fresh.build(event, number).body for number in numbers}

    assert first == {number: later[number] for number in first}
    assert 50 == len(set(later.values()))
    assert first[0] != payloads(1).build(event, 0).body


_DIGEST = """
import hashlib, sys
from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.domain.model import Occurrence
from frontsim.payloads.making.shop import ACTS, Shop
types = catalog.load()
made = Payloads(types, seed=7)
names = [kind.name for kind in types]
bodies = {}
for name in reversed(names) if sys.argv[1] == "backwards" else names:
    for number in range(40):
        bodies[name, number] = made.build(name, number).body
shop = Shop(seed=7)
for number, act in enumerate([*ACTS] * 4):
    bodies[act, number] = b"".join(each.body for each in shop.act(act, number=number))
print(hashlib.sha256(b"".join(bodies[key] for key in sorted(bodies))).hexdigest())
"""


PINNED = "5b04c754553492ee7045902ac9d4239533c33765021504edef3dc81f561a55bd"
"""Payloads 0 to 39 of every type, and four rounds of all acts, under seed 7.

It changes with the builders, which is a new version's business: recorded seeds mean other payloads then."""


@pytest.mark.slow
def test_the_bytes_are_the_same_in_every_process() -> None:
    """Whatever the hash seed, the time zone and the order in which types are made; and on every machine."""
    digests = set()
    for order, hash_seed, zone in (("forwards", "1", "UTC"), ("backwards", "2", "Asia/Tokyo")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST, order], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())

    assert {PINNED} == digests


@pytest.mark.parametrize("event", NAMES)
@pytest.mark.parametrize("store_id", [None, "known", 999_999, 1, 2**31 - 1])
def test_a_payload_is_about_the_store_that_is_wanted(event: str, store_id: object) -> None:
    """A store of the chain, or any other, which is made up around its id; the payload's store field says so."""
    world = payloads(1).world
    wanted = world.stores[3].id if store_id == "known" else store_id
    assert wanted is None or isinstance(wanted, int)
    field = TYPES.find(event).store
    for number in range(40):
        made = payloads(1).build(event, number, store_id=wanted)
        TYPES.check(event, made.body)
        if field is not None:
            assert made.store_id == orjson.loads(made.body)[field]
        if wanted is not None:
            assert wanted == made.store_id


def test_a_store_of_strangers_is_always_the_same() -> None:
    """A made-up store has a name, an address and terminals of its own, whichever payload comes first."""
    one = orjson.loads(Payloads(TYPES, seed=1).build("POSSettlementCreated", 5, store_id=777).body)
    other = Payloads(TYPES, seed=1)
    other.build("SaleCreated", 9, store_id=778)

    assert one == orjson.loads(other.build("POSSettlementCreated", 5, store_id=777).body)
    assert one["storeId"] == 777


def test_an_unknown_type_is_refused() -> None:
    """The catalogue says which types there are."""
    with pytest.raises(UnknownEventType, match="SaleCreated"):
        payloads(1).build("SaleCreted", 0)


def test_a_negative_number_is_refused() -> None:
    """Numbers count from 0."""
    with pytest.raises(BadInput, match="from 0 on, got -1"):
        payloads(1).build("SaleCreated", -1)


@pytest.mark.parametrize("store_id", [2**31, -(2**31) - 1])
def test_a_store_that_the_schemas_cannot_hold_is_refused(store_id: int) -> None:
    """Ids of stores have 32 bits (published)."""
    with pytest.raises(BadInput, match=f"32 bits, got {store_id}"):
        payloads(1).build("SaleCreated", 0, store_id=store_id)
    payloads(1).build("SaleCreated", 0, store_id=-(2**31))


def changed(set_: Mapping[str, object], *, event: str = "SaleCreated", invalid: bool = False) -> Occurrence:
    """Payload 3 of a type with these values."""
    made = payloads(1)
    return made.changed(made.build(event, 3), set_, invalid=invalid)


def test_overrides_are_put_in() -> None:
    """`set_` changes what it names and leaves the rest."""
    plain = orjson.loads(payloads(1).build("SaleCreated", 3).body)
    made = changed({"salesLines[0].price": 12.5, "comment": "æ"})

    plain["salesLines"][0]["price"], plain["comment"] = 12.5, "æ"
    assert plain == orjson.loads(made.body)


def test_an_override_of_the_store_moves_the_occurrence() -> None:
    """Webhooks of a store are matched by what the payload says."""
    made = changed({"storeId": 4711})

    assert 4711 == made.store_id
    assert payloads(1).build("StockMovementCreated", 3, store_id=4711).store_id == 4711
    assert changed({"storeId": None}, event="DeliveryCompleted").store_id is None


def test_a_payload_of_the_users_own_is_taken_as_it_is() -> None:
    """Nothing of ours is added to it."""
    own = orjson.loads(payloads(1).build("SaleCreated", 3).body)
    own["mine"] = [1, 2]
    made = payloads(1).given("SaleCreated", own, set_={"mine[1]": 3})

    assert {**own, "mine": [1, 3]} == orjson.loads(made.body)
    assert own["mine"] == [1, 2]
    assert own["storeId"] == made.store_id


def test_a_result_that_breaks_the_schema_is_refused() -> None:
    """With expected and got, unless invalid payloads are wanted."""
    with pytest.raises(InvalidPayload, match="total: expected number, got"):
        changed({"total": "much"})
    with pytest.raises(InvalidPayload):
        payloads(1).given("SaleCreated", {})

    assert b'"much"' in changed({"total": "much"}, invalid=True).body
    assert payloads(1).given("SaleCreated", {}, invalid=True).body == b"{}"


def test_a_path_that_is_not_there_is_refused() -> None:
    """The message names the nearest part that is, and what it holds."""
    with pytest.raises(
        BadInput,
        match=r"totl: got .totl. \(did you mean .total.\?\), but the payload is an object with saleId, saleGuid",
    ):
        changed({"totl": 1})


@pytest.mark.parametrize("value", [2**70, float("inf"), {"a": {1}}])
def test_a_value_that_json_cannot_hold_is_refused(value: object) -> None:
    """The caller's mistake, with a message that says so."""
    with pytest.raises(BadInput, match="comment"):
        changed({"comment": value}, invalid=True)


def test_a_value_that_is_too_deep_where_it_is_put_is_refused() -> None:
    """By itself it could be written."""
    deep: list[object] = []
    for _ in range(252):
        deep = [deep]
    with pytest.raises(BadInput, match="expected a payload that JSON can hold"):
        changed({"salesLines[0].price": deep}, invalid=True)


def test_a_type_of_the_users_own_is_made_from_its_schema(tmp_path: Path) -> None:
    """Types without a builder follow from (seed, type, number) as well, and from the store that is wanted."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["giftId", "shop"],
        "properties": {
            "giftId": {"type": "integer"},
            "shop": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 0}}},
        },
    }
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/GiftSent.json").write_text(json.dumps(schema))
    (tmp_path / "events.json").write_text(json.dumps([{"name": "GiftSent", "identity": "giftId", "store": "shop.id"}]))
    types = catalog.load(tmp_path)
    made = [Payloads(types, seed=3).build("GiftSent", number) for number in range(30)]

    assert made == [Payloads(types, seed=3).build("GiftSent", number) for number in range(30)]
    assert len({each.body for each in made}) > 20
    for each in made:
        types.check("GiftSent", each.body)
        assert each.store_id == orjson.loads(each.body)["shop"]["id"]
    assert Payloads(types, seed=3).build("GiftSent", 0, store_id=12).store_id == 12
    with pytest.raises(InvalidPayload, match=r"shop\.id"):
        Payloads(types, seed=3).build("GiftSent", 0, store_id=-1)


def test_a_schema_may_ask_for_numbers_of_any_size() -> None:
    """JSON has no bounds: what takes more than 64 bits is written all the same."""
    big = dataclasses.replace(TYPES.find("SaleCreated"), name="Big", store=None, schema={"const": 2**80})
    made = Payloads(catalog.Catalog([big]), seed=1).build("Big", 0)

    assert str(2**80).encode() == made.body


@pytest.mark.slow
def test_the_builders_do_without_the_drawer() -> None:
    """`schemas.draw` is for the user's own types: nothing imports it before the first such payload."""
    program = """
import sys
from frontsim import app, catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.domain.model import Occurrence
Payloads(catalog.load(), seed=1).build("SaleCreated", 0)
print([name for name in sys.modules if name in ("frontsim.schemas.draw", "frontsim.schemas.texts")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize("home", ["FI", "JP"])
def test_payloads_of_another_country_are_valid(home: str) -> None:
    """Of every type, in each profile; the chain's own payloads stay as they are."""
    made = Payloads(TYPES, seed=7, home=home)
    for event in NAMES:
        for profile in ("strict", "typical", "adversarial"):
            for number in range(5):
                TYPES.check(event, made.build(event, number, profile=profile).body)
