"""Bodies hold so many bytes in all while they are received; large ones are parsed away from the event loop."""

import asyncio
import select
import socket
import threading
from typing import Any

import pytest

from frontsim.errors import Busy
from frontsim.user_input import request_body
from frontsim.user_input.fields import read_json
from frontsim.user_input.request_body import UnfinishedBodies
from tests.support.simulation import Simulation, assert_problem

MB = 1_000_000


def test_what_is_whole_or_broken_off_is_not_counted(monkeypatch: pytest.MonkeyPatch):
    """Large bodies are; the beginning of each is free, so a small one is taken even then."""
    monkeypatch.setattr(request_body, "MOST_UNFINISHED", 10 * MB)
    bodies = UnfinishedBodies()
    for _ in range(3):
        with bodies.hold() as one, bodies.hold() as other:
            one.grow(9 * MB)
            with pytest.raises(Busy):
                other.grow(2 * MB)
            with bodies.hold() as small:
                small.grow(60_000)


def unfinished(port: int) -> socket.socket:
    """A call whose body stops after a megabyte."""
    call = socket.create_connection(("127.0.0.1", port))
    head = b"POST /_sim/sink/erp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
    call.sendall(head + b'"' + b"x" * MB)
    return call


def test_too_many_large_bodies_at_once(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """503 with Retry-After, while small calls are answered; when the large one breaks off, there is room again."""
    monkeypatch.setattr(request_body, "MOST_UNFINISHED", MB)
    text = "x" * (MB // 2)
    slow = unfinished(sim.port)
    while (refused := sim.sim("POST", "clock", text)).status_code != 503:  # until the first one is read
        assert 422 == refused.status_code  # a text is no object: nothing of it is kept
        if select.select([slow], [], [], 0)[0]:  # it was refused itself, because the text was being read just then
            slow.close()
            slow = unfinished(sim.port)
    assert_problem(refused, 503)
    assert "1" == refused.headers["retry-after"]
    sim.does("sink/erp", "small")
    slow.close()
    while sim.sim("POST", "clock", text).status_code != 422:
        pass


def test_a_large_body_is_parsed_off_the_event_loop(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """A small one is parsed on it, because a thread would cost more."""
    threads: list[str] = []

    def noted(body: bytes) -> Any:
        threads.append(threading.current_thread().name)
        return read_json(body)

    monkeypatch.setattr(request_body, "read_json", noted)
    for size in (1_000, 1_000_000):
        sim.does("sink/erp", ["x" * size])
    on_the_loop, in_a_thread = threads
    assert "frontsim-server" == on_the_loop
    assert on_the_loop != in_a_thread


@pytest.mark.anyio
async def test_large_bodies_are_parsed_one_after_another(monkeypatch: pytest.MonkeyPatch):
    """Each holds Python's lock for some 25 ms: of several at once, the event loop would wait for each."""
    meeting, together = threading.Event(), list[bool]()

    def noted(body: bytes) -> Any:
        together.append(meeting.is_set())
        meeting.set()
        value = read_json(body)
        meeting.clear()
        return value

    monkeypatch.setattr(request_body, "read_json", noted)
    bodies = [b'"%b"' % (bytes([65 + number]) * MB) for number in range(5)]
    assert [each[1:-1].decode() for each in bodies] == await asyncio.gather(*map(request_body.parsed, bodies))
    assert 5 * [False] == together


MANY = b"[" + b",".join([b"[]"] * 100_000) + b"]"


@pytest.mark.parametrize("path", ["trigger", "sink/erp", "page/payloads/SaleCreated", "simulate", "faults", "leases"])
def test_a_body_of_many_values_is_refused(sim: Simulation, monkeypatch: pytest.MonkeyPatch, path: str):
    """It is not parsed: the parser would hold up every other call, in whatever thread it ran."""
    monkeypatch.setattr(request_body, "read_json", None)
    refused = sim.sim("POST", path, content=b'{"x": %s}' % MANY)
    assert_problem(refused, 413)
    assert "expected a body of at most 100,000 values, got 200,002" in refused.json()["detail"]
