"""Opens a connection, and says precisely why it could not."""

import asyncio
import errno
import ssl
from collections.abc import Callable, Sequence
from typing import cast

from frontsim.delivery.connection import Connection
from frontsim.delivery.deadlines import fair_timeout
from frontsim.delivery.lookup import NotConnected
from frontsim.domain.status_text import StatusText
from frontsim.domain.target import Target

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
