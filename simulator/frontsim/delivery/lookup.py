"""Resolves host names; deliveries that need the same name at the same time share one lookup.

A lookup blocks its thread for many seconds when the name server is dead. So each lookup runs in a separate thread:
the event loop has few (uvloop lets two do lookups). A name is never looked up twice at once, so it blocks one thread at
most, and the threads are daemons, so that they do not delay the end of the program.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

from frontsim.domain.status_text import StatusText

MOST_AT_ONCE = 100
"""Names that are looked up at once; further ones wait."""


class NotConnected(Exception):
    """No connection could be opened, so nothing was sent."""

    def __init__(self, status_text: StatusText) -> None:
        super().__init__(status_text.value)
        self.status_text = status_text


class Lookups:
    """The lookups that are running. Results are not cached: the system does that."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[list[str]]] = {}
        self._threads = asyncio.Semaphore(MOST_AT_ONCE)

    async def addresses(self, host: str) -> list[str]:
        """Its addresses in the system's order, one at least.

        Raises:
            NotConnected: it has none, or no name server answered.
        """
        if _is_address(host):
            return [host]
        lookup = self._running.get(host)
        if lookup is None:
            lookup = self._running[host] = asyncio.get_running_loop().create_task(self._look_up(host))
            lookup.add_done_callback(lambda _: self._running.pop(host, None))
        found = await asyncio.shield(lookup)
        if not found:
            raise NotConnected(StatusText.NAME_NOT_RESOLVED)
        return found

    def close(self) -> None:
        """Cancel what is running."""
        for lookup in list(self._running.values()):
            lookup.cancel()

    async def _look_up(self, host: str) -> list[str]:
        async with self._threads:
            found: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
            threading.Thread(target=_resolve_in_thread, args=(host, found), name="frontsim-lookup", daemon=True).start()
            return await found


def _resolve_in_thread(host: str, found: "asyncio.Future[list[str]]") -> None:
    """Resolve a name; the addresses are empty where it has none."""
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # socket.gaierror is of the first kind
        entries = []
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    with suppress(RuntimeError):  # the event loop is closed
        found.get_loop().call_soon_threadsafe(_set_result, found, addresses)


def _set_result(found: "asyncio.Future[list[str]]", addresses: list[str]) -> None:
    if not found.done():  # cancelled
        found.set_result(addresses)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
