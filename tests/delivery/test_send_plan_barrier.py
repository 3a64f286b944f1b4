"""The barrier opens once, for those who stand at it, when all have come."""

import asyncio

import pytest

from frontsim.delivery.send_plan import Barrier

pytestmark = pytest.mark.anyio


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_all_are_released_when_the_last_waits() -> None:
    """No party passes before the last one stands; then all do, in one turn of the loop."""
    released: list[str] = []
    barrier = Barrier(2)
    barrier.wait("a", lambda: released.append("a"))
    await turn()
    assert [] == released
    barrier.wait("b", lambda: released.append("b"))
    await turn()
    assert ["a", "b"] == released


async def test_who_leaves_is_not_waited_for() -> None:
    """A party that leaves on its way lets the others through."""
    released: list[str] = []
    barrier = Barrier(2)
    barrier.wait("a", lambda: released.append("a"))
    barrier.leave("b")
    await turn()
    assert ["a"] == released


async def test_who_leaves_while_waiting_is_not_released() -> None:
    """A party that fails at the barrier is not released, and still counts as having come."""
    released: list[str] = []
    barrier = Barrier(2)
    barrier.wait("a", lambda: released.append("a"))
    barrier.leave("a")
    barrier.wait("b", lambda: released.append("b"))
    await turn()
    assert ["b"] == released


async def test_an_open_barrier_lets_more_parties_pass() -> None:
    """One more than was announced passes at once, and leaving afterwards changes nothing."""
    released: list[str] = []
    barrier = Barrier(1)
    barrier.wait("a", lambda: released.append("a"))
    barrier.leave("a")
    barrier.wait("b", lambda: released.append("b"))
    barrier.leave("b")
    await turn()
    assert ["a", "b"] == released


async def test_a_barrier_without_parties_is_refused() -> None:
    """Fewer than one party is a mistake of the caller."""
    with pytest.raises(ValueError, match=r"^parties: expected 1 or more, got 0$"):
        Barrier(0)
