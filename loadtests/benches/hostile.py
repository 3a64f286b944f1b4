"""The cost of one hostile receiver to a good one: the good destination's rate beside each kind, as JSON lines.

    cd loadtests && python -m benches.hostile [--events 3000] [--kind NAME]...

Each event goes to two webhooks: one to a good receiver, one to a hostile one. `ofPlain` is the good one's rate, of that
beside a second good receiver measured just before; `ofPlainByCpu` is the same by the simulator's processor time,
which says more on a busy machine. `wrong` counts the good one's deliveries that the log does not show
as answered with 200, once: it must be 0. The hostile receiver runs at the lowest priority, so that what it burns itself
does not count.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from typing import Any, cast

import httptools
import uvloop

from benches.figures import print_figures
from benches.served import Served, served

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = HEAD + b"Content-Length: 999999999999\r\n\r\n"
X64 = b"x" * 65_536
PATIENCE_S = 60.0
WARM_UP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a receiver behaves.

    Args:
        at_connect: what it sends before it has read anything.
        answer: what it sends when a request has come.
        more: what it sends over and over after that.
        step_s: seconds between two times of `more`; 0 is as fast as the connection takes it.
        end: what follows the answer: nothing, a FIN or an RST.
        end_at_connect: end the connection before anything is read.
        reads: whether it reads.
    """

    at_connect: bytes = b""
    answer: bytes = b""
    more: bytes = b""
    step_s: float = 0.0
    end: str = ""
    end_at_connect: bool = False
    reads: bool = True


