"""Receivers with which no TLS comes about, stage by stage: *not sent*, and not a byte of a request has left."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from frontsim.delivery import connect
from frontsim.domain.model import Outcome
from tests.delivery.over_tls.secure_peer import APPLICATION, HANDSHAKE, SecureCall, SecurePeer
from tests.delivery.peer import Peer, PeerCall
from tests.delivery.sender import PATIENCE_S, Sender, whole
from tests.support.authority import Authority

pytestmark = pytest.mark.anyio


def self_signed(folder: Path) -> ssl.SSLContext:
    """A receiver whose certificate for 127.0.0.1 is self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "self.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def only(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    return context


def kinds(call: SecureCall) -> set[int]:
    return {kind for kind, _ in call.records}


VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


@VERSIONS
@pytest.mark.parametrize(
    ("certificate", "status"),
    [
        ({"name": "shop.example"}, "Certificate name mismatch"),
        ({"ends_in": -1, "begins_in": -2}, "Certificate expired"),
        ({"begins_in": 1, "ends_in": 2}, "Certificate expired"),
        (None, "Certificate not trusted"),
    ],
    ids=["another name", "expired", "not yet valid", "self-signed"],
)
async def test_a_wrong_certificate_gets_no_request(
    authority: Authority,
    trust: ssl.SSLContext,
    tmp_path: Path,
    certificate: dict[str, str | int] | None,
    status: str,
    version: ssl.TLSVersion,
) -> None:
    """We leave within the handshake: the receiver never sees it finished, and nothing was encrypted for it."""
    context = self_signed(tmp_path) if certificate is None else authority.receiver(**certificate)
    async with SecurePeer(only(context, version)) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.NOT_SENT, status, None) == (result.outcome, result.status, result.status_code)
        call = await peer.ended()
        assert (False, b"") == (call.stands, call.received)
        assert APPLICATION not in kinds(call)
        assert 1 == len(peer.calls)


async def test_a_plain_receiver_gets_no_request(trust: ssl.SSLContext) -> None:
    """A plain HTTP server behind https sees the first record of a handshake, and nothing else."""

    async def answers_plainly(call: PeerCall) -> None:
        await call.some()
        await call.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with Peer(answers_plainly) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url.replace("http:", "https:"))
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        call = await peer.ended()
        hello = 5 + int.from_bytes(call.received[3:5], "big")
        assert b"\x16\x03\x01" == call.received[:3]
        assert len(call.received) - hello in (0, 7)  # 7: an alert
        assert 1 == len(peer.calls)


@pytest.mark.parametrize("how", ["greets", "fin", "rst"])
async def test_a_receiver_that_speaks_or_leaves_at_once(trust: ssl.SSLContext, how: str) -> None:
    """A greeting of another protocol, or an end, right behind the accept is no TLS either, and is told at once."""

    async def at_once(call: PeerCall) -> None:
        if how == "greets":
            await call.send(b"220 mail.example ESMTP\r\n")
        elif how == "fin":
            call.finish()
        else:
            call.reset()

    async with Peer(at_once) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url.replace("http:", "https:"))
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        call = await peer.ended()
        assert call.received[:1] in (b"", b"\x16")
        assert 1 == len(peer.calls)


async def half_way(call: SecureCall, share: float) -> None:
    """That share of our first flight has left."""
    await call.ciphertext_comes()
    flight = call.first_flight()
    await call.send_as_it_is(flight[: int(share * len(flight))])


@VERSIONS
@pytest.mark.parametrize("share", [0, 0.5], ids=["before the first flight", "within it"])
@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_an_end_within_the_handshake_is_not_sent(
    authority: Authority, trust: ssl.SSLContext, version: ssl.TLSVersion, share: float, end: str
) -> None:
    """However far the handshake got, a connection that ends in it is TLS handshake failed, and is not tried again."""

    async def ends(call: SecureCall) -> None:
        await half_way(call, share)
        if end == "fin":
            call.finish()
        else:
            call.reset()

    async with SecurePeer(only(authority.receiver(), version), ends, shakes=False) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        call = await peer.ended()
        assert {HANDSHAKE} == kinds(call)
        assert 1 == len(peer.calls)


@VERSIONS
@pytest.mark.parametrize("share", [0, 0.5], ids=["before the first flight", "within it"])
async def test_a_handshake_that_stalls_is_a_connect_timeout(
    authority: Authority, trust: ssl.SSLContext, version: ssl.TLSVersion, share: float
) -> None:
    """The connect timeout is for every stage of the handshake, and what runs into it was not sent."""

    async def stalls(call: SecureCall) -> None:
        await half_way(call, share)

    context = only(authority.receiver(), version)
    for limits in ({"connect_timeout_s": 0.2}, {"timeout_s": 0.2}):
        async with (
            SecurePeer(context, stalls, shakes=False) as peer,
            Sender(tls=trust, **limits) as sender,
        ):
            result = await sender.sends(peer.url)
            assert (Outcome.NOT_SENT, "Connect timeout") == (result.outcome, result.status)
            call = await peer.ended()
            assert ("fin", {HANDSHAKE}) == (call.end, kinds(call))


