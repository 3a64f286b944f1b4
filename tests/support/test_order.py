from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.order import TOGETHER, dealt


def items(*, slow, quick):
    """So many slow tests of module `s`, and quick ones of `q`."""
    return [
        SimpleNamespace(name=f"{module}{number}", path=Path(module), get_closest_marker={module: True}.get)
        for module, many in (("slow", slow), ("quick", quick))
        for number in range(many)
    ]


def pieces(listed, workers):
    """Split tests as pytest-xdist gives them to each worker at first."""
    left = list(listed)
    return [[left.pop(0).name for _ in range(len(left) // (workers - place))] for place in range(workers)]


@pytest.mark.parametrize("workers", [1, 2, 6])
def test_each_worker_begins_with_slow_tests_and_ends_with_quick_ones(workers):
    for piece in pieces(dealt(items(slow=72, quick=1000), workers), workers):
        kinds = [name.startswith("slow") for name in piece]
        assert 72 // workers == sum(kinds)
        assert sorted(kinds, reverse=True) == kinds


@pytest.mark.parametrize(("slow", "quick"), [(0, 7), (7, 0), (100, 3), (5, 100), (0, 0)])
def test_every_test_is_played_once(slow, quick):
    listed = items(slow=slow, quick=quick)
    assert Counter(each.name for each in listed) == Counter(each.name for each in dealt(listed, 4))


def test_quick_tests_alone_keep_their_order():
    listed = items(slow=0, quick=50)
    assert listed == dealt(listed, 4)


def test_some_slow_tests_of_a_module_stay_together():
    first, second = pieces(dealt(items(slow=2 * TOGETHER, quick=100), 2), 2)
    assert [f"slow{number}" for number in range(TOGETHER)] == first[:TOGETHER]
    assert [f"slow{number}" for number in range(TOGETHER, 2 * TOGETHER)] == second[:TOGETHER]
