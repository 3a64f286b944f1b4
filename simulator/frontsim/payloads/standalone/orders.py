"""Orders by themselves: order `n` of a seed, and what the event types with number `n` tell of it.

Each tells the same story: the lines that the update accepts are those that are fulfilled.
"""

from collections.abc import Callable

from frontsim.payloads.documents.orders import (
    HIDDEN,
    LINE_STATUSES,
    ORDER_TYPES,
    STATUSES,
    Order,
    Placed,
    fulfilled,
    handled,
    refunded,
)
from frontsim.payloads.documents.payments import online, till
from frontsim.payloads.documents.reservations import DEFAULT_HOURS
from frontsim.payloads.documents.sales import basket, receipt_no, sums
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import REGULARS, World
from frontsim.payloads.values.moments import DAY, HOUR, MINUTE, SECOND, Ticks
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

_USUAL_TYPES = ("BOPIS",) * 6 + ("BOSS",) * 3 + ("ROPIS",) * 3 + ORDER_TYPES
_ENDLESS_TYPES = ("Unknown",) * 9 + ORDER_TYPES
_HOURS = (DEFAULT_HOURS, DEFAULT_HOURS, 24, 48, None)
_HIDDEN = (*HIDDEN, *(None,) * 42)
_DECISIONS = ("Accepted",) * 5 + LINE_STATUSES


def draw_order(
    dice: SeededDraws,
    world: World,
    store: Store,
    *,
    number: int,
    at: Ticks,
    endless: bool = False,
    choose: Callable[[Size, int], Size] | None = None,
) -> Order:
    """A new order: nothing is handled yet.

    Args:
        dice: decide it.
        world: has the assortment and the regular customers.
        store: takes the order.
        number: gives its id.
        at: when it is placed.
        endless: placed and paid at a till, shipped from the web shop's stock.
        choose: as for `basket`.
    """
    order_id = world.id("order", number)
    lines = basket(dice, world, store, row=order_id * 8, choose=choose)
    view = dice.pick(store.views)
    total, _ = sums(lines)
    hours, variety = dice.pick(_HOURS), dice.below(64)
    kind, customer = dice.pick(_ENDLESS_TYPES if endless else _USUAL_TYPES), world.customer(dice.below(REGULARS))
    due = at + dice.between(1, 4) * DAY if variety % 3 == 0 else None
    comment, payments = dice.pick(COMMENTS), (till if endless else online)(dice, total, store.country)
    placed = Placed(
        order_id,
        f"ORD{100_000 + number}",
        receipt_no(view.terminal, number) if endless or variety > 50 else None,
        store,
        view,
        customer,
        at,
        due,
        None if hours is None else at + hours * HOUR,
        hours,
        comment,
        None if variety % 8 == 3 else endless or variety % 8 == 4,
        world.web_stock(store) if endless else store.stock,
        dice.pick(store.users),
        dice.pick(_HIDDEN),
        variety,
    )
    events = ((at, "Order created", None),)
    return Order(placed, kind, lines, ("UnHandled",) * len(lines), payments, "UnHandled", None, events)


def drawn_statuses(dice: SeededDraws, count: int) -> tuple[str, ...]:
    """What a store decides about so many lines: mostly accepted."""
    return tuple([dice.pick(_DECISIONS) for _ in range(count)])


def draw_update(dice: SeededDraws, order: Order) -> Order:
    """The order some minutes on: mostly with its lines handled, sometimes further than that."""
    return _late(dice, _handled(dice, order), one_in=4)


def draw_fulfilment(dice: SeededDraws, order: Order) -> Order:
    """The order fulfilled, an hour or a day after it was handled."""
    return _late(dice, _fulfilled(dice, order), one_in=16)


def draw_refund(dice: SeededDraws, order: Order) -> Order:
    """The order refunded, in whole or in part, days on; its type stays what it was, once in a while."""
    done = _fulfilled(dice, order)
    places = tuple(range(len(done.lines) if dice.one_in(2) else dice.between(1, len(done.lines))))
    back = refunded(dice, done, order.placed.created + 2 * DAY + dice.below(10 * DAY), places)
    if dice.one_in(16):
        back = back._replace(kind=dice.pick(ORDER_TYPES))
    return _late(dice, back, one_in=16)


def draw_endless(dice: SeededDraws, order: Order) -> Order:
    """An endless aisle order as it was placed; one sent late shows what has become of it."""
    return _late(dice, _handled(dice, order), one_in=1) if dice.one_in(12) else order


def _handled(dice: SeededDraws, order: Order) -> Order:
    at = order.placed.created + dice.between(SECOND, 3 * HOUR)
    return handled(order, drawn_statuses(dice, len(order.lines)), at)


def _fulfilled(dice: SeededDraws, order: Order) -> Order:
    """Fulfilled as it was handled; had nothing been accepted, the store has thought better of it."""
    decided = _handled(dice, order)
    if "Accepted" not in decided.statuses:
        decided = decided._replace(statuses=("Accepted",) * len(decided.lines))
    return fulfilled(decided, order.placed.created + 3 * HOUR + dice.between(MINUTE, DAY))


def _late(dice: SeededDraws, order: Order, *, one_in: int) -> Order:
    """Once in so many times, the payload is sent late and shows a later status."""
    return order._replace(status=dice.pick(STATUSES)) if dice.one_in(one_in) else order
