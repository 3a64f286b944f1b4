"""The order in which the workers of a run take its tests.

Slow tests wait, quick ones compute. Each worker begins with slow ones. Quick ones come last, because a run that ends
with slow ones waits for the last of them while its cores are idle.

    worker 1: | slow | slow | quick quick quick quick |
    worker 2: | slow | slow | quick quick quick quick |

pytest-xdist gives each worker an equal piece of the list. A worker that is done takes from the end of another's piece.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

import pytest

TOGETHER = 6
"""At most so many slow tests of a module go to one worker, with the browser or the database that they share."""


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same tests for so many workers of pytest-xdist, with slow ones first in the piece that each of them gets."""
    quick = iter([each for each in items if not _is_slow(each)])
    hands: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for together in _slow_ones(items):
        min(hands, key=len).extend(together)
    ordered: list[pytest.Item] = []
    for place, hand in enumerate(hands):
        size = (len(items) - len(ordered)) // (workers - place)
        ordered += [*hand, *islice(quick, max(0, size - len(hand)))]
    return ordered + list(quick)


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _slow_ones(items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    for _, of_module in groupby(filter(_is_slow, items), key=lambda item: item.path):
        while together := list(islice(of_module, TOGETHER)):
            yield together
