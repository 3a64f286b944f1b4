from collections import Counter

from frontsim.payloads.making.shop import ACTS, OPEN_S, day
from frontsim.payloads.world.world import World


def test_a_day_is_in_order_and_has_every_act() -> None:
    """The timetable ascends, and all 18 acts stand in it."""
    timetable = list(day(seed=1))

    assert timetable == sorted(timetable, key=lambda entry: entry[0])
    assert set(ACTS) == {act for _, act in timetable}
    assert 800 < len(timetable) < 1200


def test_a_day_closes_with_a_z_report_of_every_terminal() -> None:
    """Nothing is sold after the settlements have begun."""
    timetable = list(day(seed=1))
    terminals = sum(len(store.terminals) for store in World(1).shops)

    assert ["settlement"] * terminals == [act for seconds, act in timetable if seconds > OPEN_S]
    assert {"settlement"} == {act for _, act in timetable[-terminals:]}


def test_lunch_and_evening_are_the_peaks() -> None:
    """Sales peak in the fourth and in the tenth hour; deliveries come in the morning."""
    hours = Counter(int(seconds // 3600) for seconds, act in day(seed=1) if act == "sale")
    morning = [seconds for seconds, act in day(seed=1) if act == "delivery" and seconds < 3 * 3600]

    assert {3, 9} == {hour for hour, _ in hours.most_common(2)}
    assert 12 == len(morning)  # 4 + 5 + 3


def test_days_differ_and_each_is_always_the_same() -> None:
    """Seed and number decide the day."""
    assert list(day(seed=1, number=3)) == list(day(seed=1, number=3))
    assert list(day(seed=1, number=3)) != list(day(seed=1, number=4))
    assert list(day(seed=1)) != list(day(seed=2))
