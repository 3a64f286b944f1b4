"""Finds the addresses of a host's name, once for all who ask at the same time.

The system's lookups run on a few threads, and one whose name server is dead holds its thread for many
seconds. As a name is never looked up twice at once, it holds one of them at most, whatever waits for it.
"""

import asyncio
import socket
from ipaddress import ip_address

from simulator.domain.phrases import Phrase


class NotConnected(Exception):
    """No connection came about, so certainly nothing was sent."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase.value)
        self.phrase = phrase


class Lookups:
    """The lookups that are running. Nothing is remembered beyond them: that is the system's business."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[list[str]]] = {}

    async def addresses(self, host: str) -> list[str]:
        """Its addresses in the system's order, one at least.

        Raises:
            NotConnected: it has none, or no name server answered.
        """
        if _is_address(host):
            return [host]
        lookup = self._running.get(host)
        if lookup is None:
            lookup = self._running[host] = asyncio.get_running_loop().create_task(_look_up(host))
            lookup.add_done_callback(lambda _: self._running.pop(host, None))
        found = await asyncio.shield(lookup)
        if not found:
            raise NotConnected(Phrase.NAME_NOT_RESOLVED)
        return found

    def close(self) -> None:
        """Give up what is running."""
        for lookup in list(self._running.values()):
            lookup.cancel()


async def _look_up(host: str) -> list[str]:
    """Its addresses, none where the system says that there are none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # socket.gaierror is of the first kind
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