KINDS: Mapping[str, Kind | None] = {
    "plain": Kind(answer=OK),
    # Connections.
    "refuses": None,
    "never accepts": None,
    "closes at once": Kind(end="fin", end_at_connect=True),
    "resets at once": Kind(end="rst", end_at_connect=True),
    "reads nothing": Kind(reads=False),
    "never answers": Kind(),
    "closes after the request": Kind(end="fin"),
    "resets after the request": Kind(end="rst"),
    "closes after each answer": Kind(answer=OK, end="fin"),
    "resets after each answer": Kind(answer=OK, end="rst"),
    "speaks first": Kind(at_connect=b"220 mail.example ESMTP\r\n"),
    "answers before it is asked": Kind(at_connect=OK, answer=OK),
    "floods before it is asked": Kind(at_connect=OK, more=X64),
    # Heads.
    "half a status line": Kind(answer=b"HTTP/1.1 2"),
    "half a status line, then FIN": Kind(answer=b"HTTP/1.1 2", end="fin"),
    "a head without end": Kind(answer=HEAD + b"X: y\r\n"),
    "drips a head": Kind(answer=HEAD + b"X: ", more=b"x", step_s=0.001),
    "an endless header": Kind(answer=HEAD + b"X: ", more=X64),
    "endless headers": Kind(answer=HEAD, more=b"X: y\r\n" * 10_000),
    "endless headers without value": Kind(answer=HEAD, more=b"A:\r\n" * 10_000),
    "endless 100 Continue": Kind(more=b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
    "endless 103 Early Hints": Kind(more=b"HTTP/1.1 103 x\r\nLink: y\r\n\r\n" * 2_000),
    "two lengths": Kind(answer=HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "a negative length": Kind(answer=HEAD + b"Content-Length: -1\r\n\r\n"),
    "length and chunks": Kind(answer=HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "HTTP/2": Kind(answer=b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    "a TLS alert": Kind(answer=b"\x15\x03\x03\x00\x02\x02\x46"),
    "endless zeros": Kind(more=b"\0" * 65_536),
    "switches protocols, then floods": Kind(answer=b"HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n", more=X64),
    # Bodies.
    "an endless body": Kind(answer=HEAD + b"\r\n", more=X64),
    "an endless body with a length": Kind(answer=LONG, more=X64),
    "an endless body of lines": Kind(answer=HEAD + b"\r\n", more=b"\n" * 65_536),
    "drips a body": Kind(answer=LONG, more=b"x", step_s=0.001),
    "a body of 1 MB": Kind(answer=HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000),
    "a body of 10 MB": Kind(answer=HEAD + b"Content-Length: 10000000\r\n\r\n" + b"x" * 10_000_000),
    "a body that is never whole": Kind(answer=LONG + b"x"),
    "204 with a body": Kind(answer=b"HTTP/1.1 204 No Content\r\n\r\n", more=X64),
    "an answer, then a flood": Kind(answer=OK, more=X64),
    "two answers": Kind(answer=OK + OK),
    # Chunks.
    "endless chunks": Kind(answer=CHUNKED, more=b"10000\r\n" + X64 + b"\r\n"),
    "endless one-byte chunks": Kind(answer=CHUNKED, more=b"1\r\nx\r\n" * 10_000),
    "2,000 one-byte chunks": Kind(answer=CHUNKED + b"1\r\nx\r\n" * 2_000 + b"0\r\n\r\n"),
    "chunk extensions of 200 kB": Kind(answer=CHUNKED, more=b"1;x=" + b"y" * 200_000 + b"\r\nx\r\n"),
    "many chunk extensions": Kind(answer=CHUNKED, more=b"1" + b";x=y" * 16_000 + b"\r\nx\r\n"),
    "an endless chunk extension": Kind(answer=CHUNKED + b"1;x=", more=X64),
    "an endless chunk size": Kind(answer=CHUNKED, more=b"0" * 65_536),
    "a wrong chunk size": Kind(answer=CHUNKED + b"zz\r\n"),
    "an endless trailer": Kind(answer=CHUNKED + b"0\r\nX: ", more=X64),
    "endless trailers": Kind(answer=CHUNKED + b"0\r\n", more=b"A:\r\n" * 10_000),
    # Answers that are only bad news.
    "500 each time": Kind(answer=b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"),
    "redirects to itself": Kind(answer=b"HTTP/1.1 307 x\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
}
"""By name; None has no server."""


class _Receiver(asyncio.Protocol):
    """One connection to a receiver of a kind."""

    def __init__(self, kind: Kind, count: Any) -> None:
        self._kind = kind
        self._count = count
        self._parser = httptools.HttpRequestParser(self)
        self._writable = True
        self._sends_more = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what comes first, or end."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        if self._kind.at_connect:
            self._transport.write(self._kind.at_connect)
        if self._kind.end_at_connect:
            self._end()
        if not self._kind.reads:
            self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Parse, so that a request is answered when it is whole."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer a request."""
        self._count.value += 1
        if self._kind.answer:
            self._transport.write(self._kind.answer)
        if self._kind.more:
            self._sends_more = True
            self._send_more()
        self._end()

    def pause_writing(self) -> None:
        """The connection is full."""
        self._writable = False

    def resume_writing(self) -> None:
        """The connection takes more."""
        self._writable = True
        self._send_more()

    def _send_more(self) -> None:
        while self._sends_more and self._writable and not self._transport.is_closing():
            self._transport.write(self._kind.more)
            if self._kind.step_s:
                asyncio.get_running_loop().call_later(self._kind.step_s, self._send_more)
                break

    def _end(self) -> None:
        if self._kind.end == "fin":
            self._transport.close()
        elif self._kind.end == "rst":
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()


def _serve(name: str, pipe: Any, count: Any) -> None:
    kind = KINDS[name]
    assert kind is not None
    if name != "plain":
        os.nice(19)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Receiver(kind, count), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


@contextmanager
def receiver(name: str) -> Iterator[tuple[str, Any]]:
    """A receiver of that kind, in a separate process; yields its URL, and the count of its requests."""
    count = multiprocessing.get_context("spawn").Value("q", 0, lock=False)
    if KINDS[name] is None:
        with socket.socket() as listener, _filled(listener, full=name == "never accepts") as port:
            yield f"http://127.0.0.1:{port}/hook", count
        return
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process: SpawnProcess = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(name, theirs, count), daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook", count
    finally:
        process.kill()
        process.join()


@contextmanager
def _filled(listener: socket.socket, *, full: bool) -> Iterator[int]:
    """A port on which nothing listens, or one whose backlog is full."""
    listener.bind(("127.0.0.1", 0))
    fillers = [socket.socket() for _ in range(8 * full)]
    try:
        if full:
            listener.listen(0)
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
    finally:
        for filler in fillers:
            filler.close()


@dataclass(frozen=True, slots=True)
class Cost:
    """The time of the good receiver's deliveries, and of all that the simulator did meanwhile."""

    per_second: float
    cpu_s: float
    wrong: int


def beside(name: str, events: int) -> Cost:
    """Deliver to a good receiver beside one of that kind."""
    options = ("--timeout", "5", "--connect-timeout", "5", "--max-waiting", "1000000")
    with receiver("plain") as (good_url, got), receiver(name) as (bad_url, _), served(*options) as simulator:
        good = simulator.subscribe(good_url)
        simulator.subscribe(bad_url)
        simulator.trigger(WARM_UP)
        _until(got, WARM_UP)
        began, cpu_s = time.perf_counter(), simulator.cpu_s()
        raising = threading.Thread(target=simulator.trigger, args=(events,))
        raising.start()
        _until(got, WARM_UP + events)
        wall_s, cpu_s = time.perf_counter() - began, simulator.cpu_s() - cpu_s
        raising.join()
        return Cost(events / wall_s, cpu_s, _wrong(simulator, good, WARM_UP + events))


def _until(got: Any, count: int) -> None:
    deadline = time.perf_counter() + PATIENCE_S
    while got.value < count and time.perf_counter() < deadline:
        time.sleep(0.002)


def _wrong(simulator: Served, webhook: str, events: int) -> int:
    """Deliveries that are not logged as answered with 200, once."""
    deadline = time.perf_counter() + PATIENCE_S
    while True:
        right: int = sum(
            entry["statusCode"] == 200 and entry["runsCounter"] == 1
            for entry in simulator.events(webhook, "success=true")
        )
        if right == events or time.perf_counter() > deadline:
            return events - right
        time.sleep(0.2)  # the last outcomes are on their way into the log


def main() -> None:
    """Measure each kind, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3_000)
    parser.add_argument("--kind", action="append", choices=KINDS, help="repeatable; all by default")
    options = parser.parse_args()
    for name in options.kind or list(KINDS)[1:]:
        plain, cost = beside("plain", options.events), beside(name, options.events)
        print_figures(
            f"good destination beside: {name}",
            perSecond=cost.per_second,
            ofPlain=cost.per_second / plain.per_second,
            ofPlainByCpu=plain.cpu_s / cost.cpu_s if cost.cpu_s else None,
            wrong=cost.wrong,
        )


if __name__ == "__main__":
    main()
