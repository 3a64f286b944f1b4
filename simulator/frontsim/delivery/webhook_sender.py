"""Sends deliveries: one HTTP/1.1 POST each, never a second one by itself, and one result for each.

The result says how far the request got: *not sent* only if no byte of it went to the kernel, *answered* when the
receiver's answer is here, and *unknown* for everything between. The sender does not limit how many are in flight: it
sends at once what it is given.
"""

import asyncio
import ssl

from frontsim.clock import stopwatch
from frontsim.delivery.connect import connect
from frontsim.delivery.connection import Connection
from frontsim.delivery.deadlines import Deadlines
from frontsim.delivery.in_flight import Attempt, Done, InFlight
from frontsim.delivery.lookup import Lookups, NotConnected
from frontsim.delivery.pool import ConnectionPool
from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.delivery.turns import Turns
from frontsim.domain.status_text import StatusText
from frontsim.domain.target import Target
from frontsim.tls import tls_context

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
