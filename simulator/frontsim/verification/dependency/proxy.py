"""A proxy in front of one dependency: it passes bytes both ways, and breaks connections as `Traffic` says.

    receiver --- 127.0.0.1:PORT (here) --- HOST:PORT (the dependency)

It holds a few pieces of a connection in memory at most: while one side does not read, the other is not read either.
"""

import asyncio
import logging
import socket
import struct
from contextlib import suppress

from frontsim.verification.dependency.address import DependencyAddress
from frontsim.verification.dependency.breakage import DependencyFault, Passage, Traffic
from frontsim.verification.dependency.commits import Commits

logger = logging.getLogger(__name__)

_PIECE = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing resets the connection."""


class _Cut(Exception):
    """The connection is to be cut here."""


class Proxy:
    """One dependency's proxy. All methods run in one event loop.

    Args:
        address: the dependency.
        traffic: what is broken; proxies of one run share it.
        listener: where the receiver connects.
    """

    def __init__(self, address: DependencyAddress, traffic: Traffic, listener: socket.socket) -> None:
        self.address = address
        self._traffic = traffic
        self._listener = listener
        self._links: set[_Link] = set()
        self._mended = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._listener, limit=_PIECE)

    def close(self) -> None:
        """Stop listening, and close every connection."""
        if self._server:
            self._server.close()
        self.cut_all()

    def cut_all(self) -> int:
        """Reset every connection; how many there were."""
        links = set(self._links)
        for link in links:
            link.cut()
        return len(links)

    def mend(self) -> None:
        """Let go what is held."""
        self._mended.set()
        self._mended = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = self._traffic.connect(self.address.name)
        if passage is Passage.CUT:
            _reset(writer)
            return
        link = _Link(reader, writer)
        self._links.add(link)
        try:
            await self._serve(link, is_held=passage is Passage.HOLD)
        except (_Cut, OSError, asyncio.CancelledError) as error:  # it is cancelled only at the end of the loop
            logger.debug("%s: a connection ended: %r", self.address.name, error)
        finally:
            self._links.discard(link)
            link.cut()

    async def _serve(self, link: "_Link", *, is_held: bool) -> None:
        if is_held:
            await self._mended.wait()
        await link.connect(self.address)
        there = asyncio.create_task(self._requests(link))
        back = asyncio.create_task(self._answers(link))
        done, left = await asyncio.wait({there, back}, return_when=asyncio.FIRST_EXCEPTION)
        for task in left:
            task.cancel()
        for task in done:
            task.result()

    async def _requests(self, link: "_Link") -> None:
        """Pass what the receiver sends."""
        reader, writer = link.towards_dependency
        while data := await reader.read(_PIECE):
            link.is_asked = True
            is_commit = link.commits.sent(data)
            await self._obey(self._traffic.send(self.address.name, is_commit=is_commit))
            writer.write(data)
            await writer.drain()
        _finish(writer)

    async def _answers(self, link: "_Link") -> None:
        """Pass what the dependency sends."""
        reader, writer = link.towards_receiver
        while data := await reader.read(_PIECE):
            is_first, link.is_asked = link.is_asked, False
            is_commit = link.commits.answered(data)
            await self._obey(self._traffic.answer(self.address.name, is_first=is_first, is_commit=is_commit))
            writer.write(data)
            await writer.drain()
        _finish(writer)

    async def _obey(self, passage: Passage) -> None:
        if passage is Passage.CUT:
            raise _Cut
        if passage is Passage.HOLD:
            await self._mended.wait()
        elif passage is Passage.LATER and self._traffic.breakage:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._mended.wait(), self._traffic.breakage.delay_s)
        if self._traffic.strikes(self.address.name, DependencyFault.DOWN):
            raise _Cut


class _Link:
    """A connection of the receiver, with the one to the dependency that belongs to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._from_receiver, self._to_receiver = reader, writer
        self._from_dependency: asyncio.StreamReader | None = None
        self._to_dependency: asyncio.StreamWriter | None = None
        self.commits = Commits()
        self.is_asked = False

    async def connect(self, address: DependencyAddress) -> None:
        """Connect to the dependency. Raises OSError."""
        opened = await asyncio.open_connection(address.host, address.port, limit=_PIECE)
        self._from_dependency, self._to_dependency = opened
        for writer in (self._to_dependency, self._to_receiver):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def towards_dependency(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._to_dependency is not None
        return self._from_receiver, self._to_dependency

    @property
    def towards_receiver(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._from_dependency is not None
        return self._from_dependency, self._to_receiver

    def cut(self) -> None:
        """Reset both sides."""
        for writer in filter(None, (self._to_receiver, self._to_dependency)):
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


def _finish(writer: asyncio.StreamWriter) -> None:
    """Tell the one side that the other has finished sending."""
    with suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
