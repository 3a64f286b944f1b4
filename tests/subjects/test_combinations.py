"""Each receiver is right as long as one circumstance comes alone, and wrong in its own way when two come together."""

import asyncio
from collections import Counter

import pytest

from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN, CORRECT, find
from frontsim.verification.effects.classes import Class
from frontsim.verification.scenario.scenario import bundled_scenarios

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


@pytest.mark.parametrize("variant", COMBINED.values(), ids=COMBINED)
def test_what_must_be_found_is_registered(variant):
    """Under a name of its own, with at least one class; the scenarios that find it by luck exist."""
    assert variant.expected
    assert variant.expected <= {str(each) for each in Class}
    assert set(variant.scenarios) <= {each.name for each in bundled_scenarios()}
    assert variant.name not in {**CORRECT, **BROKEN}
    assert variant.bug.endswith(".")
    assert find(variant.name) is variant


SALE = "SaleCreated"


async def restarted(shop):
    """kill -9, and a start."""
    await shop.is_killed()
    await shop.opens()


async def booked(shop):
    """How often each event was booked."""
    return Counter(effect["webhookEventId"] for effect in await shop.effects())


@pytest.mark.parametrize("variant", COMBINED)
async def test_one_circumstance_alone_is_survived(open_driver, example, variant):
    """An event, and its repeat a moment later."""
    shop = await open_driver(variant)
    shop.now += 10
    for number in range(4):
        await shop.delivers(SALE, example(SALE, saleId=9000 + number), shop.new_id())
    assert 4 == sum((await booked(shop)).values())
    assert {1} == set((await booked(shop)).values())


async def repeated_three_times(shop, example):
    sale, event_id = example(SALE, saleId=1), shop.new_id()
    for _ in range(4):
        await shop.delivers(SALE, sale, event_id)
    return (await booked(shop))[event_id]


async def behind_a_broken_body(shop, example):
    """A sale, a broken body, and the sale again; then a new one behind another broken body."""
    sale, event_id, later = example(SALE, saleId=1), shop.new_id(), shop.new_id()
    await shop.delivers(SALE, sale, event_id)
    await shop.sends(SALE, b"{", shop.new_id())
    await shop.delivers(SALE, sale, event_id)
    await shop.sends(SALE, b"{", shop.new_id())
    await shop.delivers(SALE, example(SALE, saleId=2), later)
    found = await booked(shop)
    return found[event_id] + found[later] - 1


async def beside_a_repeat(shop, example):
    """Of a repeat and a new sale at once, the new one is lost."""
    sale, event_id, new = example(SALE, saleId=1), shop.new_id(), shop.new_id()
    await shop.delivers(SALE, sale, event_id)
    await asyncio.gather(shop.sends(SALE, sale, event_id), shop.sends(SALE, example(SALE, saleId=2), new))
    return (await booked(shop))[new]


async def repeated_until_the_other_worker_has_it(shop, example):
    sale, event_id = example(SALE, saleId=1), shop.new_id()
    for _ in range(2):
        await shop.delivers(SALE, sale, event_id)
    return (await booked(shop))[event_id]


async def updated_after_a_repeat(shop, example):
    event, old, new = "CustomerUpdated", shop.new_id(), shop.new_id()
    for event_id, minute in ((old, 10), (old, 10), (new, 11)):
        when = f"2026-08-01T10:{minute}:00"
        await shop.delivers(event, example(event, customerId=5, updatedDateTime=when), event_id)
    return (await booked(shop))[new]


async def out_of_order(shop, example):
    older, newer = shop.new_id(), shop.new_id()
    await shop.delivers(SALE, example(SALE, saleId=8), newer)
    await shop.delivers(SALE, example(SALE, saleId=7), older)
    return (await booked(shop))[older]


async def with_another_field(shop, example):
    event_id = shop.new_id()
    await shop.delivers(SALE, example(SALE, saleId=1, isNew=True), event_id)
    await shop.delivers(SALE, example(SALE, saleId=1), event_id)
    return (await booked(shop))[event_id]


