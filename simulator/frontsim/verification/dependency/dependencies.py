"""All dependencies of a run: their proxies, in a separate thread, and what is broken now."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from frontsim.errors import Unusable
from frontsim.listening import listen
from frontsim.verification.dependency.address import LOOPBACK, DependencyAddress
from frontsim.verification.dependency.breakage import Breakage, DependencyFault, Traffic
from frontsim.verification.dependency.proxy import Proxy

_ANSWERS_WITHIN_S = 5.0


class Dependencies:
    """What stands between the receiver and its dependencies. The methods may be called from any thread."""

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
        """What tells a receiver that we start where to connect: HOST:PORT of each proxy."""
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
def open_dependencies(addresses: Sequence[DependencyAddress]) -> Iterator[Dependencies | None]:
    """Proxies for the dependencies until the end; None without any.

    Raises:
        Unusable: nothing listens at a dependency's address, or its own port is not free.
    """
    if not addresses:
        yield None
        return
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
        socket.create_connection((address.host, address.port), timeout=_ANSWERS_WITHIN_S).close()
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
