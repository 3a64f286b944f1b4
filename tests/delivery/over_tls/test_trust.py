"""TLS: whom we trust, and what each failure is called. All of them are *not sent*."""

import ssl
from pathlib import Path

import pytest

from frontsim.delivery.send_plan import LOST_RESPONSE, RESET_AFTER_SEND, partial_body, slow_body
from frontsim.domain.delivery_request import tls_context
from frontsim.domain.model import Outcome
from frontsim.errors import Unusable
from tests.delivery.peer import Peer, PeerCall, TlsPeer, silent
from tests.delivery.sender import Sender
from tests.support.authority import Authority

pytestmark = pytest.mark.anyio


def trusting(authority: Authority) -> ssl.SSLContext:
    return tls_context(verify=True, ca=authority.file)


async def test_a_trusted_receiver_is_delivered_to(tmp_path: Path) -> None:
    """A certificate of a given authority, for the right name: delivered, and the connection is used again."""
    authority = Authority(tmp_path)
    for name, host in (("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")):
        async with TlsPeer(authority.receiver(name=name)) as peer, Sender(tls=trusting(authority)) as sender:
            for _ in range(2):
                result = await sender.sends(f"https://{host}:{peer.port}/")
                assert (Outcome.ANSWERED, 200, b"ok") == (result.outcome, result.status_code, result.answer)
            assert (1, 2) == (peer.connections, peer.requests)


@pytest.mark.parametrize(
    ("certificate", "status"),
    [
        ({"name": "shop.example"}, "Certificate name mismatch"),
        ({"name": "127.0.0.2"}, "Certificate name mismatch"),
        ({"begins_in": -2, "ends_in": -1}, "Certificate expired"),
        ({"begins_in": 1, "ends_in": 2}, "Certificate expired"),
    ],
    ids=["another name", "another address", "expired", "not yet valid"],
)
async def test_a_wrong_certificate_is_not_sent(tmp_path: Path, certificate: dict[str, str | int], status: str) -> None:
    """A certificate for another name, or out of its days: not sent, and not a request arrives."""
    authority = Authority(tmp_path)
    async with TlsPeer(authority.receiver(**certificate)) as peer, Sender(tls=trusting(authority)) as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.NOT_SENT, status, None) == (result.outcome, result.status, result.status_code)
        assert peer.requests == 0


async def test_an_untrusted_certificate_is_not_sent(tmp_path: Path) -> None:
    """A certificate of an authority that the system does not know: not sent, without any context given."""
    async with TlsPeer(Authority(tmp_path).receiver()) as peer, Sender() as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.NOT_SENT, "Certificate not trusted") == (result.outcome, result.status)
        assert peer.requests == 0


async def test_no_verification_takes_any_certificate(tmp_path: Path) -> None:
    """Told not to verify, we deliver to an untrusted, expired receiver with another name."""
    receiver = Authority(tmp_path).receiver(name="shop.example", begins_in=-2, ends_in=-1)
    async with TlsPeer(receiver) as peer, Sender(tls=tls_context(verify=False, ca=None)) as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.ANSWERED, 1) == (result.outcome, peer.requests)


async def test_a_plain_receiver_is_no_tls() -> None:
    """A plain HTTP server behind https: TLS handshake failed, not sent."""

    async def answers_plainly(call: PeerCall) -> None:
        await call.some()
        await call.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with Peer(answers_plainly) as peer, Sender(tls=tls_context(verify=False, ca=None)) as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        assert len(peer.calls) == 1


@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_a_receiver_that_ends_in_the_handshake(end: str) -> None:
    """A connection that ends within the handshake: TLS handshake failed, not sent."""

    async def ends(call: PeerCall) -> None:
        await call.some()
        if end == "fin":
            call.finish()
        else:
            call.reset()

    async with Peer(ends) as peer, Sender(tls=tls_context(verify=False, ca=None)) as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        assert len(peer.calls) == 1


async def test_a_handshake_that_hangs_is_a_connect_timeout() -> None:
    """The connect timeout is for TLS too."""
    tls = tls_context(verify=False, ca=None)
    async with Peer(silent) as peer, Sender(tls=tls, connect_timeout_s=0.05) as sender:
        result = await sender.sends(f"https://127.0.0.1:{peer.port}/")
        assert (Outcome.NOT_SENT, "Connect timeout") == (result.outcome, result.status)
        await peer.ended()


async def test_manners_over_tls(tmp_path: Path) -> None:
    """A fault breaks a delivery inside TLS too."""
    authority = Authority(tmp_path)
    async with TlsPeer(authority.receiver()) as peer, Sender(tls=trusting(authority)) as sender:
        url = f"https://127.0.0.1:{peer.port}/"
        for plan, status, requests in (
            (partial_body(), "Connection closed", 0),
            (RESET_AFTER_SEND, "Connection reset", None),
            (LOST_RESPONSE, "Timeout", 1),
            (slow_body(rate=1000), "OK", 1),
        ):
            before = peer.requests
            result = await sender.sends(url, plan=plan)
            assert status == result.status
            if requests is not None:  # whether a reset receiver has still read the request, only it knows
                assert requests == peer.requests - before


def test_a_missing_authority_file_is_unusable(tmp_path: Path) -> None:
    """A file that cannot be read is refused, and its path said."""
    with pytest.raises(Unusable, match=r"tls-ca: expected a PEM file of certificates, got .*absent\.pem"):
        tls_context(verify=True, ca=tmp_path / "absent.pem")


@pytest.mark.parametrize("content", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_unusable(tmp_path: Path, content: str) -> None:
    """A file that holds no certificate is refused, and its path said; also where nothing is verified."""
    file = tmp_path / "ca.pem"
    file.write_text(content)
    for verify in (True, False):
        with pytest.raises(Unusable, match=r"tls-ca: expected a PEM file of certificates, got .*ca\.pem"):
            tls_context(verify=verify, ca=file)
