"""Opens a connection, from the name on, and says precisely why it could not.

A lookup blocks its thread for many seconds when the name server is dead. So each lookup runs in a separate thread:
the event loop has few (uvloop lets two do lookups). A name is never looked up twice at once, so it blocks one thread at
most, and the threads are daemons, so that they do not delay the end of the program.
"""

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import cast

from frontsim.delivery.connection import Connection
from frontsim.delivery.in_flight import fair_timeout
from frontsim.domain.delivery_request import Target
from frontsim.domain.model import StatusText

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


TLS_SHUTDOWN_S = 2.0
"""Seconds that a receiver has to answer our TLS close, before the connection is cut."""

_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_VAGUE = {StatusText.HOST_UNREACHABLE, StatusText.CONNECTION_FAILED}
_EXPIRED = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_WRONG_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


async def connect(
    target: Target,
    addresses: Sequence[str],
    make: Callable[[], Connection],
    *,
    tls: ssl.SSLContext | None,
    within_s: float,
) -> Connection:
    """An open connection, TLS included, to one of the target's addresses.

    The addresses are tried in order. Each gets an equal share of `within_s`, so that a dead one does not use up the
    time of the others. If all fail, the error is the first specific one: "no route" says little on a machine without
    IPv6, where every attempt on ::1 ends so.

    Raises:
        NotConnected: with the status text for the log.
    """
    failures: list[StatusText] = []
    for address in addresses:
        connection = make()
        try:
            async with fair_timeout(within_s / len(addresses)):
                if tls is None:
                    await _open(connection, address, target)
                else:
                    await _open_in_tls(connection, address, target, tls)
        except BaseException as error:
            connection.abort()
            if not isinstance(error, OSError | ValueError):  # TimeoutError and ssl.SSLError are of the first kind
                raise
            failures.append(_status_text(error, tls=tls is not None))
        else:
            return connection
    raise NotConnected(min(failures, key=_VAGUE.__contains__))


class _BeforeTls(asyncio.Protocol):
    """The protocol of a TCP connection until TLS takes over."""

    spoke_first = False

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - what it speaks does not matter
        """The receiver speaks first, so it does not speak TLS."""
        self.spoke_first = True


async def _open(connection: Connection, address: str, target: Target) -> None:
    await asyncio.get_running_loop().create_connection(lambda: connection, address, target.port)


async def _open_in_tls(connection: Connection, address: str, target: Target, tls: ssl.SSLContext) -> None:
    """Open TCP, then TLS: so the TCP transport is at hand, which knows how much of a request it holds back."""
    loop = asyncio.get_running_loop()
    tcp_transport, before = await loop.create_connection(_BeforeTls, address, target.port)
    if before.spoke_first or tcp_transport.is_closing():
        tcp_transport.abort()
        raise ConnectionAbortedError("the receiver spoke or left before TLS began")
    connection.tcp_transport = tcp_transport
    try:
        transport = await loop.start_tls(
            tcp_transport, connection, tls, server_hostname=target.server_name, ssl_shutdown_timeout=TLS_SHUTDOWN_S
        )
    except BaseException:
        tcp_transport.abort()  # start_tls itself would leave it open, or wait for a TLS close
        raise
    connection.connection_made(cast("asyncio.BaseTransport", transport))
    await asyncio.sleep(0)  # data that came with the end of the handshake is delivered now: it answers no request


def _status_text(error: OSError | ValueError, *, tls: bool) -> StatusText:
    match error:
        case ssl.SSLCertVerificationError(verify_code=code):
            if code in _EXPIRED:
                return StatusText.CERTIFICATE_EXPIRED
            return StatusText.CERTIFICATE_WRONG_NAME if code in _WRONG_NAME else StatusText.CERTIFICATE_UNTRUSTED
        case ConnectionRefusedError():
            return StatusText.CONNECTION_REFUSED
        case TimeoutError():
            return StatusText.CONNECT_TIMEOUT
        case ssl.SSLError():
            return StatusText.TLS_FAILED
        case ConnectionError() if tls:
            return StatusText.TLS_FAILED
        case ConnectionError():
            return StatusText.CONNECTION_RESET
        case OSError(errno=number) if number in _UNREACHABLE:
            return StatusText.HOST_UNREACHABLE
    return StatusText.CONNECTION_FAILED
