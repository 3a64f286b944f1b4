"""A stand-in for the business system behind a receiver: slow, and sometimes busy.

A receiver may wait for such a system during its work (an ERP, a mail server, a cache of ids) while other requests
come in. A right receiver awaits nothing between key, effect and commit.
"""

import asyncio

from frontsim.receivers.reference import WorkFailed


class Backend:
    """A system whose calls take time, and which takes only so many callers at once.

    Args:
        name: for the log.
        seconds: how long a call takes.
        most: callers at once; it rejects one more, like an exhausted connection pool.
    """

    def __init__(self, name: str, *, seconds: float = 0.02, most: int = 4) -> None:
        self._name = name
        self._seconds = seconds
        self._most = most
        self._callers = 0

    async def call(self) -> None:
        """Take `seconds`.

        Raises:
            WorkFailed: it already has `most` callers.
        """
        if self._callers >= self._most:
            raise WorkFailed(f"the {self._name} has no connection left")
        self._callers += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._callers -= 1
