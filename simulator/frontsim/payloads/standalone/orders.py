"""Standalone orders: order `n` of a seed, in the event of each order type with number `n`.

The types agree: the lines that the update accepts are the lines that are fulfilled.
"""

from frontsim.payloads.documents.orders import (
    ORDER_TYPES,
    STATUSES,
    Order,
    drawn_statuses,
    fulfilled,
    handled,
    refunded,
)
from frontsim.payloads.values.moments import DAY, HOUR, MINUTE, SECOND
from frontsim.payloads.values.seeded_draws import SeededDraws


def draw_update(draws: SeededDraws, order: Order) -> Order:
    """The order after its lines were handled; sometimes the payload shows a later status."""
    return _late(draws, _handled(draws, order), one_in=4)


def draw_fulfilment(draws: SeededDraws, order: Order) -> Order:
    """The order after its fulfilment, up to a day after it was handled."""
    return _late(draws, _fulfilled(draws, order), one_in=16)


def draw_refund(draws: SeededDraws, order: Order) -> Order:
    """The order after a full or partial refund, days later; one in 16 keeps its order type."""
    done = _fulfilled(draws, order)
    places = tuple(range(len(done.lines) if draws.one_in(2) else draws.between(1, len(done.lines))))
    back = refunded(draws, done, order.placed.created + 2 * DAY + draws.below(10 * DAY), places)
    if draws.one_in(16):
        back = back._replace(kind=draws.pick(ORDER_TYPES))
    return _late(draws, back, one_in=16)


def draw_endless(draws: SeededDraws, order: Order) -> Order:
    """An endless aisle order when it is placed; one in twelve is sent late, with a later status."""
    return _late(draws, _handled(draws, order), one_in=1) if draws.one_in(12) else order


def _handled(draws: SeededDraws, order: Order) -> Order:
    at = order.placed.created + draws.between(SECOND, 3 * HOUR)
    return handled(order, drawn_statuses(draws, len(order.lines)), at)


def _fulfilled(draws: SeededDraws, order: Order) -> Order:
    """The order after its fulfilment: of the accepted lines, or of all if the store accepted none."""
    decided = _handled(draws, order)
    if "Accepted" not in decided.statuses:
        decided = decided._replace(statuses=("Accepted",) * len(decided.lines))
    return fulfilled(decided, order.placed.created + 3 * HOUR + draws.between(MINUTE, DAY))


def _late(draws: SeededDraws, order: Order, *, one_in: int) -> Order:
    """With a chance of 1 in `one_in`, the payload is sent late and shows another status."""
    return order._replace(status=draws.pick(STATUSES)) if draws.one_in(one_in) else order
