"""Orders by themselves: order `n` of a seed, and what the event types with number `n` tell of it.

Each tells the same story: the lines that the update accepts are those that are fulfilled.
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
    """The order some minutes on: mostly with its lines handled, sometimes further than that."""
    return _late(draws, _handled(draws, order), one_in=4)


def draw_fulfilment(draws: SeededDraws, order: Order) -> Order:
    """The order fulfilled, an hour or a day after it was handled."""
    return _late(draws, _fulfilled(draws, order), one_in=16)


def draw_refund(draws: SeededDraws, order: Order) -> Order:
    """The order refunded, in whole or in part, days on; its type stays what it was, once in a while."""
    done = _fulfilled(draws, order)
    places = tuple(range(len(done.lines) if draws.one_in(2) else draws.between(1, len(done.lines))))
    back = refunded(draws, done, order.placed.created + 2 * DAY + draws.below(10 * DAY), places)
    if draws.one_in(16):
        back = back._replace(kind=draws.pick(ORDER_TYPES))
    return _late(draws, back, one_in=16)


def draw_endless(draws: SeededDraws, order: Order) -> Order:
    """An endless aisle order as it was placed; one sent late shows what has become of it."""
    return _late(draws, _handled(draws, order), one_in=1) if draws.one_in(12) else order


def _handled(draws: SeededDraws, order: Order) -> Order:
    at = order.placed.created + draws.between(SECOND, 3 * HOUR)
    return handled(order, drawn_statuses(draws, len(order.lines)), at)


def _fulfilled(draws: SeededDraws, order: Order) -> Order:
    """Fulfilled as it was handled; had nothing been accepted, the store has thought better of it."""
    decided = _handled(draws, order)
    if "Accepted" not in decided.statuses:
        decided = decided._replace(statuses=("Accepted",) * len(decided.lines))
    return fulfilled(decided, order.placed.created + 3 * HOUR + draws.between(MINUTE, DAY))


def _late(draws: SeededDraws, order: Order, *, one_in: int) -> Order:
    """Once in so many times, the payload is sent late and shows a later status."""
    return order._replace(status=draws.pick(STATUSES)) if draws.one_in(one_in) else order
