import threading

import pytest

from frontsim.threads import for_each
from tests.support.patience import PATIENCE_S


def test_items_begin_in_their_order_and_each_is_done_once():
    """One at a time also ends them in their order."""
    done, told = [], []
    for_each("abc", done.append, at_once=1, tell=told.append)
    assert (["a", "b", "c"], [0, 1, 2]) == (done, told)


def test_so_many_are_under_way_at_the_same_time():
    """Three meet at a barrier; two could not."""
    barrier = threading.Barrier(3, timeout=PATIENCE_S)
    for_each(range(6), lambda _: barrier.wait() and None, at_once=3, tell=lambda _: None)


def test_after_an_error_nothing_more_begins():
    """Items that are under way end; then the error is raised."""
    begun = []

    def do(item):
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        for_each(range(100), do, at_once=1, tell=lambda _: None)
    assert [0] == begun


def test_nothing_to_do():
    """No items, no threads."""
    for_each((), lambda _: None, at_once=4, tell=lambda _: None)
