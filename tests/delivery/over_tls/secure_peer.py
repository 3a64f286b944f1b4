"""A peer that speaks TLS over its own buffers: each decrypted record, and how the connection ended, to the byte."""

import asyncio
import select
import socket
import ssl
from contextlib import suppress

from tests.delivery.peer import Peer, PeerCall, Script, answers_ok


class SecureCall(PeerCall):
    """A call within TLS: `received` is plain text, and each of its `pieces` is one record of the other side's."""

    def __init__(self, link: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(link)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # TLS 1.3 speaks twice before the answer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.ciphertext = bytearray()
        """Every byte as it came, unread by TLS."""
        self.stands = False
        """True once the handshake is over, as we see it."""
        self.said_goodbye = False
        """True if the other side's close_notify came before its end."""
        self.failure: str | None = None
        """OpenSSL's reason why TLS broke: the other side's alert, or what we could not take."""

    async def handshake(self, *, last: bytes = b"") -> None:
        """Until the handshake is over, has failed, or the other side has ended; `last` leaves with our last word."""
        while self.end is None and self.failure is None and not self.stands:
            try:
                self._tls.do_handshake()
                self.stands = True
            except ssl.SSLWantReadError:
                await self._flush()
                await self.ciphertext_comes()
            except ssl.SSLError as error:
                self.failure = error.reason
        if last:
            self._tls.write(last)
        await self._flush()

    async def some(self) -> bytes:
        """The other side's next record; empty once it has ended."""
        while self.end is None:
            piece = self._decrypted()
            if piece:
                return piece
            await self.ciphertext_comes()
        return b""

    async def until_goodbye(self) -> None:
        """Until the other side's close_notify, or its end."""
        while self.end is None and not self.said_goodbye:
            if not self._decrypted() and not self.said_goodbye:
                await self.ciphertext_comes()

    async def send(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def send_with_goodbye(self, data: bytes) -> None:
        """Send, and close_notify behind it, as one."""
        if data:
            self._tls.write(data)
        self._say_goodbye()
        await self._flush()

    async def say_goodbye(self) -> None:
        """Send close_notify."""
        await self.send_with_goodbye(b"")

    async def send_fatal_alert(self) -> None:
        """Send `bad_record_mac`, as a peer does that cannot take what it got."""
        self._incoming.write(FORGED)
        try:
            self._tls.read(1)
        except ssl.SSLError as error:
            self.failure = error.reason
        await self._flush()

    async def send_as_it_is(self, data: bytes) -> None:
        """Send outside of TLS."""
        await super().send(data)

    def first_flight(self) -> bytes:
        """Take from TLS what it would send now: in the handshake, our first flight."""
        with suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    async def ciphertext_comes(self) -> None:
        """Until more bytes have come, or the other side has ended."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self._link, 1 << 16)
        except ConnectionResetError:
            self.end = "rst"
            return
        if not data:
            self.end = "fin"
            return
        assert not self.said_goodbye, f"{len(data)} bytes behind close_notify"
        self.ciphertext += data
        self._incoming.write(data)

    async def drain(self, quiet_s: float) -> None:
        """Until nothing has come for so many seconds; the loop stands still meanwhile."""
        while self.end is None and select.select([self._link], [], [], quiet_s)[0]:
            await self.ciphertext_comes()

    @property
    def records(self) -> list[tuple[int, int]]:
        """The (content type, length) of each whole record that came; within TLS 1.3 all have type 23."""
        found, rest = [], bytes(self.ciphertext)
        while len(rest) >= 5 and len(rest) >= 5 + int.from_bytes(rest[3:5], "big"):
            length = int.from_bytes(rest[3:5], "big")
            found.append((rest[0], length))
            rest = rest[5 + length :]
        return found

    @property
    def protocol(self) -> str | None:
        """The protocol that ALPN agreed on."""
        return self._tls.selected_alpn_protocol()

    def _decrypted(self) -> bytes:
        """The next record; empty if none is whole, and after the last."""
        if not self.stands or self.said_goodbye or self.failure is not None:
            return b""
        try:
            piece = self._tls.read(1 << 16)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            piece = b""
        except ssl.SSLError as error:
            self.failure = error.reason
            return b""
        if piece:
            self.pieces.append(piece)
            self.times.append(asyncio.get_running_loop().time())
        self.said_goodbye = not piece
        return piece

    def _say_goodbye(self) -> None:
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # the other side's has not come
        except ssl.SSLError as error:  # ours is out, but the other side has sent more before it knew
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
                raise

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await super().send(data)


class SecurePeer(Peer):
    """A `Peer` whose calls are within TLS. `script` begins behind the handshake, or with `shakes=False` before it."""

    def __init__(
        self, context: ssl.SSLContext, script: Script = answers_ok, *, host: str = "127.0.0.1", shakes: bool = True
    ) -> None:
        async def shaken(call: PeerCall) -> None:
            assert isinstance(call, SecureCall)
            await call.handshake()
            await script(call)

        super().__init__(shaken if shakes else script, host=host)
        self._context = context
        self.calls: list[SecureCall] = []  # type: ignore[assignment]

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:", 1)

    def _accept(self) -> None:
        link, _ = self._listener.accept()
        link.setblocking(False)
        call = SecureCall(link, self._context)
        self.calls.append(call)
        self._tasks.append(asyncio.get_running_loop().create_task(self._run(call)))
        self._news.set()
        self._news = asyncio.Event()


HANDSHAKE, APPLICATION = 22, 23
"""Content types of records."""
FORGED = b"\x17\x03\x03\x00\x20" + 32 * b"\0"
"""A record of application data that is not encrypted."""
