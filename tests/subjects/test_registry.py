"""One suite, many subjects: every right receiver passes every trial, every broken one is found out in its own.

A trial plays what the scenario of its name plays, reduced to what a receiver sees of it, and returns the
classes of finding that it has found.
"""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from frontsim.errors import BadInput
from frontsim.subjects.correct import Slow
from frontsim.subjects.registry import BROKEN, CORRECT, find

pytestmark = pytest.mark.slow


def judge(sent, effects):
    """Each event's class, by (acknowledged? x effects). `sent`: the statuses of each event's runs, by id."""
    counts = Counter(effect["webhookEventId"] for effect in effects)
    found = {"duplicated" for event_id in sent if counts[event_id] > 1}
    for event_id, statuses in sent.items():
        acknowledged = [200 <= status < 300 for status in statuses]
        if not any(acknowledged):
            found.add("crashed" if 0 in statuses else "rejected")
        elif not counts[event_id]:
            found.add("lost-after-ack" if acknowledged[0] else "burned")
    return found


async def steady(shop, example):
    """One clean event of each kind of trouble-maker, one after another."""
    sent = {}
    for event in ("SaleCreated", "CustomerCreated", "StockMovementCreated", "POSSettlementCreated"):
        event_id = str(uuid4())  # the simulator's ids of one moment are alike but for their end
        sent[event_id] = await shop.delivers(event, example(event), event_id)
        await shop.effects()
    return judge(sent, await shop.effects())


async def resend_delivered(shop, example):
    """The same event again after success."""
    sent = {}
    for number in range(3):
        event_id, sale = shop.new_id(), example("SaleCreated", saleId=1000 + number)
        first = await shop.delivers("SaleCreated", sale, event_id)
        again = await shop.delivers("SaleCreated", sale, event_id)
        sent[event_id] = first + again
        if not 200 <= again[-1] < 300:
            return {"rejected"}
    return judge(sent, await shop.effects())


async def duplicate_race(shop, example):
    """Four copies at once."""
    sales = {shop.new_id(): example("SaleCreated", saleId=2000 + n) for n in range(5)}
    sent = {}
    for event_id, sale in sales.items():
        sent[event_id] = await asyncio.gather(*(shop.sends("SaleCreated", sale, event_id) for _ in range(4)))
        if not any(200 <= status < 300 for status in sent[event_id]):
            sent[event_id] += await shop.delivers("SaleCreated", sale, event_id)
    return judge(sent, await shop.effects())


async def late_resend(shop, example, later_s=3, first_sale=3000):
    """Again, after many others and some seconds."""
    sales = {shop.new_id(): example("SaleCreated", saleId=first_sale + n) for n in range(110)}
    tried = await asyncio.gather(*(shop.delivers("SaleCreated", sale, i) for i, sale in sales.items()))
    sent = dict(zip(sales, tried, strict=True))
    shop.now += later_s
    early = next(iter(sales))
    sent[early] += await shop.delivers("SaleCreated", sales[early], early)
    return judge(sent, await shop.effects())


async def long_memory(shop, example):
    """Again, after nine days."""
    return await late_resend(shop, example, later_s=9 * 86_400, first_sale=13_000)


async def same_second(shop, example):
    """Many sales of one moment, store and amount."""
    sales = {shop.new_id(): example("SaleCreated", saleId=4000 + n) for n in range(5)}
    sent = {i: await shop.delivers("SaleCreated", sale, i) for i, sale in sales.items()}
    return judge(sent, await shop.effects())


async def entity_updated_twice(shop, example):
    """Two different updates of one customer must both count."""
    sent = {}
    for minute in (10, 11):
        event_id, when = shop.new_id(), f"2026-08-01T10:{minute}:06.313"
        customer = example("CustomerUpdated", customerId=5000, updatedDateTime=when)
        sent[event_id] = await shop.delivers("CustomerUpdated", customer, event_id)
    return judge(sent, await shop.effects())


async def storm(shop, example):
    """Thirty at once, and what fails is resent, one by one."""
    sales = {shop.new_id(): example("SaleCreated", saleId=6000 + n) for n in range(30)}
    first = await asyncio.gather(*(shop.sends("SaleCreated", sale, i) for i, sale in sales.items()))
    sent = {i: [status] for i, status in zip(sales, first, strict=True)}
    for event_id, statuses in sent.items():
        if not 200 <= statuses[0] < 300:
            statuses += await shop.delivers("SaleCreated", sales[event_id], event_id)
    return judge(sent, await shop.effects())


