"""A trading day of the whole chain, as a timetable of business acts."""

from collections.abc import Iterator

from frontsim.payloads.values.seeded_draws import SeededDraws

OPEN_S = 12 * 3600
"""How long the shops are open."""

_HOURLY: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("sale", (18, 22, 34, 60, 56, 34, 30, 38, 54, 62, 40, 20)),
    ("return", (3, 3, 3, 4, 4, 2, 2, 3, 3, 3, 2, 1)),
    ("invoice-sale", (1, 2, 2, 2, 1, 2, 2, 1, 1, 0, 0, 0)),
    ("online-sale", (8, 8, 9, 14, 12, 8, 8, 10, 14, 18, 22, 20)),
    ("delivery", (4, 5, 3, 1, 0, 1, 1, 0, 0, 0, 0, 0)),
    ("transfer", (1, 2, 2, 0, 1, 2, 1, 0, 0, 0, 0, 0)),
    ("virtual-transfer", (1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0)),
    ("stock-count", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1)),
    ("adjustment", (1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0)),
    ("reservation", (3, 3, 4, 5, 5, 4, 4, 4, 5, 5, 3, 1)),
    ("reservation-expiry", (2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 3, 2)),
    ("endless-aisle-order", (1, 1, 2, 3, 3, 2, 2, 2, 3, 3, 2, 1)),
    ("order-update", (6, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 2)),
    ("order-fulfilment", (3, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 2)),
    ("order-refund", (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)),
    ("new-customer", (1, 1, 2, 3, 2, 2, 1, 2, 2, 3, 1, 0)),
    ("customer-update", (1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 0)),
)
"""How often each act happens in each hour after the opening: deliveries in the morning, peaks at lunch and in the
evening."""

_TERMINALS = 18
"""The terminals of the chain's stores (see `chain.py`): each has a Z report."""

_CLOSING_STEP_S = 20.0


def day(*, seed: int, number: int = 0) -> Iterator[tuple[float, str]]:
    """The timetable of trading day `number`: (seconds since the opening, act), in order.

    About 950 acts while the shops are open, and a settlement of every terminal after they have closed.
    """
    draws = SeededDraws(seed, "day", number)
    for hour in range(OPEN_S // 3600):
        acts = [
            (hour * 3600 + draws.below(3_600_000) / 1000, name) for name, counts in _HOURLY for _ in range(counts[hour])
        ]
        yield from sorted(acts)
    for terminal in range(_TERMINALS):
        yield OPEN_S + (terminal + 1) * _CLOSING_STEP_S, "settlement"
