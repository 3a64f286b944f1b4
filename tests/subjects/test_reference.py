import asyncio

import pytest

pytestmark = pytest.mark.slow

COPIES = 8
ROUNDS = 3


def ids(effects):
    return sorted(effect["webhookEventId"] for effect in effects)


@pytest.mark.anyio
async def test_a_copy_is_a_success_without_an_effect(open_driver, example):
    """Sent three times, answered 200 three times, booked once, with the payload that came first."""
    shop = await open_driver()
    statuses = [await shop.sends("SaleCreated", example("SaleCreated", saleId=number), "id-1") for number in (1, 2, 3)]
    assert [200, 200, 200] == statuses
    assert [1] == [effect["payload"]["saleId"] for effect in await shop.effects()]


@pytest.mark.anyio
async def test_copies_at_once_have_one_effect(open_driver, example):
    """Whatever comes between: looking for the key and taking it are one statement."""
    shop = await open_driver()
    events = [shop.new_id() for _ in range(10)]
    sales = (shop.sends("SaleCreated", example("SaleCreated"), event_id) for event_id in events * COPIES)
    assert [200] * 10 * COPIES == await asyncio.gather(*sales)
    assert sorted(events) == ids(await shop.effects())


@pytest.mark.anyio
async def test_keys_survive_a_restart(open_driver, example):
    """A copy that comes after a restart on the same file is still a copy."""
    shop = await open_driver()
    await shop.sends("SaleCreated", example("SaleCreated"), "id-1")
    await shop.closes()
    await shop.opens()
    assert 200 == await shop.sends("SaleCreated", example("SaleCreated"), "id-1")
    assert ["id-1"] == ids(await shop.effects())


@pytest.mark.anyio
@pytest.mark.parametrize("variant", ["reference", "inbox"])
async def test_survives_kill_9_in_the_middle(open_driver, example, variant):
    """Killed under load, three times: what was answered 2xx has an effect, nothing has two, the resend completes it."""
    shop = await open_driver(variant, child=True)
    acknowledged, sent = set(), []
    for number in range(ROUNDS):
        await _load_until_killed(shop, example("SaleCreated"), acknowledged, sent, after=20 + 40 * number)
        await shop.opens()
        booked = ids(await shop.effects())
        assert len(set(booked)) == len(booked)
        assert set() == acknowledged - set(booked)
    for event_id in sent:
        assert 200 == await shop.sends("SaleCreated", example("SaleCreated"), event_id)
    assert sorted(sent) == ids(await shop.effects())


async def _load_until_killed(shop, sale, acknowledged, sent, *, after):
    """Eight senders, each event twice; kill -9 when so many have been answered."""
    answers = 0
    dead = False

    async def send_on():
        nonlocal answers, dead
        while not dead:
            event_id = shop.new_id()
            sent.append(event_id)
            for status in [await shop.sends("SaleCreated", sale, event_id) for _ in range(2)]:
                if status == 200:
                    acknowledged.add(event_id)
                    answers += 1
            if answers >= after and not dead:
                dead = True
                await shop.is_killed()

    await asyncio.gather(*(send_on() for _ in range(8)))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("event", "newer", "older"),
    [
        ("CustomerUpdated", {"updatedDateTime": "2026-08-01T10:12:06"}, {"updatedDateTime": "2026-08-01T10:12:05.997"}),
        ("OmniChannelOrderUpdated", {"updatedDateTime": "2026-08-02T00:00:00"}, {"updatedDateTime": None}),
        (
            "StockMovementCreated",
            {"createdDateTime": "2026-08-01T10:12:06", "movementId": 2},
            {"createdDateTime": "2026-08-01T10:12:06", "movementId": 1},
        ),
    ],
)
async def test_an_older_state_does_not_overwrite_a_newer(open_driver, example, event, newer, older):
    """An update that was overtaken is booked, but the present state stays the newer one."""
    shop = await open_driver()
    await shop.sends(event, example(event, **newer), "newer")
    await shop.sends(event, example(event, **older), "older")
    assert {"newer": True, "older": False} == {e["webhookEventId"]: e["current"] for e in await shop.effects()}


@pytest.mark.anyio
async def test_a_newer_state_overwrites(open_driver, example):
    """In order, the last one is the present state; a customer of another id has a state of its own."""
    shop = await open_driver()
    for number, customer in ((1, 7), (2, 7), (3, 8)):
        payload = example("CustomerUpdated", customerId=customer, updatedDateTime=f"2026-08-01T10:12:0{number}")
        await shop.sends("CustomerUpdated", payload, f"id-{number}")
    assert [False, True, True] == [effect["current"] for effect in await shop.effects()]


@pytest.mark.anyio
@pytest.mark.parametrize("event", ["salecreated", "SALECREATED"])
async def test_a_type_in_any_case(open_driver, example, event):
    """The type is known in any case, and booked under its own name."""
    shop = await open_driver()
    await shop.sends(event, example("SaleCreated"), "id-1")
    assert ["SaleCreated"] == [effect["event"] for effect in await shop.effects()]
