"""Sends one POST for each delivery over pooled connections, never a second by itself.

The result says how far the request got: *not sent* only if no byte of it went to the kernel, *answered* when the
receiver's answer is here, and *unknown* for everything between. The sender does not limit how many are in flight: it
sends at once what it is given.
"""

import asyncio
import ssl
from collections import defaultdict
from contextlib import suppress

from frontsim.clock import stopwatch
from frontsim.delivery.connect import Lookups, NotConnected, connect
from frontsim.delivery.connection import Connection
from frontsim.delivery.in_flight import Attempt, Deadlines, Done, InFlight, Turns
from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.domain.delivery_request import Target, tls_context
from frontsim.domain.model import StatusText

IDLE_S = 4.0
"""Seconds until an idle connection is closed. Many servers close theirs after 5 s; ours are closed before, so that we
seldom write on a connection that the server is closing."""
ALONE_S = 0.003
"""As `IDLE_S`, for a server that has not yet answered on a connection beside an open one. One with a single thread
(Python's `HTTPServer`) reads no other connection until ours is closed."""
SWEEP_S = 0.5
"""Seconds between two looks for connections that have been idle for too long."""
TRUSTED_S = 0.1
"""Seconds for which an idle connection is used without asking the kernel whether the receiver has closed it, which
costs a system call for each delivery. No server waits for so short a time, and the event loop sees most ends itself."""
AWAKE_S = 0.01
"""Seconds since the newest answer was read, in which an idle connection is trusted. If nothing was read for longer, the
event loop may have been busy, and ends may wait in the kernel."""


class ConnectionPool:
    """Keeps connections. The one used last is used next, so that surplus ones reach `IDLE_S`.

    Two idle connections to one origin show that it serves several at once. Until then an idle one is soon closed.
    """

    def __init__(self) -> None:
        self._idle: defaultdict[str, dict[Connection, float]] = defaultdict(dict)
        self._open: set[Connection] = set()
        self._concurrent: set[str] = set()
        self._newest_answer = 0.0
        self._closer: asyncio.TimerHandle | None = None
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
        for timer in (self._sweeper, self._closer):
            if timer is not None:
                timer.cancel()
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
        idle = self._idle[connection.origin]
        self._newest_answer = idle[connection] = stopwatch()
        if len(idle) > 1:
            self._concurrent.add(connection.origin)
        elif self._closer is None and connection.origin not in self._concurrent:
            self._closer = asyncio.get_running_loop().call_later(ALONE_S, self._close_alone)
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

    def _close_alone(self) -> None:
        """Close what keeps a server of one thread from other connections; look again while one was used meanwhile."""
        alone = [idle for origin, idle in self._idle.items() if origin not in self._concurrent]
        latest = stopwatch() - ALONE_S
        for connection in [one for idle in alone for one, since in idle.items() if since <= latest]:
            connection.abort()
        self._closer = asyncio.get_running_loop().call_later(ALONE_S, self._close_alone) if any(alone) else None

    def _sweep(self) -> None:
        latest = stopwatch() - IDLE_S
        for connection in [one for idle in self._idle.values() for one, since in idle.items() if since <= latest]:
            connection.abort()
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep) if self._open else None


_OPEN_COST, _TLS_COST = 3, 8
"""Turns of the event loop that opening a connection uses up, without and with TLS. Beside a delivery on an open
connection, opening one costs about that much."""


class WebhookSender:
    """Sends to all receivers, on one event loop.

    Args:
        connect_timeout_s: seconds until a connection must be open: name lookup, TCP and TLS together.
        timeout_s: seconds from `send` until a delivery must be answered in whole.
        tls: from `tls_context`; None makes one that trusts the system's authorities at the first https delivery.
    """

    def __init__(self, *, connect_timeout_s: float, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._tls = tls
        self._in_flight = InFlight(timeout_s)
        self._connecting: Deadlines[Attempt] = Deadlines(connect_timeout_s, _on_connect_timeout)
        self._lookups = Lookups()
        self._pool = ConnectionPool()
        self._turns = Turns()
        self._openings: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def in_flight(self) -> int:
        """Deliveries that were sent and have no result yet."""
        return len(self._in_flight)

    def send(self, target: Target, headers: bytes, body: bytes, done: Done, plan: SendPlan = WHOLE) -> None:
        r"""Send one delivery. Never raises, never waits.

        Args:
            target: where to.
            headers: whole header lines, each ending in `\r\n`, that follow `target.head_start`. The
                sender adds Content-Length and the blank line.
            body: the body.
            done: called once with the result, on the event loop, after `send` has returned. It must not
                raise, and may send.
            plan: how it is sent.
        """
        head = b"%b%bContent-Length: %d\r\n\r\n" % (target.head_start, headers, len(body))
        attempt = Attempt(self._in_flight, head, body, plan, done)
        if self._closing:
            asyncio.get_running_loop().call_soon(attempt.fail, StatusText.NOT_SENT)
            return
        connection = self._pool.take(target.origin, attempt.started)
        if connection is not None:
            connection.carry(attempt)
        else:
            self._in_flight.suspend(attempt)
            self._turns.take(
                target.origin,
                lambda: self._begin_to_open(target, attempt),
                cost=_TLS_COST if target.tls else _OPEN_COST,
            )

    def recall(self) -> None:
        """End, as *not sent*, each delivery of which no byte was written."""
        self._in_flight.recall()

    async def close(self, grace_s: float) -> None:
        """Take no more; wait until all in flight have ended, at most `grace_s` seconds, then tear down the rest.

        What is torn down ends as *unknown*, or as *not sent* where no byte was written.
        """
        self._closing = True
        await self._in_flight.drained(grace_s)
        self._turns.clear()
        self._connecting.clear()
        self._lookups.close()
        await asyncio.gather(*self._openings, return_exceptions=True)
        await self._pool.close()

    def _begin_to_open(self, target: Target, attempt: Attempt) -> None:
        """Open a connection for an attempt, unless it ended while it waited for its turn. Its time begins here."""
        if attempt.ended:
            return
        self._in_flight.restart(attempt)
        opening = asyncio.get_running_loop().create_task(self._open(target, attempt))
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        attempt.abandon = opening.cancel
        self._connecting.add(attempt, stopwatch())

    async def _open(self, target: Target, attempt: Attempt) -> None:
        try:
            connection = await connect(
                target,
                await self._lookups.addresses(target.host),
                lambda: Connection(target.origin, self._pool, self._in_flight, self._turns),
                tls=self._context() if target.tls else None,
                within_s=self._connect_timeout_s,
            )
        except NotConnected as error:
            attempt.abandon = None
            attempt.fail(error.status_text)
        else:
            attempt.abandon = None
            if connection.why_gone is not None:
                attempt.fail(connection.why_gone)
            else:
                self._pool.adopt(connection)
                connection.carry(attempt)
        finally:
            self._connecting.discard(attempt)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context(verify=True, ca=None)
        return self._tls


def _on_connect_timeout(attempt: Attempt) -> None:
    attempt.fail(StatusText.CONNECT_TIMEOUT)
