"""The worker as the simulator holds it: it starts, answers in order, and ends once."""

import anyio
import pytest

from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.worker import PayloadJob, WorkerProcess, unpack, write_job
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


def payload_worker() -> WorkerProcess:
    return WorkerProcess("frontsim.payloads.making.worker", "5", work="makes payloads", stuck_after_s=20)


async def test_it_answers_in_order():
    """Jobs wait until it is ready; after its end it refuses, and ending it again does no harm."""
    worker = payload_worker()
    await worker.start()
    jobs = [PayloadJob(["SaleCreated"] * 50, first, None, 9_000) for first in (3, 70)]
    try:
        with anyio.fail_after(PATIENCE_S):
            batches = await worker.do([write_job(job) for job in jobs])
    finally:
        worker.end()
    here = Payloads(catalog.load(), seed=5)
    for job, batch in zip(jobs, batches, strict=True):
        wanted = [here.build("SaleCreated", job.first + place, at=9_000 + place) for place in range(50)]
        assert wanted == unpack(job.events, batch)
    assert (True, False) == (worker.ended, worker.ready)
    with pytest.raises(ConnectionError, match="the process that makes payloads has ended"):
        await worker.do([write_job(jobs[0])])
    worker.end()


async def test_one_that_was_ended_does_not_start():
    """A simulator that stops while its worker starts leaves no process behind."""
    worker = payload_worker()
    worker.end()
    await worker.start()
    assert worker.pid is None
