"""Reads an HTTP/1.x answer as its bytes arrive, within fixed limits.

The status is what counts, so an answer that is too long for us is not wrong: once its head is whole, the rest is *cut
off*, and the answer counts with its status. Before that, what is too long is a `BadAnswer`.

    head, 1xx answers ── OVERHEAD_LIMIT or LINES_LIMIT passed ──▶ BadAnswer
    body, chunks, trailers ── LINES_LIMIT, BESIDE_LIMIT or BODY_LIMIT passed ──▶ cut off: whole, not reusable

The limits bound what an answer can cost. What costs most is not bytes but lines: for each header and each chunk the
parser calls Python, and it joins the names of headers without a value, in quadratic time. A body that is not chunked
has neither, so it is read in large pieces, at a fortieth of the cost. 1xx answers are skipped (101
is final, because we speak no other protocol). How the bytes are cut into pieces changes nothing about an answer that is
within the limits.
"""

import httptools

from frontsim.domain.model import ANSWER_BODY_KEPT, ANSWER_HEAD_KEPT

OVERHEAD_LIMIT = 64 * 1024
"""Bytes of a head, those of 1xx answers before it included."""
BESIDE_LIMIT = 8 * 1024
"""Bytes beside the body behind the head: chunk sizes and extensions, trailers."""
LINES_LIMIT = 400
"""Lines that are not body: a header or a trailer is one, a chunk is two."""
BODY_LIMIT = 256 * 1024
"""Bytes of the body that are read. The connection of an answer with a shorter body is used again."""
_SLICE = 4 * 1024
"""Bytes that the parser gets at once; in a body, that many may be read beyond a limit."""
_PLAIN_SLICE = 64 * 1024
"""The same in a body that is not chunked, as far as it is body."""

SWITCHING_PROTOCOLS = 101
_VERSIONS = ("1.0", "1.1")
_FIRST = (b"H", b"")  # the parser would also read RTSP/ and ICE/

_MOST_KNOWN, _LONGEST_KNOWN = 1_000, 1_000
_known: dict[bytes, tuple[int, bytes, bytes]] = {}
"""Short answers that came in one piece: (status, head, body) by their bytes. Most receivers give the same few, and
between two answers the same bytes always mean the same."""


class BadAnswer(Exception):
    """The bytes are no answer that we can read."""


