"""The business system behind a receiver, as far as it matters here: it is slow, and it can be busy.

It stands for whatever a receiver waits for in the middle of its work (an ERP, a mail server, a cache of ids),
while other requests come in. A receiver that is right awaits nothing between key, effect and commit.
"""

import asyncio

from frontsim.receivers.reference import WorkFailed


class Backend:
    """Something to call that takes its time, and only so many callers at once.

    Args:
        name: for the log.
        seconds: how long a call takes.
        most: callers at once; one more is turned away, as by a pool of connections that is used up.
    """

    def __init__(self, name: str, *, seconds: float = 0.02, most: int = 4) -> None:
        self._name = name
        self._seconds = seconds
        self._most = most
        self._callers = 0

    async def call(self) -> None:
        """Call it.

        Raises:
            WorkFailed: it has its hands full.
        """
        if self._callers >= self._most:
            raise WorkFailed(f"the {self._name} has no connection left")
        self._callers += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._callers -= 1
