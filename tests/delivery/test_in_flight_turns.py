"""Costly steps take turns: one in each turn of the event loop, origins in rotation."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from frontsim.delivery.in_flight import Turns

pytestmark = pytest.mark.anyio


async def turns_of_the_loop(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_step_in_each_turn_of_the_loop() -> None:
    """The first at once, each further one a turn later."""
    turns, done = Turns(), list[int]()
    for number in range(3):
        turns.take("a", step(done, number))
    assert [0] == done
    for expected in ([0, 1], [0, 1, 2]):
        await turns_of_the_loop(1)
        assert expected == done


async def test_origins_in_rotation() -> None:
    """An origin with many steps does not hold up one with few."""
    turns, done = Turns(), list[str]()
    for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
        turns.take(name[0], step(done, name))
    await turns_of_the_loop(10)
    assert ["a1", "a2", "b1", "a3", "b2", "a4"] == done


async def test_a_step_that_costs_more_uses_up_more_turns() -> None:
    """Steps behind it wait for so many."""
    turns, done = Turns(), list[str]()
    turns.take("a", step(done, "dear"), cost=3)
    turns.take("a", step(done, "next"))
    await turns_of_the_loop(2)
    assert ["dear"] == done
    await turns_of_the_loop(1)
    assert ["dear", "next"] == done


async def test_a_step_may_take_another_turn() -> None:
    """It goes behind what waits."""
    turns, done = Turns(), list[str]()
    turns.take("a", lambda: turns.take("a", step(done, "again")))
    turns.take("b", step(done, "b"))
    await turns_of_the_loop(5)
    assert ["again", "b"] == sorted(done)


async def test_what_is_cleared_is_not_called() -> None:
    """Later steps are."""
    turns, done = Turns(), list[str]()
    for name in ("first", "cleared"):
        turns.take("a", step(done, name))
    turns.clear()
    await turns_of_the_loop(3)
    turns.take("a", step(done, "later"))
    assert ["first", "later"] == done


def step(done: list[Any], name: object) -> Callable[[], None]:
    return lambda: done.append(name)