async def out_of_order(shop, example):
    """An older stock movement, and an older customer, after a newer one."""
    newer, older, event = shop.new_id(), shop.new_id(), "StockMovementCreated"
    for event_id, number, second in ((newer, 7001, 9), (older, 7000, 8)):
        when = f"2026-08-01T10:12:0{second}"
        movement = example(event, movementId=number, sku="SKU-7", createdDateTime=when)
        await shop.delivers(event, movement, event_id)
    current = {effect["webhookEventId"]: effect["current"] for effect in await shop.effects()}
    return set() if (current.get(newer), current.get(older)) == (True, False) else {"stale"}


async def evolution(shop, example):
    """Fields and types that are new, and nulls."""
    sale = example("SaleCreated", saleId=8000)
    payloads = {
        shop.new_id(): {**sale, "loyaltyTier": "gold"},
        shop.new_id(): {**sale, "saleId": 8001, "store": {**sale["store"], "floor": 2}},
        shop.new_id(): {**sale, "saleId": 8002, "saleGuid": None, "comment": None, "store": None},
    }
    sent = {i: await shop.delivers("SaleCreated", payload, i) for i, payload in payloads.items()}
    new_type = await shop.delivers("LoyaltyTierChanged", {"tier": "gold"}, shop.new_id())
    return judge(sent, await shop.effects()) | (set() if 200 <= new_type[-1] < 300 else {"rejected"})


async def malformed(shop, example):
    """Garbage is refused, no receiver dies of it, and the next good event is booked."""
    found = set()
    garbage = [b"\x00\xff", b"garbage", b'{"saleId": 1, "sto', b"[]"]
    ids = [shop.new_id() for _ in garbage]
    for event_id, body in zip(ids, garbage, strict=True):
        status = await shop.sends("SaleCreated", body, event_id)
        found |= {"crashed"} if status in (0, 500) else set()
    good = shop.new_id()
    sent = {good: await shop.delivers("SaleCreated", example("SaleCreated", saleId=9000), good)}
    if sent[good][-1] == 0:
        return {"crashed"}
    effects = await shop.effects()
    return found | judge(sent, effects) | {"unexpected" for each in effects if each["webhookEventId"] in ids}


async def unicode_and_decimals(shop, example):
    """The receiver stores what came: letters, signs and decimals."""
    customer = example(
        "CustomerCreated", customerId=9100, firstName="Bjørn 🎉 Wilhelmine Charlotte", city="Ørsta\u2028"
    )
    sale = example("SaleCreated", saleId=9101, total=-19.99, comment='"\\\u0000')
    sale["salesLines"] = [{**sale["salesLines"][0], "quantity": 138}]
    return await _compare(shop, [("CustomerCreated", customer), ("SaleCreated", sale)])


async def big_payload(shop, example):
    """A stock count of 5,000 items."""
    count = example("StockCountReconciled", stockCountId=9200)
    items = next(name for name, value in count.items() if isinstance(value, list))
    return await _compare(shop, [("StockCountReconciled", {**count, items: count[items][:1] * 5000})])


async def _compare(shop, events):
    ids = {shop.new_id(): each for each in events}
    sent = {i: await shop.delivers(event, payload, i) for i, (event, payload) in ids.items()}
    effects = await shop.effects()
    kept = {effect["webhookEventId"]: effect["payload"] for effect in effects}
    same = {i: without_nulls(kept[i]) == without_nulls(payload) for i, (_, payload) in ids.items() if i in kept}
    return judge(sent, effects) | {"corrupt" for is_same in same.values() if not is_same}


