"""Sends deliveries: one HTTP/1.1 POST each, never a second one by itself, and one result for each.

The result says how far the request got. *Not sent* is only said when certainly not one byte of it was
handed to the kernel; *answered* when the receiver's whole answer is here; anything between is *unknown*.
How many may be in flight is not the wire's business: it sends whatever it is given, at once.
"""

import asyncio
import ssl

from frontsim.delivery.connection import Connection
from frontsim.delivery.deadlines import Deadlines
from frontsim.delivery.in_flight import Attempt, Done, InFlight
from frontsim.delivery.lookup import Lookups, NotConnected
from frontsim.delivery.opening import connect
from frontsim.delivery.pool import ConnectionPool
from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.delivery.tls import tls_context
from frontsim.domain.status_text import StatusText
from frontsim.domain.target import Target


class Wire:
    """The way to all receivers, on one event loop.

    Args:
        connect_timeout_s: seconds until a connection must stand: name lookup, TCP and TLS together.
        timeout_s: seconds from `send` until a delivery must be answered in whole.
        tls: what is trusted, from `tls_context`; None makes one that trusts the system's authorities when
            the first https delivery comes.
    """

    def __init__(self, *, connect_timeout_s: float, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._tls = tls
        self._register = InFlight(timeout_s)
        self._connecting: Deadlines[Attempt] = Deadlines(connect_timeout_s, _too_late)
        self._lookups = Lookups()
        self._pool = ConnectionPool()
        self._openings: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def in_flight(self) -> int:
        """Deliveries that were sent and have no result yet."""
        return len(self._register)

    def send(self, target: Target, headers: bytes, body: bytes, done: Done, manner: SendPlan = WHOLE) -> None:
        r"""Send one delivery. Never raises, never waits.

        Args:
            target: where to.
            headers: whole header lines, each ending in `\r\n`, that follow `target.opening`. The wire adds
                Content-Length and the blank line.
            body: the body.
            done: called once with the result, on the event loop, after `send` has returned. It does not
                raise, and may send.
            manner: how it is sent.
        """
        head = b"%b%bContent-Length: %d\r\n\r\n" % (target.opening, headers, len(body))
        exchange = Attempt(self._register, head, body, manner, done)
        if self._closing:
            asyncio.get_running_loop().call_soon(exchange.fail, StatusText.NOT_SENT)
            return
        connection = self._pool.take(target.origin, exchange.started)
        if connection is not None:
            connection.carry(exchange)
        else:
            opening = asyncio.get_running_loop().create_task(self._open(target, exchange))
            self._openings.add(opening)
            opening.add_done_callback(self._openings.discard)
            exchange.abandon = opening.cancel
            self._connecting.add(exchange, exchange.started)

    def recall(self) -> None:
        """End, as *not sent*, each delivery of which not a byte was written."""
        self._register.recall()

    async def close(self, grace_s: float) -> None:
        """Take no more; wait until all in flight have ended, `grace_s` seconds at most, then tear down.

        What is torn down ends as *unknown*, or as *not sent* where no byte was written.
        """
        self._closing = True
        await self._register.drained(grace_s)
        self._connecting.clear()
        self._lookups.close()
        await asyncio.gather(*self._openings, return_exceptions=True)
        await self._pool.close()

    async def _open(self, target: Target, exchange: Attempt) -> None:
        try:
            connection = await connect(
                target,
                await self._lookups.addresses(target.host),
                lambda: Connection(target.origin, self._pool, self._register),
                tls=self._context() if target.tls else None,
                within_s=self._connect_timeout_s,
            )
        except NotConnected as error:
            exchange.abandon = None
            exchange.fail(error.phrase)
        else:
            exchange.abandon = None
            if connection.why_lost is not None:
                exchange.fail(connection.why_lost)
            else:
                self._pool.adopt(connection)
                connection.carry(exchange)
        finally:
            self._connecting.discard(exchange)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context(verify=True, ca=None)
        return self._tls


def _too_late(exchange: Attempt) -> None:
    exchange.fail(StatusText.CONNECT_TIMEOUT)
