"""One connection to a receiver: it carries one exchange at a time, and knows how each ended.

idle ──carry──> busy ──whole answer──> idle, where both sides keep it; else closed
idle ──anything comes──> closed: since it became idle no byte of a request was written on it
"""

import asyncio
import select
from collections.abc import Callable
from typing import Protocol, cast

from frontsim.delivery.answer import AnswerReader, BadAnswer
from frontsim.delivery.in_flight import Attempt, InFlight
from frontsim.delivery.paced_sender import PacedSender
from frontsim.delivery.send_plan import WHOLE, Ending
from frontsim.domain.status_text import StatusText


class Keeper(Protocol):
    """Who owns connections: it is told of each turn in a connection's life."""

    def keep(self, connection: "Connection") -> None:
        """It may carry another exchange."""

    def lost(self, connection: "Connection") -> None:
        """It is gone, or about to be: it carries nothing any more. May be called more than once."""

    def closed(self, connection: "Connection") -> None:
        """Its socket is closed."""


class Connection(asyncio.Protocol):
    """A connection to `origin`."""

    def __init__(self, origin: str, keeper: Keeper, register: InFlight) -> None:
        self.origin = origin
        self.why_lost: StatusText | None = None
        """Why it can carry nothing, None while it can."""
        self.beneath: asyncio.Transport | None = None
        """The transport that TLS writes on, where there is TLS."""
        self._keeper = keeper
        self._register = register
        self._reader = AnswerReader()
        self._exchange: Attempt | None = None
        self._departure: PacedSender | None = None
        self._deaf = False
        self._stands = False
        self._transport: asyncio.Transport
        self._write: Callable[[bytes], None]
        self._poll: select.poll | None = None

    def carry(self, exchange: Attempt) -> None:
        """Send an exchange's request; from here on it is begun."""
        self._exchange = exchange
        exchange.abandon = self.abort
        exchange.begun = True
        if exchange.manner is WHOLE:
            self._write(exchange.head + exchange.body)
        else:
            self._departure = PacedSender(self._transport, exchange, self._register, self.unsent)
            self._departure.start()

    def unsent(self) -> int:
        """Bytes that our kernel has not taken yet. TLS's own transport does not know of those in the one beneath it."""
        size = self._transport.get_write_buffer_size()
        return size if self.beneath is None else size + self.beneath.get_write_buffer_size()

    def is_stale(self) -> bool:
        """Ask the kernel whether something has come that the event loop has not seen yet: mostly the peer's end."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    def abort(self) -> None:
        """Close at once, if it stands at all; an exchange that is still carried fails."""
        self._lose(StatusText.CONNECTION_CLOSED)
        if self._stands:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, its TLS included."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._write = self._transport.write
        self._stands = True

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        exchange = self._exchange
        if exchange is None:
            self._lose(StatusText.BAD_RESPONSE)
            self._transport.abort()
        elif not self._deaf:
            try:
                whole = self._reader.feed(data)
            except BadAnswer:
                self._ended(exchange, answered=False)
            else:
                if whole:
                    self._ended(exchange, answered=True)

    def eof_received(self) -> None:
        """The receiver will send no more; returning None closes our side too."""
        exchange = self._exchange
        if exchange is not None and not self._deaf and self._reader.end():
            self._ended(exchange, answered=True)
        self._lose(StatusText.CONNECTION_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        torn = exc is not None and not _is_missing_goodbye(exc)
        self._lose(StatusText.CONNECTION_RESET if torn else StatusText.CONNECTION_CLOSED)
        self._keeper.closed(self)

    def _ended(self, exchange: Attempt, *, answered: bool) -> None:
        """The answer is whole, or it is none and never will be."""
        ending = exchange.manner.ending
        if ending is Ending.ANSWER:
            if answered:
                self._answer(exchange)
            else:
                exchange.fail(StatusText.BAD_RESPONSE)
        elif ending is Ending.LOSE:
            exchange.fail(StatusText.TIMEOUT)
        else:
            self._deaf = True

    def _answer(self, exchange: Attempt) -> None:
        reader = self._reader
        status_code, body = reader.status_code, reader.body
        self._exchange = None
        if reader.reusable and self._departed():
            reader.expect()
            self._keeper.keep(self)
        else:
            self._close()
        exchange.answer(status_code, body)

    def _departed(self) -> bool:
        """Whether the whole request has left; an answer may come before it has."""
        departure, self._departure = self._departure, None
        if departure is not None and not departure.over:
            departure.stop()
            return False
        return self.unsent() == 0

    def _close(self) -> None:
        self._lose(StatusText.CONNECTION_CLOSED)
        if self.unsent():
            self._transport.abort()
        else:
            self._transport.close()

    def _lose(self, why: StatusText) -> None:
        """Nothing more can be carried; an exchange that still waits on it fails, unless its end is set already."""
        if self.why_lost is None:
            self.why_lost = why
            self._keeper.lost(self)
        exchange, self._exchange = self._exchange, None
        departure, self._departure = self._departure, None
        if exchange is not None and not exchange.ended and self._deaf and exchange.manner.ending is Ending.GIVE_UP:
            return  # an answer came that does not count: the departure's timer ends this exchange
        if departure is not None:
            departure.stop()
        if exchange is not None:
            exchange.abandon = None
            exchange.fail(StatusText.CONNECTION_RESET if exchange.manner.ending is Ending.RESET else why)


def _is_missing_goodbye(error: Exception) -> bool:
    """Whether we closed in good order, and the receiver did not say goodbye in TLS: that is no error of the system."""
    return isinstance(error, TimeoutError) and error.errno is None
