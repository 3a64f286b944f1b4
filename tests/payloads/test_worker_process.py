"""The worker as the simulator holds it: it starts, answers in order, and ends once."""

import anyio
import pytest

from frontsim import catalog
from frontsim.payloads.factory import Payloads
from frontsim.payloads.worker_process import WorkerProcess

pytestmark = pytest.mark.anyio


async def test_it_makes_payloads_once_it_is_ready():
    """More than one job's worth, in order; after its end it refuses, and ending it again does no harm."""
    worker = WorkerProcess(5)
    await worker.start()
    try:
        with anyio.fail_after(20):
            while not worker.ready:  # noqa: ASYNC110 - what is waited for is another process
                await anyio.sleep(0.002)
            made = await worker.make(["SaleCreated"] * 100, 3, None, 9_000)
    finally:
        worker.end()
    here = Payloads(catalog.load(), seed=5)
    assert [here.build("SaleCreated", 3 + place, at=9_000 + place) for place in range(100)] == made
    assert (True, False) == (worker.ended, worker.ready)
    worker.end()


async def test_one_that_was_ended_does_not_start():
    """A simulator that stops while its worker starts leaves no process behind."""
    worker = WorkerProcess(5)
    worker.end()
    await worker.start()
    assert worker.pid is None