@pytest.mark.parametrize("end", ["stall", "fin", "rst"])
async def test_the_last_word_of_tls_1_2_is_the_receivers(authority: Authority, trust: ssl.SSLContext, end: str) -> None:
    """In TLS 1.2 the receiver finishes: while its Finished is missing, no request has left."""

    async def holds_back(call: SecureCall) -> None:
        await half_way(call, 1)
        while 3 > [kind for kind, _ in call.records].count(HANDSHAKE) and call.end is None:
            await call.ciphertext_comes()  # hello, key attempt, and our side's Finished
        if end == "fin":
            call.finish()
        elif end == "rst":
            call.reset()

    context = only(authority.receiver(), ssl.TLSVersion.TLSv1_2)
    async with (
        SecurePeer(context, holds_back, shakes=False) as peer,
        Sender(tls=trust, connect_timeout_s=0.5 if end == "stall" else 10) as sender,
    ):
        result = await sender.sends(peer.url)
        status = "Connect timeout" if end == "stall" else "TLS handshake failed"
        assert (Outcome.NOT_SENT, status) == (result.outcome, result.status)
        call = await peer.ended()
        assert APPLICATION not in kinds(call)
        assert 1 == len(peer.calls)


async def test_a_demand_for_our_certificate_in_tls_1_2_is_not_sent(authority: Authority, trust: ssl.SSLContext) -> None:
    """In TLS 1.2 a receiver that wants a certificate of ours refuses within the handshake."""
    context = only(authority.receiver(), ssl.TLSVersion.TLSv1_2)
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    async with SecurePeer(context) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.NOT_SENT, "TLS handshake failed") == (result.outcome, result.status)
        call = await peer.ended()
        assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" == call.failure
        assert APPLICATION not in kinds(call)


async def test_a_demand_for_our_certificate_in_tls_1_3_is_unknown(authority: Authority, trust: ssl.SSLContext) -> None:
    """In TLS 1.3 the refusal comes when the request has left: the outcome is unknown, and it is never sent again."""

    async def refuses(call: SecureCall) -> None:
        await half_way(call, 1)
        while not any(kind == APPLICATION and length > len(whole(peer.url)) for kind, length in call.records):
            await call.ciphertext_comes()
        await call.handshake()
        call.finish()

    context = only(authority.receiver(), ssl.TLSVersion.TLSv1_3)
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    async with SecurePeer(context, refuses, shakes=False) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Connection reset", None) == (result.outcome, result.status, result.status_code)
        call = await peer.ended()
        assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" == call.failure
        assert 1 == len(peer.calls)


async def test_the_handshake_asks_for_the_receivers_name(authority: Authority, trust: ssl.SSLContext) -> None:
    """A name is asked for in the handshake (SNI), an address is not; and each must be the certificate's."""
    told: list[str | None] = []
    for host in ("127.0.0.1", "localhost"):
        context = authority.receiver(name=host)
        context.sni_callback = lambda _, name, __: told.append(name)
        async with SecurePeer(context) as peer, Sender(tls=trust) as sender:
            url = peer.url.replace("127.0.0.1", host)
            assert Outcome.ANSWERED is (await sender.sends(url)).outcome
            assert [whole(url)] == peer.calls[0].pieces
    assert [None, "localhost"] == told


async def test_many_at_once_to_a_receiver_that_ends_in_the_handshake(
    authority: Authority, trust: ssl.SSLContext
) -> None:
    """Each of many deliveries gets its own result, and its own one connection."""

    async def resets(call: SecureCall) -> None:
        await call.ciphertext_comes()
        call.reset()

    async with SecurePeer(authority.receiver(), resets, shakes=False) as peer, Sender(tls=trust) as sender:
        results = await asyncio.gather(*(sender.start(peer.url) for _ in range(50)))
        assert {(Outcome.NOT_SENT, "TLS handshake failed")} == {(result.outcome, result.status) for result in results}
        assert 50 == len(peer.calls)


async def test_a_wire_that_is_closed_while_it_opens_leaves_no_connection(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whatever turn of the loop an opening is given up, its connection ends at once, and waits for no goodbye."""
    monkeypatch.setattr(connect, "TLS_SHUTDOWN_S", 10 * PATIENCE_S)
    async with SecurePeer(receiver) as peer:
        for turns in range(12):
            async with Sender(tls=trust) as sender:
                sent = sender.start(peer.url)
                for _ in range(turns):
                    await asyncio.sleep(0)
                await sender.webhooks.close(0)
                assert sent.result().outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.ANSWERED)
        async with Sender(tls=trust) as sender:
            await sender.sends(peer.url)  # all that came before it are accepted too, then
        for number in range(len(peer.calls)):
            await asyncio.wait_for(peer.ended(number), PATIENCE_S)
