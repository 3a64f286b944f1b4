"""The proxies in front of a run's dependencies, in a separate thread.

receiver --- 127.0.0.1:PORT (here) --- HOST:PORT (the dependency)

It holds a few pieces of a connection in memory at most: while one side does not read, the other is not read either.
"""

import asyncio
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from frontsim.errors import Unusable
from frontsim.hosting.listening import listen
from frontsim.hosting.user_program import CONNECT_S
from frontsim.verification.dependency.breakage import (
    LOOPBACK,
    Breakage,
    DependencyAddress,
    DependencyFault,
    Passage,
    Traffic,
)
from frontsim.verification.dependency.commits import Commits

logger = logging.getLogger(__name__)

_PIECE = 64 * 1024
_AT_ONCE = 4 * 1024
"""Bytes that are searched for commits before others get their turn: small messages take some 0.3 us a byte."""
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
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (there, back):
                task.cancel()
            ends = await asyncio.gather(there, back, return_exceptions=True)  # or asyncio warns of the second error
        for error in filter(None, ends):
            raise error

    async def _requests(self, link: "_Link") -> None:
        """Pass what the receiver sends."""
        reader, writer = link.towards_dependency
        while data := await reader.read(_PIECE):
            is_commit = await self._holds_commit(link, link.commits.sent, data)
            is_first, link.is_asked = not link.is_asked, True
            await self._obey(self._traffic.send(self.address.name, is_first=is_first, is_commit=is_commit))
            writer.write(data)
            await writer.drain()
        _finish(writer)

    async def _answers(self, link: "_Link") -> None:
        """Pass what the dependency sends."""
        reader, writer = link.towards_receiver
        while data := await reader.read(_PIECE):
            is_commit = await self._holds_commit(link, link.commits.answered, data)
            is_first, link.is_asked = link.is_asked, False
            await self._obey(self._traffic.answer(self.address.name, is_first=is_first, is_commit=is_commit))
            writer.write(data)
            await writer.drain()
        _finish(writer)

    @staticmethod
    async def _holds_commit(link: "_Link", read: Callable[[bytes], bool], data: bytes) -> bool:
        """Look for a commit in a piece; other connections go on meanwhile, because it may hold many messages."""
        if not link.commits.is_readable:
            return False
        found = read(data[:_AT_ONCE])
        for start in range(_AT_ONCE, len(data), _AT_ONCE):
            await asyncio.sleep(0)
            found |= read(data[start : start + _AT_ONCE])
        return found

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


class Dependencies:
    """Stands between the receiver and its dependencies. The methods may be called from any thread."""

    def __init__(
        self, addresses: Sequence[DependencyAddress], ports: Sequence[int], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._ports = dict(zip((each.name for each in addresses), ports, strict=True))
        self.addresses = tuple(addresses)
        self._loop = loop
        self._traffic = Traffic()
        self._proxies: list[Proxy] = []

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._ports)

    @property
    def connections(self) -> int:
        """How many connections the receiver has opened."""
        return self._traffic.connections

    def answers(self, name: str = "") -> int:
        """How many of the receiver's requests were answered, by one dependency or by all."""
        return self._traffic.answers[name] if name else self._traffic.answers.total()

    def commits(self, name: str = "") -> int:
        """How many of the receiver's commits were answered, by one dependency or by all."""
        return self._traffic.commits[name] if name else self._traffic.commits.total()

    @property
    def hits(self) -> int:
        """How often the present or last fault has hit something."""
        return self._traffic.hits

    def port(self, name: str) -> int:
        """The port that stands in for a dependency."""
        return self._ports[name]

    def listens_at(self, name: str) -> str:
        """Where the receiver must connect, as HOST:PORT."""
        return f"{LOOPBACK}:{self._ports[name]}"

    @property
    def sentences(self) -> list[str]:
        """For the user: where the receiver must connect."""
        return [f"dependency {each.name}: {self.listens_at(each.name)} -> {each.shown}" for each in self.addresses]

    @property
    def environment(self) -> dict[str, str]:
        """Tells a receiver that we start where to connect: HOST:PORT of each proxy."""
        return {each.variable: self.listens_at(each.name) for each in self.addresses}

    def filled_in(self, command: str) -> str:
        """A command with the ports in place of `{NAME_port}`."""
        for each in self.addresses:
            command = command.replace(each.placeholder, str(self._ports[each.name]))
        return command

    def break_(self, breakage: Breakage) -> None:
        """Break one or all from now on; what was broken before is mended."""
        self._in_loop(lambda: self._begin(breakage))

    def mend(self) -> None:
        """Nothing is broken any more, and what was held goes on."""
        self._in_loop(self._end)

    def _begin(self, breakage: Breakage) -> None:
        self._end()
        self._traffic.begin(breakage)
        if breakage.fault is DependencyFault.DOWN:
            for each in self._proxies:
                if breakage.dependency in ("", each.address.name):
                    self._traffic.hits += each.cut_all()

    def _end(self) -> None:
        self._traffic.end()
        for each in self._proxies:
            each.mend()

    def _in_loop(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait()

    def close(self) -> None:
        """End all connections; the loop's thread has ended before."""
        for each in self._proxies:
            each.close()

    async def serve(self, listeners: Sequence[socket.socket]) -> None:
        """Start a proxy for each."""
        for address, listener in zip(self.addresses, listeners, strict=True):
            proxy = Proxy(address, self._traffic, listener)
            await proxy.start()
            self._proxies.append(proxy)


@contextmanager
def open_dependencies(addresses: Sequence[DependencyAddress]) -> Iterator[Dependencies]:
    """Proxies for one dependency or more, until the end.

    Raises:
        Unusable: nothing listens at a dependency's address, or its own port is not free.
    """
    for each in addresses:
        _check(each)
    listeners = _listeners(addresses)
    loop = asyncio.new_event_loop()
    ports = [each.getsockname()[1] for each in listeners]
    dependencies = Dependencies(addresses, ports, loop)
    loop.run_until_complete(dependencies.serve(listeners))
    thread = threading.Thread(target=loop.run_forever, name="frontsim-dependencies", daemon=True)
    thread.start()
    try:
        yield dependencies
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        dependencies.close()
        _close(loop)


def _check(address: DependencyAddress) -> None:
    try:
        socket.create_connection((address.host, address.port), timeout=CONNECT_S).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unusable(
            f"--dependency {address.name}: expected something that listens on {address.shown}, got: {reason}; start "
            "the dependency first: verify needs it whole before it breaks it"
        ) from None


def _listeners(addresses: Sequence[DependencyAddress]) -> list[socket.socket]:
    opened: list[socket.socket] = []
    for each in addresses:
        try:
            opened.append(listen(LOOPBACK, each.own_port))
        except Unusable as error:
            for listener in opened:
                listener.close()
            raise Unusable(
                f"--dependency {each.name}: {error.args[0].partition(' (')[0]}; leave @{each.own_port} out to take any "
                "free port"
            ) from None
    return opened


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """End all connections, then the loop."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
