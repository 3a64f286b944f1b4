"""Finds the addresses of a host's name, once for all who ask at the same time.

A lookup holds its thread for many seconds when its name server is dead, so each has one of its own: the event loop's
threads are few (uvloop lets two do lookups). As a name is never looked up twice at once, it holds one at most, whatever
waits for it; and none holds up the end of the program.
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
    """No connection came about, so certainly nothing was sent."""

    def __init__(self, phrase: StatusText) -> None:
        super().__init__(phrase.value)
        self.phrase = phrase


class Lookups:
    """The lookups that are running. Nothing is remembered beyond them: that is the system's business."""

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
        """Give up what is running."""
        for lookup in list(self._running.values()):
            lookup.cancel()

    async def _look_up(self, host: str) -> list[str]:
        async with self._threads:
            found: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
            threading.Thread(target=_ask_system, args=(host, found), name="frontsim-lookup", daemon=True).start()
            return await found


def _ask_system(host: str, found: "asyncio.Future[list[str]]") -> None:
    """Tell its addresses, none where the system says that there are none; in a thread of its own."""
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # socket.gaierror is of the first kind
        entries = []
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    with suppress(RuntimeError):  # the event loop is closed: nobody wants to know any more
        found.get_loop().call_soon_threadsafe(_tell, found, addresses)


def _tell(found: "asyncio.Future[list[str]]", addresses: list[str]) -> None:
    if not found.done():  # given up
        found.set_result(addresses)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
