from collections import Counter

import pytest

from frontsim import bundled, catalog
from frontsim.load.plan import DAY_MIX, HOURS, PLANS
from frontsim.payloads.making.shop import OPEN_S, Shop, day

SEED = 1


@pytest.fixture(scope="module")
def events() -> list[tuple[int, str]]:
    """The events of one simulated day: (hour, type)."""
    shop = Shop(seed=SEED)
    acts = enumerate(day(seed=SEED))
    return [(int(at // 3600), each.event) for number, (at, act) in acts for each in shop.act(act, number=number)]


def test_the_mix_is_the_simulated_days(events: list[tuple[int, str]]) -> None:
    """Every type of the day is in the mix and no other, and those that make up most of it have their share."""
    counted = Counter(event for _, event in events)
    assert counted.keys() == DAY_MIX.keys()
    for event, count in counted.most_common(6):
        assert DAY_MIX[event] / sum(DAY_MIX.values()) == pytest.approx(count / counted.total(), rel=0.15)


def test_the_hours_are_the_simulated_days(events: list[tuple[int, str]]) -> None:
    """As many hours as the shops are open, each about as busy."""
    counted = Counter(hour for hour, _ in events if hour < OPEN_S // 3600)
    busiest = max(counted.values())
    assert len(HOURS) == len(counted)
    assert list(HOURS) == pytest.approx([counted[hour] / busiest for hour in sorted(counted)], abs=0.2)


def test_every_type_of_the_catalogue_is_in_the_mix() -> None:
    """A load test speaks of all types."""
    assert {each.name for each in catalog.load()} == DAY_MIX.keys()


def test_every_plan_is_a_locustfile() -> None:
    """`resend-storm` in the verdict is `resend_storm.py` in the folder."""
    folder = bundled.folder("loadtests")
    assert all((folder / f"{name.replace('-', '_')}.py").is_file() for name in PLANS)