class AnswerReader:
    """Reads the answers on one connection, one at a time; httptools calls its `on_` methods.

    `whole` says that the answer is complete, or cut off. Then `status_code`, `body` (its first 4 KiB)
    and, if it is no 2xx, `head` (its headers as lines) are set, and `reusable` says whether the connection may carry
    another request.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._expect_bytes()
        self.expect()

    def expect(self) -> None:
        """Prepare for the next answer."""
        self.status_code = 0
        self.whole = self.reusable = self._begun = False
        self.head = self.body = b""
        if self.size:
            self._expect_bytes()

    def _expect_bytes(self) -> None:
        """Forget what was parsed; of an answer that was known at once, nothing was."""
        self.size = 0
        """Bytes of the answer that were parsed."""
        self._body_size = 0
        self._head_size = 0
        self._lines = 0
        self._counts_lines = True
        self._in_body = False
        self._chunked = False
        self._length = 0
        self._ends_with_connection = True
        self._headers: list[bytes] = []

    def feed(self, data: bytes) -> bool:
        """Read on; True when the answer is whole.

        Raises:
            BadAnswer: not HTTP/1.0 or 1.1, or too large a head. An answer that was whole before stays whole.
        """
        if self._begun:
            return self._read(data)
        known = _known.get(data)
        if known is not None:
            self.status_code, self.head, self.body = known
            self._begun = self.whole = self.reusable = True
            return True
        first = data.lstrip(b"\r\n")[:1]
        self._begun = first != b""
        if first not in _FIRST:
            raise BadAnswer(f"expected HTTP/, got {data[:5]!r}")
        if self._read(data) and self.reusable and len(data) <= _LONGEST_KNOWN:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[data] = self.status_code, self.head, self.body
        return self.whole

    def end(self) -> bool:
        """The connection ended; True when that completes the answer, because it has no length."""
        if self._in_body and self._ends_with_connection:
            self.whole = True
        return self.whole

    def _read(self, data: bytes) -> bool:
        at = 0
        while at < len(data) and not self.whole:
            most = self._most_at_once()
            piece = data[at : at + most]
            at += len(piece)
            self.size += len(piece)
            self._counts_lines = most <= _SLICE
            if self._counts_lines:
                self._lines += piece.count(b"\n")  # `on_body` takes those of the body out again
            self._parse(piece)
            if not self.whole:
                self._check_limits()
        if at < len(data):  # bytes behind the answer belong to no request
            self.reusable = False
        return self.whole

    def _most_at_once(self) -> int:
        if self._in_body:
            if self._chunked:
                return _SLICE
            left = _PLAIN_SLICE if self._ends_with_connection else self._length - self._body_size
            return min(max(left, _SLICE), _PLAIN_SLICE)  # what may follow the body is not a body, so it must be little
        room = OVERHEAD_LIMIT - self.size
        if room <= 0:
            raise BadAnswer(f"a head of more than {OVERHEAD_LIMIT} bytes")
        return min(_SLICE, room)

    def _check_limits(self) -> None:
        if not self._in_body:
            self._head_size = self.size
            if self._lines > LINES_LIMIT:
                raise BadAnswer(f"a head of more than {LINES_LIMIT} lines")
            return
        beside = self.size - self._body_size - self._head_size - _SLICE  # the head ended in the piece after _head_size
        if self._lines > LINES_LIMIT or self._body_size > BODY_LIMIT or beside > BESIDE_LIMIT:
            self.whole, self.reusable = True, False

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:  # an upgrade follows a 101
            self.reusable = False
            if not self.whole:
                raise BadAnswer(str(error)) from error

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        """The first byte of an answer. One that comes after a whole answer has no request."""
        if self.whole:
            self.reusable = False
        else:
            self._ends_with_connection, self._chunked, self._length = True, False, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note whether a length, chunks, or only the end of the connection ends the body; keep what tells why."""
        length = len(name)  # the length alone tells most headers from these two
        if length == 14 and name.lower() == b"content-length":
            self._ends_with_connection = False
            self._length = int(value) if value.isdigit() and len(value) < 20 else 0
        elif length == 17 and name.lower() == b"transfer-encoding" and value.lower().endswith(b"chunked"):
            self._ends_with_connection, self._chunked = False, True
        if not self._in_body and not 200 <= self._parser.get_status_code() < 300:
            self._headers.append(b"%b: %b" % (name, value))

    def on_headers_complete(self) -> None:
        """A head is complete; that of a 1xx answer is skipped."""
        code = self._parser.get_status_code()
        if code < 100:
            raise BadAnswer(f"status {code:03}")
        if self._parser.get_http_version() not in _VERSIONS:  # the parser would also read 0.9 and 2.0
            raise BadAnswer(f"HTTP/{self._parser.get_http_version()}")
        headers, self._headers = self._headers, []
        if self.whole or (code < 200 and code != SWITCHING_PROTOCOLS):
            return
        self.head = b"\n".join(headers)[:ANSWER_HEAD_KEPT]
        self.status_code = code
        self._in_body = True

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self._body_size += len(piece)
        if self._counts_lines:
            self._lines -= piece.count(b"\n")
        room = ANSWER_BODY_KEPT - len(self.body)
        if room > 0 and not self.whole:
            self.body += piece[:room]

    def on_message_complete(self) -> None:
        """The end of an answer, or of a 1xx answer."""
        if self._in_body and not self.whole:
            self.whole = True
            self.reusable = self.status_code != SWITCHING_PROTOCOLS and self._parser.should_keep_alive()
