import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim import catalog
from frontsim.errors import BadInput
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.shop import ACTS, Shop, day
from frontsim.payloads.world import moments

TYPES = catalog.load()

Event = tuple[str, dict[str, Any]]
Trading = Callable[[int], Sequence[Event]]
SEEDS = (1, 2, 3)


def of(events: Sequence[Event], *names: str) -> Iterator[dict[str, Any]]:
    return (body for event, body in events if event in names)


@pytest.mark.parametrize("act", ACTS)
def test_every_act_works_first_thing(act: str) -> None:
    """An act that needs something before it makes that first; all that it causes is valid."""
    for seed in range(5):
        caused = Shop(seed=seed).act(act, number=seed * 1000)
        assert caused
        for each in caused:
            TYPES.check(each.event, each.body)


def test_an_unknown_act_is_refused() -> None:
    """The message lists the acts, and the one that was probably meant."""
    with pytest.raises(BadInput, match=r"expected an act, got 'sales' \(did you mean 'sale'\?\): sale, return, "):
        Shop(seed=1).act("sales", number=0)
    with pytest.raises(BadInput, match="from 0 on, got -1"):
        Shop(seed=1).act("sale", number=-1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_raises_every_type_and_only_valid_payloads(trading: Trading, seed: int) -> None:
    """All 21 types happen on two days, each payload valid."""
    caused = trading(seed)

    assert {kind.name for kind in TYPES} == {event for event, _ in caused}
    for event, body in caused:
        assert TYPES.is_valid(event, orjson.dumps(body)), body


def test_the_same_acts_give_the_same_bytes() -> None:
    """Nothing but the seed, the acts and their numbers decide."""
    first, second = Shop(seed=4), Shop(seed=4)
    acts = [act for _, act in day(seed=4)][:200]

    assert [first.act(act, number=number) for number, act in enumerate(acts)] == [
        second.act(act, number=number) for number, act in enumerate(acts)
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_events_name_only_what_was_there(trading: Trading, seed: int) -> None:
    """An invoice its sale, a refund its order, a reception what was sent, an expiry its reservation, and so on."""
    seen: dict[str, set[object]] = defaultdict(set)
    for event, body in trading(seed):
        if event == "CustomerCreated":
            seen["customer"].add(body["customerId"])
        elif event == "CustomerUpdated":
            assert body["customerId"] in seen["customer"]
        elif event == "SaleCreated":
            seen["sale"].add(body["saleId"])
            seen["receipt"].add(body["receiptNo"])
            if body["total"] < 0:
                assert body["comment"].removeprefix("Retur av kvittering ") in seen["receipt"]
        elif event == "InvoiceCreated":
            assert body["saleId"] in seen["sale"]
        elif event in {"OmniChannelOrderFulfilled", "OmniChannelOrderRefundUpdated"}:
            assert body["orderId"] in seen["order"]
        elif event.startswith("OmniChannel"):
            seen["order"].add(body["orderId"])
            seen["order number"].add(body["orderNo"])
        elif event == "StockReservationCreated":
            assert body["extId"] is None or body["extId"].startswith("RES-") or body["extId"] in seen["order number"]
            seen["reservation"].add(body["id"])
        elif event == "StockReservationExpired":
            assert body["id"] in seen["reservation"]
            seen["reservation"].remove(body["id"])
        elif event == "DeliveryItemsReceived":
            seen["delivery"].add(body["deliveryId"])
        elif event == "DeliveryCompleted":
            assert body["deliveryId"] in seen["delivery"]
        customer = (body.get("customer") or {}).get("customerId") or (
            body["customerId"] if event.startswith("StockReservation") else None
        )
        assert customer is None or customer in seen["customer"]


@pytest.mark.parametrize("seed", SEEDS)
def test_time_never_goes_back(trading: Trading, seed: int) -> None:
    """Each event's own moment is at or after that of the event before it; a sale may be older than its event."""
    fields = (
        *("completedDateTime", "receivedDateTime", "settlementTimeStamp", "updatedDateTime", "ins"),
        *("createdDateTime",),
    )
    last = ""
    for event, body in trading(seed):
        if event in {"InvoiceCreated", "StockReservationExpired"}:
            continue  # the moment of the sale; and when the reservation was made
        now = next(body[field] for field in fields if body.get(field)).ljust(19 + 4, "0").replace("0000", ".000")
        assert _comparable(last) <= _comparable(now), (event, body)
        last = now


@pytest.mark.parametrize("act", ACTS)
def test_acts_of_one_call_lie_before_now(act: str) -> None:
    """However many: their pauses are shorter where there is no time for them. Two seconds later there is a little."""
    shop, now, numbers = Shop(seed=1), moments.opening(3), count()
    for call, most_ahead in ((0, 1), (1, 4 * moments.SECOND)):
        for until in shop.ends(act, 300, now + call * 2 * moments.SECOND):
            caused = shop.act(act, number=next(numbers), until=until)
        latest = max(max(map(_moment, MOMENT.findall(each.body.decode()))) for each in caused)
        assert latest <= now + call * 2 * moments.SECOND + most_ahead


MOMENT = re.compile(r'"(?!expected|expiration|due)\w+":"(20\d\d-\d\d-\d\dT[^"]+)"')


def _moment(text: str) -> int:
    return moments.of(datetime.fromisoformat(text))


def test_an_act_that_has_the_time_takes_it() -> None:
    """A count is reconciled minutes after it was made, and at the latest now."""
    shop, now = Shop(seed=1), moments.opening(3)
    (until,) = shop.ends("stock-count", 1, now)
    (body, *_) = [orjson.loads(each.body) for each in shop.act("stock-count", number=0, until=until)]
    counted, at = (_moment(body[name]) for name in ("countedDateTime", "createdDateTime"))
    assert now - 5 * moments.MINUTE <= counted < counted + moments.SECOND <= at <= now


def test_a_day_is_laid_out_before_now_or_not_at_all() -> None:
    """Not before the acts that were, and not behind the clock."""
    shop = Shop(seed=1)
    assert moments.opening(0) == shop.next_opening(moments.opening(1) + 1)
    assert shop.next_opening(moments.opening(1)) is None
    shop.act("sale", number=0, at=moments.opening(1) - moments.HOUR)
    assert shop.next_opening(moments.opening(2)) is None


def _comparable(text: str) -> tuple[str, str]:
    return text[:19], text[20:].ljust(3, "0")


@pytest.mark.parametrize("seed", SEEDS)
def test_identities_are_not_used_twice(trading: Trading, seed: int) -> None:
    """No two events of a type share identity and version; nor with payloads made by themselves."""
    for kind in TYPES:
        keys = [tuple(body[field] for field in (kind.identity, *kind.version)) for body in of(trading(seed), kind.name)]
        assert len(keys) == len(set(keys)), kind.name
    single = {orjson.loads(Payloads(TYPES, seed=seed).build("SaleCreated", n).body)["saleId"] for n in range(100)}
    assert not single & {body["saleId"] for body in of(trading(seed), "SaleCreated", "SaleExternalCreated")}


def test_ids_follow_from_the_acts_number() -> None:
    """A shop that is opened anew, its acts numbered on, hands out no id a second time."""
    before, after = Shop(seed=1), Shop(seed=1)
    first = [each for number in range(50) for each in before.act("sale", number=number)]
    second = [each for number in range(50, 100) for each in after.act("sale", number=number)]
    for field, event in (
        ("saleId", "SaleCreated"),
        ("receiptNo", "SaleCreated"),
        ("movementId", "StockMovementCreated"),
    ):
        ids = [orjson.loads(each.body)[field] for each in (*first, *second) if each.event == event]
        assert len(ids) == len(set(ids)), field


def test_acts_stay_valid_wherever_their_numbers_lie() -> None:
    """Ids stay inside 32 bits for any number."""
    for number in (50_000_000 - 1, 50_000_000, 2**40):
        shop = Shop(seed=1)
        for place, act in enumerate(ACTS):
            for each in shop.act(act, number=number + place):
                TYPES.check(each.event, each.body)


def test_a_reset_shop_starts_anew() -> None:
    """As if nothing had ever happened."""
    shop = Shop(seed=1)
    first = [shop.act(act, number=number) for number, act in enumerate(ACTS)]
    shop.reset()

    assert first == [shop.act(act, number=number) for number, act in enumerate(ACTS)]


def test_a_shop_remembers_a_bounded_number_of_things() -> None:
    """It may trade for weeks: of what is open it keeps the newest 500."""
    shop = Shop(seed=1)
    for number in range(700):
        shop.act("reservation", number=number)
    released = [orjson.loads(shop.act("reservation-expiry", number=700 + n)[-1].body)["id"] for n in range(520)]

    assert 520 == len(set(released))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63 - 1), st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=40))
def test_acts_go_together_in_any_order(seed: int, acts: list[str]) -> None:
    """Whatever the order: valid payloads, levels that add up, and never less available than there is."""
    shop = Shop(seed=seed)
    on_hand: dict[tuple[object, ...], int] = {}
    for number, act in enumerate(acts):
        for each in shop.act(act, number=number):
            assert TYPES.is_valid(each.event, each.body), each.body
            body = orjson.loads(each.body)
            if each.event == "StockMovementCreated" and body["gtin"]:
                key = (body["stockId"], body["gtin"])
                assert on_hand.get(key, body["stockLevel"] - body["quantity"]) + body["quantity"] == body["stockLevel"]
                assert body["stockLevel"] >= 0
                assert body["reservedLevel"] >= 0
                on_hand[key] = body["stockLevel"]