def without_nulls(value):
    """A receiver may leave them out."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


async def crash_after_ack(shop, example):
    """kill -9 right after the last answer."""
    sales = {shop.new_id(): example("SaleCreated", saleId=9300 + n) for n in range(10)}
    tried = await asyncio.gather(*(shop.delivers("SaleCreated", sale, i) for i, sale in sales.items()))
    await shop.is_killed()
    await shop.opens()
    return judge(dict(zip(sales, tried, strict=True)), await shop.effects())


async def restart_then_resend(shop, example):
    """Again, after kill -9 and a restart."""
    event_id, sale = shop.new_id(), example("SaleCreated", saleId=9400)
    sent = await shop.delivers("SaleCreated", sale, event_id)
    await shop.effects()
    await shop.is_killed()
    await shop.opens()
    return judge({event_id: sent + await shop.delivers("SaleCreated", sale, event_id)}, await shop.effects())


async def stock_levels(shop, example):
    """Many movements of one item at once, one that arrives twice, and an older one that arrives last."""

    def movement(number, quantity, level):
        moment = f"2026-08-01T12:{number:02}:00"
        fields = {"movementId": number, "quantity": quantity, "stockLevel": level, "createdDateTime": moment}
        return shop.new_id(), example("StockMovementCreated", gtin="7040000000023", stockId=3044, **fields)

    received, late, sold = movement(1, 40, 40), movement(2, -2, 38), [movement(3, -1, 34) for _ in range(4)]
    await shop.delivers("StockMovementCreated", received[1], received[0])
    await asyncio.gather(*(shop.delivers("StockMovementCreated", payload, each) for each, payload in sold))
    await shop.delivers("StockMovementCreated", *reversed(late))
    await shop.delivers("StockMovementCreated", *reversed(received))
    await shop.effects()
    rows = (await shop.web.get(f"{shop.url}/levels")).json()
    levels = [row["level"] for row in rows if row["gtin"] == "7040000000023"]
    return set() if levels in ([], [34]) else {"stale"} if levels == [38] else {"wrong-state"}


TRIALS = {
    "stock-levels": stock_levels,
    "steady": steady,
    "resend-delivered": resend_delivered,
    "lost-response": resend_delivered,  # the sender's trouble: a receiver sees a copy after its success
    "false-failure": resend_delivered,
    "api-trouble": resend_delivered,
    "duplicate-race": duplicate_race,
    "late-resend": late_resend,
    "long-memory": long_memory,
    "same-second": same_second,
    "short-outage": same_second,  # several events through one webhook
    "entity-updated-twice": entity_updated_twice,
    "storm": storm,
    "out-of-order": out_of_order,
    "evolution": evolution,
    "malformed": malformed,
    "unicode-and-decimals": unicode_and_decimals,
    "big-payload": big_payload,
}
STORMS = 3
UNDER_OTHER_IDS = ("repeats-without-id", "repeats-under-new-ids", "numbers-repeats")
CALLERS = ("books-before-the-read", "loops-on-echo", "reads-stale")
"""Broken receivers that call the vendor's API."""
OF_A_TYPE = ("loses-a-type", "refuses-a-type")
PICKY = ("newest-state", "keeps-creations", "parks-updates", "balances-sales", "limits-rate")
KILLS = 4
DEADLY_TRIALS = {"crash-after-ack": crash_after_ack, "restart-then-resend": restart_then_resend}


@pytest.mark.anyio
@pytest.mark.parametrize("name", [name for name in CORRECT if name not in PICKY])
async def test_a_right_receiver_passes_every_trial(open_driver, example, name, monkeypatch):
    """No false alarm: however it works inside, a right receiver has no finding in any trial.

    Five are left out: the trials ask for older states, send updates of what was never created, repeat one sale's
    lines in others, and do not send again what comes too fast.
    """
    monkeypatch.setattr(Slow, "SECONDS", 0.01)
    shop = await open_driver(name)
    for trial in dict.fromkeys(TRIALS.values()):
        assert set() == await trial(shop, example), trial.__doc__


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["reference", "inbox"])
async def test_a_right_receiver_survives_being_killed(open_driver, example, name):
    """kill -9 right after an answer, and again before a resend: nothing is lost, nothing counts twice."""
    shop = await open_driver(name, child=True)
    for trial in DEADLY_TRIALS.values():
        assert set() == await trial(shop, example), trial.__doc__


@pytest.mark.anyio
@pytest.mark.parametrize("name", [name for name in BROKEN if name not in (*UNDER_OTHER_IDS, *OF_A_TYPE, *CALLERS)])
async def test_a_broken_receiver_shows_its_bug(open_driver, example, name):
    """Right on a good day, and found out in the scenarios that the registry names, by an expected class.

    Some are left out: a trial knows effects by their ids alone, has no API to call, and one clean day does not send
    every type. Whole runs find them.
    """
    variant = find(name)
    shop = await open_driver(name, child=variant.needs_process_control and not variant.days)
    assert set() == await steady(shop, example)
    for scenario in variant.scenarios:
        if scenario != "stock-levels" and variant.state:
            continue  # the trials of what is booked do not look at what is derived
        trial = (TRIALS | DEADLY_TRIALS)[scenario]
        found = await trial(shop, example)
        # A kill between two jobs finds nothing, nor does a storm on a machine too busy to send much at once.
        for _ in range(KILLS if scenario in DEADLY_TRIALS else STORMS if scenario == "storm" else 0):
            found = variant.expected & found or await trial(shop, example)
        assert variant.expected & found, f"{scenario}: expected {set(variant.expected)}, found {found or 'nothing'}"


def test_find():
    """By name, right or wrong; for an unknown name, the message lists all names."""
    assert CORRECT["inbox"] is find("inbox")
    assert BROKEN["no-dedupe"] is find("no-dedupe")
    with pytest.raises(BadInput, match=r"got 'nodedupe' \(did you mean 'no-dedupe'\?\): reference, "):
        find("nodedupe")
