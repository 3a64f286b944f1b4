"""A TCP peer that records what arrives and answers by a script: plain sockets, no HTTP library."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class PeerCall:
    """One connection that was accepted: what arrived on it, and how it ended."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.pieces: list[bytes] = []
        self.times: list[float] = []
        self.end: str | None = None
        """How the other side ended it: `fin` or `rst`; None while it has not."""
        self.over = asyncio.Event()

    @property
    def received(self) -> bytes:
        return b"".join(self.pieces)

    async def some(self) -> bytes:
        """The next bytes; empty once the other side has ended."""
        if self.end is not None:
            return b""
        loop = asyncio.get_running_loop()
        try:
            piece = await loop.sock_recv(self._link, 1 << 16)
        except ConnectionResetError:
            self.end = "rst"
            return b""
        if not piece:
            self.end = "fin"
            return b""
        self.pieces.append(piece)
        self.times.append(loop.time())
        return piece

    async def size(self, count: int) -> None:
        """Until `count` bytes have arrived in all."""
        while len(self.received) < count and await self.some():
            pass

    async def requests(self, count: int = 1) -> None:
        """Until `count` whole requests have arrived in all, or the other side has ended."""
        while len(whole_requests(self.received)) < count and await self.some():
            pass

    async def until_end(self) -> None:
        """Until the other side has ended."""
        while await self.some():
            pass

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._link, data)

    def finish(self) -> None:
        """Send FIN, in good order, if the other side has not ended the connection before."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Send RST."""
        self._link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._link.close()
        self.end = "ours"

    def close(self) -> None:
        self._link.close()


Script = Callable[[PeerCall], Awaitable[object]]


async def answers_ok(call: PeerCall) -> None:
    """Answer every request."""
    done = 0
    while call.end is None:
        await call.requests(done + 1)
        if len(whole_requests(call.received)) > done:
            done += 1
            await call.send(OK)


async def silent(call: PeerCall) -> None:
    """Read, and answer nothing."""
    await call.until_end()


def answers(data: bytes) -> Script:
    """Answer the first request with these bytes, then leave the connection open."""

    async def script(call: PeerCall) -> None:
        await call.requests()
        await call.send(data)

    return script


class Peer:
    """Listens on a free port of `host`; every connection runs `script`, then is read until it ends."""

    def __init__(self, script: Script = answers_ok, *, host: str = "127.0.0.1") -> None:
        self._script = script
        self._host = host
        self.calls: list[PeerCall] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.bind((self._host, 0))
        self._listener.listen(64)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._listener, self._accept)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.calls:
            call.close()
        failures = [end for end in ended if isinstance(end, Exception)]
        assert not failures, failures

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/hooks?token=abc"

    @property
    def requests(self) -> int:
        """Whole requests, on all connections."""
        return sum(len(whole_requests(call.received)) for call in self.calls)

    async def call(self, number: int = 0) -> PeerCall:
        """The connection of that number, once it is accepted."""
        while len(self.calls) <= number:
            await self._news.wait()
        return self.calls[number]

    async def ended(self, number: int = 0) -> PeerCall:
        """The connection of that number, once the other side has ended it."""
        call = await self.call(number)
        await call.over.wait()
        return call

    def _accept(self) -> None:
        link, _ = self._listener.accept()
        link.setblocking(False)
        call = PeerCall(link)
        self.calls.append(call)
        self._tasks.append(asyncio.get_running_loop().create_task(self._run(call)))
        self._news.set()
        self._news = asyncio.Event()

    async def _run(self, call: PeerCall) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            await self._script(call)
        await call.until_end()
        call.over.set()


class TlsPeer:
    """A TLS peer on asyncio streams: answers every request OK, and counts them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.connections = 0
        self.requests = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        self.connections += 1
        with suppress(ConnectionError):
            while piece := await reader.read(1 << 16):
                data += piece
                if whole_requests(data):
                    data = b""
                    self.requests += 1
                    writer.write(OK)
        writer.close()


def whole_requests(data: bytes) -> list[tuple[bytes, bytes]]:
    """The (head, body) pairs that are complete in `data`, each by its Content-Length."""
    found = []
    while b"\r\n\r\n" in data:
        head, _, rest = data.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            break
        found.append((head + b"\r\n\r\n", rest[:length]))
        data = rest[length:]
    return found
