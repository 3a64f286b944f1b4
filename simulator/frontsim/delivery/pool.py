"""Idle connections by origin, and the set of all that are open."""

import asyncio
from collections import defaultdict
from contextlib import suppress

from frontsim.clock import stopwatch
from frontsim.delivery.connection import Connection

IDLE_S = 4.0
"""Seconds until an idle connection is closed. Many servers close theirs after 5 s; ours are closed before, so that we
seldom write on a connection that the server is closing."""
SWEEP_S = 0.5
"""Seconds between two looks for connections that have been idle for too long."""
TRUSTED_S = 0.1
"""Seconds for which an idle connection is used without asking the kernel whether the receiver has closed it, which
costs a system call for each delivery. No server waits for so short a time, and the event loop sees most ends itself."""
AWAKE_S = 0.01
"""Seconds since the newest answer was read, in which an idle connection is trusted. If nothing was read for longer, the
event loop may have been busy, and ends may wait in the kernel."""


class ConnectionPool:
    """Keeps connections. The one used last is used next, so that surplus ones reach `IDLE_S`."""

    def __init__(self) -> None:
        self._idle: defaultdict[str, dict[Connection, float]] = defaultdict(dict)
        self._open: set[Connection] = set()
        self._newest_answer = 0.0
        self._sweeper: asyncio.TimerHandle | None = None
        self._none_open: asyncio.Event | None = None

    def take(self, origin: str, now: float) -> Connection | None:
        """A connection on which nothing has come since it became idle, if there is one.

        A connection that its receiver has closed is skipped, also where only the kernel knows yet: no byte of this
        request was written on it, so opening another sends nothing twice. `now` is a moment on the stopwatch.
        """
        idle = self._idle.get(origin)
        trusted = now - TRUSTED_S if now - self._newest_answer < AWAKE_S else now
        while idle:
            connection, since = idle.popitem()
            if since > trusted or not connection.is_stale():
                return connection
            connection.abort()
        return None

    def adopt(self, connection: Connection) -> None:
        """Count an open connection until its socket is closed."""
        self._open.add(connection)

    async def close(self) -> None:
        """Close all connections, and wait until their sockets are closed, a second at most."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._none_open = asyncio.Event()
        for connection in list(self._open):
            connection.abort()
        if self._open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._none_open.wait(), 1)

    # What a connection calls.

    def on_idle(self, connection: Connection) -> None:
        """Keep a connection that may carry another attempt."""
        if self._none_open is not None:
            connection.abort()
            return
        self._newest_answer = self._idle[connection.origin][connection] = stopwatch()
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def on_gone(self, connection: Connection) -> None:
        """Drop a connection that carries nothing any more."""
        idle = self._idle.get(connection.origin)
        if idle is not None:
            idle.pop(connection, None)
            if not idle:
                del self._idle[connection.origin]

    def on_closed(self, connection: Connection) -> None:
        """Forget a connection whose socket is closed."""
        self._open.discard(connection)
        if self._none_open is not None and not self._open:
            self._none_open.set()

    def _sweep(self) -> None:
        latest = stopwatch() - IDLE_S
        for connection in [one for idle in self._idle.values() for one, since in idle.items() if since <= latest]:
            connection.abort()
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep) if self._open else None
