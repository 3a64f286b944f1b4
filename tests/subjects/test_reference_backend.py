"""A business system that is slow, and rejects callers that are too many."""

import asyncio

import pytest

from frontsim.subjects.reference import Backend, WorkFailed

pytestmark = pytest.mark.anyio


async def test_it_takes_so_many_callers_at_once() -> None:
    """One more is rejected at once; when the others have left, the next is taken."""
    backend = Backend("shop", seconds=0.001, most=2)
    answers = await asyncio.gather(*(backend.call() for _ in range(3)), return_exceptions=True)
    assert [None, None, WorkFailed] == [each and type(each) for each in answers]
    assert "the shop has no connection left" == str(answers[2])
    await backend.call()


async def test_a_caller_that_is_cancelled_leaves_its_place() -> None:
    backend = Backend("shop", seconds=60, most=1)
    task = asyncio.create_task(backend.call())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(backend.call(), 0)
