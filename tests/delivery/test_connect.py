"""Why a connection could not be opened: each reason has its status text, and the specific one is reported."""

import errno
import resource
import socket
import ssl
from types import SimpleNamespace

import pytest

from frontsim.delivery import connect as module
from frontsim.delivery.connect import NotConnected, connect
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Outcome
from tests.delivery.peer import Peer
from tests.delivery.sender import Sender

pytestmark = pytest.mark.anyio


class NoConnection:
    """A connection that never stands."""

    def abort(self) -> None:
        """There is nothing to close."""


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


def network(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """A network in which connections fail with these errors, one after another."""
    left = list(errors)

    async def create_connection(*_: object, **__: object) -> None:
        raise left.pop(0)

    loop = SimpleNamespace(create_connection=create_connection)
    fake = SimpleNamespace(get_running_loop=lambda: loop)
    monkeypatch.setattr(module, "asyncio", fake)


async def phrase_of_failure(url: str = "http://shop.example/", *, addresses: int = 1) -> str:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("https") else None
    with pytest.raises(NotConnected) as caught:
        await connect(parse_target(url), ["192.0.2.1"] * addresses, NoConnection, tls=tls, within_s=1)  # type: ignore[arg-type]
    return caught.value.status_text.value


@pytest.mark.parametrize(
    ("error", "plain", "tls"),
    [
        (OSError(errno.ECONNREFUSED, ""), "Connection refused", "Connection refused"),
        (OSError(errno.ETIMEDOUT, ""), "Connect timeout", "Connect timeout"),
        (OSError(errno.EHOSTUNREACH, ""), "Host unreachable", "Host unreachable"),
        (OSError(errno.ENETUNREACH, ""), "Host unreachable", "Host unreachable"),
        (OSError(errno.EADDRNOTAVAIL, ""), "Connection failed", "Connection failed"),
        (OSError(errno.ECONNRESET, ""), "Connection reset", "TLS handshake failed"),
        (ssl.SSLError(1, "wrong version number"), "TLS handshake failed", "TLS handshake failed"),
        (certificate_error(9), "Certificate expired", "Certificate expired"),
        (certificate_error(10), "Certificate expired", "Certificate expired"),
        (certificate_error(18), "Certificate not trusted", "Certificate not trusted"),
        (certificate_error(62), "Certificate name mismatch", "Certificate name mismatch"),
        (certificate_error(64), "Certificate name mismatch", "Certificate name mismatch"),
        (UnicodeError("label too long"), "Connection failed", "Connection failed"),
    ],
    ids=lambda value: repr(value) if isinstance(value, Exception) else "",
)
async def test_each_reason_has_its_text(
    monkeypatch: pytest.MonkeyPatch, error: Exception, plain: str, tls: str
) -> None:
    """The operating system's and TLS's errors as phrases; what ends a handshake is a failure of TLS."""
    network(monkeypatch, error)
    assert plain == await phrase_of_failure()
    network(monkeypatch, error)
    assert tls == await phrase_of_failure("https://shop.example/")


async def test_the_most_telling_of_several_failures_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without IPv6 has no way to ::1; that 127.0.0.1 refuses is what the user must know."""
    network(monkeypatch, OSError(errno.EADDRNOTAVAIL, ""), OSError(errno.ECONNREFUSED, ""))
    assert await phrase_of_failure(addresses=2) == "Connection refused"
    network(monkeypatch, OSError(errno.ETIMEDOUT, ""), OSError(errno.ECONNREFUSED, ""))
    assert await phrase_of_failure(addresses=2) == "Connect timeout"
    network(monkeypatch, OSError(errno.EHOSTUNREACH, ""), OSError(errno.EADDRNOTAVAIL, ""))
    assert await phrase_of_failure(addresses=2) == "Host unreachable"


async def test_no_file_descriptor_left() -> None:
    """Out of file descriptors: not sent, and later deliveries go on."""
    async with Peer() as peer, Peer() as other, Sender() as sender:
        await sender.sends(peer.url)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as probe:
            lowest_free = probe.fileno()
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
            result = await sender.sends(other.url)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (Outcome.NOT_SENT, "Connection failed") == (result.outcome, result.status)
        await sender.sends(other.url)
        assert (1, 1) == (peer.requests, other.requests)
