"""The ceiling of every rate: bare asyncio transports that send to a sink that only answers."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CONNECTIONS = 256
"""Connections, each with one request in flight."""


class _Sink(asyncio.Protocol):
    """Answers 200 to every request, and does nothing else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(ANSWER)


def _serve_sink(pipe: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


@contextmanager
def sink() -> Iterator[str]:
    """A receiver that costs next to nothing, in a separate process; yields its URL."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve_sink, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # without this, a sink that cannot start would leave us waiting
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.kill()
        process.join()


class BareSender(asyncio.Protocol):
    """Sends the next request when it has the answer to the last one; no log, no parsing, no payloads.

    Args:
        request: its bytes, the same each time.
        answer_size: how many bytes one answer has.
        goes_on: whether to send another, by the number of answers so far.
    """

    def __init__(self, request: bytes, *, answer_size: int, goes_on: Callable[[int], bool]) -> None:
        self._request = request
        self._answer_size = answer_size
        self._goes_on = goes_on
        self._seen = 0
        self.count = 0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._seen += len(data)
        if self._seen < self._answer_size:
            return
        self._seen = 0
        self.count += 1
        if self._goes_on(self.count):
            self._transport.write(self._request)
        elif not self.over.done():
            self._transport.close()
            self.over.set_result(None)


def send_bare(url: str, body: bytes, count: int) -> Mapping[str, float]:
    """Send a body `count` times over `CONNECTIONS` bare transports (or as many as there are bodies).

    Returns:
        `perSecond`, and `cpuSecondsPer1000` of this process.
    """
    parts = urlsplit(url)
    request = b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        parts.path.encode(), parts.netloc.encode(), len(body), body,
    )  # fmt: skip
    connections = min(CONNECTIONS, count)
    each = count // connections

    def make_sender() -> BareSender:
        return BareSender(request, answer_size=len(ANSWER), goes_on=lambda count: count < each)

    async def send() -> None:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(make_sender, parts.hostname or "", parts.port or 80)
            for _ in range(connections)
        ]
        await asyncio.gather(*(sender.over for _, sender in made))

    cpu_s, began = time.process_time(), time.perf_counter()
    uvloop.run(send())
    wall_s, sent = time.perf_counter() - began, each * connections
    return {"perSecond": sent / wall_s, "cpuSecondsPer1000": (time.process_time() - cpu_s) / sent * 1000}
