"""The process that makes payloads: what it answers, and that it never outlives the simulator."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from frontsim import catalog
from frontsim.payloads.documents.builders import BUILDERS
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.worker import READY, FrameReader, PayloadJob, unpack, write_job
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow


@contextmanager
def worker(seed: int) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """The process, and our end of the socket."""
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE_S)
    process = subprocess.Popen(
        [sys.executable, "-m", "frontsim.payloads.making.worker", str(seed)], stdin=theirs.fileno()
    )
    theirs.close()
    with process, ours:
        yield process, ours
        ours.close()
        assert 0 == process.wait(PATIENCE_S)


def texts(line: socket.socket, count: int) -> list[bytes]:
    """The next texts that come."""
    frames = FrameReader()
    came: list[bytes] = []
    while len(came) < count:
        piece = line.recv(65536)
        assert piece, "it ended"
        came += frames.feed(piece)
    return came


def test_it_makes_what_would_be_made_here():
    """Every published type, with and without a store or a moment, in the order of the jobs; then it ends with us."""
    jobs = [
        PayloadJob([*BUILDERS], 7, None, None),
        PayloadJob(["SaleCreated"] * 300, 0, None, 5_000),
        PayloadJob([*BUILDERS], 2**40, 501, None),
    ]
    here = Payloads(catalog.load(), seed=42)
    with worker(42) as (_, line):
        line.sendall(b"".join(map(write_job, jobs)))
        ready, *batches = texts(line, 1 + len(jobs))
    assert READY == ready
    for job, batch in zip(jobs, batches, strict=True):
        made = [
            here.build(event, job.first + place, store_id=job.store_id, at=None if job.at is None else job.at + place)
            for place, event in enumerate(job.events)
        ]
        assert made == unpack(job.events, batch)


def test_it_ends_silently_when_its_socket_closes():
    """The other side may die at any moment, also while a batch is on its way."""
    with worker(1) as (_, line):
        texts(line, 1)
        line.sendall(write_job(PayloadJob(["SaleCreated"] * 5_000, 0, None, None)))
