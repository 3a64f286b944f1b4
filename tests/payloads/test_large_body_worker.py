"""The process for large bodies: it answers jobs, and never outlives the simulator."""

import pickle
import socket
import subprocess
import sys

import orjson

from frontsim import catalog
from frontsim.payloads.batch import FrameReader, framed, unpack
from frontsim.payloads.factory import Payloads
from frontsim.payloads.large_body_worker import BodyJobs
from frontsim.payloads.worker import READY
from tests.support.patience import PATIENCE_S

SET = b'{"event": "SaleCreated", "set": {"comment": "x"}}'


def test_a_refusal_is_an_answer() -> None:
    """With the error's name, text and fields."""
    types = catalog.load()
    jobs = BodyJobs(types, Payloads(types, seed=1))
    head, _, made = jobs.do(b'{"do":"compact"}\n{').partition(b"\n")
    refusal = orjson.loads(head)
    assert ("BadInput", b"") == (refusal["error"], made)
    assert [refusal["text"]] == refusal["fields"][""]


def test_it_ends_with_the_simulator() -> None:
    """After it has answered what it was asked, with the types, the seed and the profile that it was told."""
    types = catalog.load()
    payloads = Payloads(types, seed=5, profile="strict")
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE_S)
    command = [sys.executable, "-m", "frontsim.payloads.large_body_worker"]
    with subprocess.Popen(command, stdin=theirs.fileno()) as process, ours:
        theirs.close()
        ours.sendall(framed(pickle.dumps((list(types), 5, "strict"))))
        ours.sendall(framed(b'{"do":"make","first":3,"count":2,"at":90,"done":0}\n' + SET))
        came: list[bytes] = []
        frames = FrameReader()
        while len(came) < 2:
            received = ours.recv(65536)
            assert received, "the process ended before it had answered"
            came += frames.feed(received)
        ours.close()
        assert 0 == process.wait(PATIENCE_S)
    ready, answer = came
    head, _, batch = answer.partition(b"\n")
    assert (READY, b"{}") == (ready, head)
    wanted = [payloads.changed(payloads.build("SaleCreated", 3 + n, at=90 + n), {"comment": "x"}) for n in range(2)]
    assert wanted == unpack(["SaleCreated"] * 2, batch)
