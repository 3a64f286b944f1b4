"""What came back: an HTTP/1.x answer, read byte by byte as it arrives, with no idea of sockets.

1xx answers are passed over (101 is final: nobody here speaks another protocol). Heads are read up to
64 KiB in all, bodies to any length, but only their first 4 KiB are kept, so memory stays flat whatever
comes. How the bytes are cut into pieces changes nothing.
"""

import httptools

HEAD_LIMIT = 64 * 1024
"""Bytes of head that are read, those of passed-over 1xx answers included."""
FRAMING_LIMIT = 1024 * 1024
"""Bytes that are read without any of the body among them: chunk extensions and trailers."""
BODY_KEPT = 4 * 1024
"""Bytes of the body that are kept."""

SWITCHING_PROTOCOLS = 101
_VERSIONS = ("1.0", "1.1")
_FIRST = (b"H", b"")  # the parser also reads RTSP/ and ICE/

_MOST_KNOWN, _LONGEST_KNOWN = 1_000, 1_000
_known: dict[bytes, tuple[int, bytes]] = {}
"""Answers that came in one piece, as they were read: (status, body). A receiver tends to give the same few, and what
the same bytes mean between two answers never changes. The longest has so many bytes."""


class BadAnswer(Exception):
    """What came is not an answer that we can read."""


class AnswerReader:
    """Reads the answers on one connection, one at a time; httptools calls its `on_` methods.

    `whole` says that the answer is complete; then `status_code` and `body` (its first 4 KiB) are its,
    and `reusable` says whether the connection may carry another request.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.expect()

    def expect(self) -> None:
        """Be ready for the next answer."""
        self.status_code = 0
        self.whole = False
        self.reusable = False
        self._head_room = HEAD_LIMIT
        self._framing = 0
        self._in_body = False
        self._ends_with_connection = True
        self._begun = False
        self.body = b""

    def feed(self, data: bytes) -> bool:
        """Read on; True when the answer is whole.

        Raises:
            BadAnswer: not HTTP/1.0 or 1.1, or too large a head. An answer that was whole before stays so.
        """
        if self._begun:
            return self._read(data)
        known = _known.get(data)
        if known is not None:
            self.status_code, self.body = known
            self._begun = self.whole = self.reusable = True
            return True
        first = data.lstrip(b"\r\n")[:1]
        self._begun = first != b""
        if first not in _FIRST:
            raise BadAnswer(f"expected HTTP/, got {data[:5]!r}")
        if self._read(data) and self.reusable and len(data) <= _LONGEST_KNOWN:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[data] = self.status_code, self.body
        return self.whole

    def _read(self, data: bytes) -> bool:
        if not self._in_body:
            if len(data) <= self._head_room:  # nearly always
                self._head_room -= len(data)
                self._parse(data)
                return self.whole
            data = self._feed_last_of_head(data)
        if data:
            self._framing += len(data)
            self._parse(data)
            if self._framing > FRAMING_LIMIT and not self.whole:
                raise BadAnswer(f"more than {FRAMING_LIMIT} bytes between two pieces of the body")
        return self.whole

    def end(self) -> bool:
        """The connection ended; True when that completes the answer, for it is one without a length."""
        if self._in_body and self._ends_with_connection:
            self.whole = True
        return self.whole

    def _feed_last_of_head(self, data: bytes) -> bytes:
        """Feed what may still be head; give back what is left once it is complete."""
        head, rest = data[: self._head_room], data[self._head_room :]
        self._head_room = 0
        self._parse(head)
        if not self._in_body:
            raise BadAnswer(f"a head of more than {HEAD_LIMIT} bytes")
        return rest

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:  # an upgrade follows a 101
            self.reusable = False
            if not self.whole:
                raise BadAnswer(str(error)) from error

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        """The first byte of an answer; after a whole one it belongs to nobody's request."""
        if self.whole:
            self.reusable = False
        else:
            self._ends_with_connection = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note whether the body's end will be told by a length, by chunks, or only by the connection's end."""
        length = len(name)  # most headers are neither by their length alone
        if (length == 14 and name.lower() == b"content-length") or (
            length == 17 and name.lower() == b"transfer-encoding" and value.lower().endswith(b"chunked")
        ):
            self._ends_with_connection = False

    def on_headers_complete(self) -> None:
        """A head is complete; that of a 1xx answer is only passed over."""
        code = self._parser.get_status_code()
        if code < 100:
            raise BadAnswer(f"status {code:03}")
        if self._parser.get_http_version() not in _VERSIONS:  # the parser knows 0.9 and 2.0, too
            raise BadAnswer(f"HTTP/{self._parser.get_http_version()}")
        if self.whole or (code < 200 and code != SWITCHING_PROTOCOLS):
            return
        self.status_code = code
        self._in_body = True

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._framing = 0
        room = BODY_KEPT - len(self.body)
        if room > 0 and not self.whole:
            self.body += piece[:room]

    def on_message_complete(self) -> None:
        """The end of an answer, or of a 1xx one."""
        if self._in_body and not self.whole:
            self.whole = True
            self.reusable = self.status_code != SWITCHING_PROTOCOLS and self._parser.should_keep_alive()
