"""Payloads that the tests share: single ones by type, and chains that have traded for two days."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.shop import Shop, day
from frontsim.payloads.world import moments


@pytest.fixture(scope="session")
def trading() -> Callable[[int], Sequence[tuple[str, dict[str, Any]]]]:
    """The events of two whole trading days of a seed's chain, each with its payload; to be read, not changed."""

    @cache
    def two_days(seed: int) -> Sequence[tuple[str, dict[str, Any]]]:
        shop, number, events = Shop(seed=seed), 0, []
        for date in range(2):
            opening = shop.next_opening(moments.opening(99))
            for seconds, act in day(seed=seed, number=date):
                assert opening is not None
                at = opening + int(seconds * moments.SECOND)
                events += [(each.event, orjson.loads(each.body)) for each in shop.act(act, number=number, at=at)]
                number += 1
        return events

    return two_days


@pytest.fixture(scope="session")
def bodies() -> Callable[[str], Sequence[dict[str, Any]]]:
    """Payloads 0 to 299 of a type, of each of two seeds; to be read, not changed."""
    made = [Payloads(catalog.load(), seed=seed) for seed in (1, 2)]

    @cache
    def of(event: str) -> Sequence[dict[str, Any]]:
        return [orjson.loads(each.build(event, number).body) for each in made for number in range(300)]

    return of
