"""Bodies that are being received hold so many bytes in all, and no more."""

import socket

import pytest

from frontsim.api import unfinished_bodies
from frontsim.api.unfinished_bodies import UnfinishedBodies
from frontsim.errors import Busy
from tests.api.simulation import Simulation
from tests.api.test_webhooks import assert_problem

MB = 1_000_000


def test_what_is_whole_or_broken_off_is_not_counted(monkeypatch: pytest.MonkeyPatch):
    """Large bodies are; the beginning of each is free, so a small one is taken even then."""
    monkeypatch.setattr(unfinished_bodies, "MOST_BYTES", 10 * MB)
    bodies = UnfinishedBodies()
    for _ in range(3):
        with bodies.hold() as one, bodies.hold() as other:
            one.grow(9 * MB)
            with pytest.raises(Busy):
                other.grow(2 * MB)
            with bodies.hold() as small:
                small.grow(60_000)


def test_too_many_large_bodies_at_once(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """503 with Retry-After, while small calls are answered; when the large one breaks off, there is room again."""
    monkeypatch.setattr(unfinished_bodies, "MOST_BYTES", MB)
    text = "x" * (MB // 2)
    with socket.create_connection(("127.0.0.1", sim.port)) as slow:
        head = b"POST /_sim/sink/erp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
        slow.sendall(head + b'"' + b"x" * MB)
        while (refused := sim.sim("POST", "clock", text)).status_code != 503:  # until the first one is read
            assert 422 == refused.status_code  # a text is no object: nothing of it is kept
        assert_problem(refused, 503)
        assert "1" == refused.headers["retry-after"]
        sim.does("sink/erp", "small")
    while sim.sim("POST", "clock", text).status_code != 422:
        pass