async def two_at_once(shop, example):
    ids = [shop.new_id(), shop.new_id()]
    await asyncio.gather(*(shop.sends(SALE, example(SALE, saleId=n), each) for n, each in enumerate(ids)))
    found = await booked(shop)
    return min(found[each] for each in ids)


async def as_plain_text(shop, example):
    sale, event_id = example(SALE, saleId=1), shop.new_id()
    await shop.sends(SALE, sale, event_id, headers={"Content-Type": "text/plain"})
    await shop.delivers(SALE, sale, event_id)
    return (await booked(shop))[event_id]


async def after_six_others(shop, example):
    ids = [shop.new_id() for _ in range(7)]
    for number, each in enumerate([*ids, ids[0]]):
        await shop.delivers(SALE, example(SALE, saleId=number % 7), each)
    return (await booked(shop))[ids[0]]


async def a_copy_while_it_works(shop, example):
    sale, event_id = example(SALE, saleId=1), shop.new_id()
    await asyncio.gather(shop.sends(SALE, sale, event_id), shop.sends(SALE, sale, event_id))
    return (await booked(shop))[event_id]


@pytest.mark.parametrize(
    ("variant", "times", "trial"),
    [
        ("forgets-after-two-repeats", 2, repeated_three_times),
        ("swallows-behind-broken-bodies", 0, behind_a_broken_body),
        ("doubles-behind-broken-bodies", 2, behind_a_broken_body),
        ("batch-drops-behind-repeats", 0, beside_a_repeat),
        ("ids-per-worker", 2, repeated_until_the_other_worker_has_it),
        ("pins-repeated-entities", 0, updated_after_a_repeat),
        ("watermark-per-webhook", 0, out_of_order),
        ("keys-by-shape", 2, with_another_field),
        ("numbers-by-count", 0, two_at_once),
        ("books-plain-text-anyway", 2, as_plain_text),
        ("remembers-five-per-webhook", 2, after_six_others),
        ("repeat-cancels-work", 0, a_copy_while_it_works),
    ],
)
async def test_two_circumstances_together_are_not(open_driver, example, variant, times, trial):
    """The event is booked twice, or not at all; the reference receiver books it once."""
    assert times == await trial(await open_driver(variant), example)


@pytest.mark.parametrize("trial", [repeated_three_times, behind_a_broken_body, beside_a_repeat, updated_after_a_repeat,
                                   out_of_order, with_another_field, two_at_once, after_six_others,
                                   a_copy_while_it_works])  # fmt: skip
async def test_a_right_receiver_survives_them_all(open_driver, example, trial):
    """Each is a circumstance of real life."""
    assert 1 == await trial(await open_driver("reference"), example)


async def test_a_start_is_a_circumstance_too(open_driver, example):
    """A repeat in the first half second, after two restarts, or before one: each needs --receiver-cmd to be found."""
    sale = example(SALE, saleId=1)
    shop = await open_driver("doubles-while-starting", child=True)
    event_id = shop.new_id()
    await restarted(shop)
    for _ in range(2):
        await shop.delivers(SALE, sale, event_id)
    assert 2 == (await booked(shop))[event_id]


async def test_ids_survive_one_restart_and_not_two(open_driver, example):
    """Its older session is cleared at the second start."""
    sale = example(SALE, saleId=1)
    shop = await open_driver("forgets-after-two-restarts", child=True)
    event_id, counts = shop.new_id(), []
    for _ in range(3):
        await shop.delivers(SALE, sale, event_id)
        counts.append((await booked(shop))[event_id])
        await restarted(shop)
    assert [1, 1, 2] == counts


async def test_a_repeat_before_a_restart_costs_an_event_after_it(open_driver, example):
    """One, however many repeats there were."""
    shop = await open_driver("offset-counts-repeats", child=True)
    event_id, new = shop.new_id(), [shop.new_id(), shop.new_id()]
    for _ in range(3):
        await shop.delivers(SALE, example(SALE, saleId=1), event_id)
    await restarted(shop)
    for number, each in enumerate(new):
        await shop.delivers(SALE, example(SALE, saleId=2 + number), each)
    found = await booked(shop)
    assert [1, 0, 1] == [found[each] for each in (event_id, *new)]
