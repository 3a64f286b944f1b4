"""When a server answers a commit, in five protocols.

A consumer's acknowledgement has no answer. So it counts when it is sent: if it does not arrive, the broker delivers the
message again.

INSERT    OK, 1 row, in a transaction        written
    COMMIT    OK, not in a transaction           committed
    INSERT    OK, 1 row, not in a transaction    written and committed (autocommit)

The connection is not read any further when it is encrypted or compressed.

CommandComplete "INSERT 0 1", ReadyForQuery "T"     written, within a transaction
    CommandComplete "COMMIT", ReadyForQuery "I"         committed
    CommandComplete "INSERT 0 1", ReadyForQuery "I"     written and committed (autocommit)

A commit counts only after a statement that changed rows: pools and frameworks commit transactions that only read.

A server answers commands in order, so the n-th reply is to the n-th command. A reply that says that nothing changed
(null, 0, an error) tells of no commit.

The first bytes tell the protocol. In another, or where a connection is encrypted, nothing is known of commits:
`is_readable` is then False.
"""

import re
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

LONGEST = 1 << 30


class NotThisProtocol(Exception):
    """The bytes are not what the protocol says, or are encrypted or compressed: nothing more can be read."""


class Messages:
    """One direction of a connection.

    Args:
        header: bytes in each message's header.
        length: the bytes that follow a header.
        keep: bytes of each message that are kept, the header included.
    """

    def __init__(self, header: int, length: Callable[[bytes], int], *, keep: int = 256) -> None:
        self._header = header
        self._length = length
        self._keep = keep
        self._start = b""
        self._missing = -1  # bytes of the message that have not come; -1 while its header is incomplete

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that these bytes complete, each cut to `keep` bytes. Raises NotThisProtocol."""
        place, header = 0, self._header  # what is left of a piece is not copied for each of its messages
        while place < len(data):
            if self._missing < 0:
                wanted = header - len(self._start)
                begin = self._start + data[place : place + wanted]
                if len(begin) < header:
                    self._start = begin
                    return
                length = self._length(begin)
                if not 0 <= length <= LONGEST:
                    raise NotThisProtocol
                place += wanted
                if length <= min(len(data) - place, self._keep - header):  # whole and short, as nearly all are
                    self._start = b""
                    yield begin + data[place : place + length]
                    place += length
                    continue
                self._start, self._missing = begin, length
            taken = min(self._missing, len(data) - place)
            if (room := self._keep - len(self._start)) > 0:
                self._start += data[place : place + min(taken, room)]
            place += taken
            self._missing -= taken
            if self._missing == 0:
                message, self._start, self._missing = self._start, b"", -1
                yield message


_METHOD_FRAME = 1
_ACK = b"\x00\x3c\x00\x50"
_COMMITTED = b"\x00\x5a\x00\x15"  # tx.commit-ok
_PROTOCOL_HEADER = 8


def begins_amqp(data: bytes) -> bool:
    """An AMQP client begins with the protocol's header."""
    return data[:4] == b"AMQP"


class AmqpCommits:
    """One connection."""

    def __init__(self) -> None:
        self._frames = Messages(7, _amqp_length)
        self._answers = Messages(7, _amqp_length)
        self._left = _PROTOCOL_HEADER

    def sent(self, data: bytes) -> bool:
        """Takes a client's bytes; true where they acknowledge a message. Raises NotThisProtocol."""
        skipped = min(self._left, len(data))
        self._left -= skipped
        acks = [_method(frame) == _ACK for frame in self._frames.feed(data[skipped:])]
        return any(acks)

    def answered(self, data: bytes) -> bool:
        """Takes a server's bytes; true where they confirm. Raises NotThisProtocol."""
        confirms = [_method(frame) in (_ACK, _COMMITTED) for frame in self._answers.feed(data)]
        return any(confirms)


def _amqp_length(header: bytes) -> int:
    if not 1 <= header[0] <= 8:
        raise NotThisProtocol
    return int.from_bytes(header[3:7], "big") + 1


def _method(frame: bytes) -> bytes:
    return frame[7:11] if frame[0] == _METHOD_FRAME else b""


_REQUEST = re.compile(rb"[A-Z]{3,10} \S+ HTTP/1\.[01]\r\n")
_REQUEST_START = re.compile(rb"[A-Z]{3,10} \S")
_CHANGES = (b"POST", b"PUT", b"PATCH", b"DELETE")
_DONE = re.compile(rb"HTTP/1\.[01] 2\d\d")


def begins_http1(data: bytes) -> bool:
    """An HTTP/1.x client begins with a request."""
    return _REQUEST.match(data) is not None


class Http1Commits:
    """One connection, whose client sends the next request only after the answer to the one before."""

    def __init__(self) -> None:
        self._is_answered = True
        self._changes = False

    def sent(self, data: bytes) -> bool:
        """Note the request's method; what follows it until the answer is its body."""
        if self._is_answered and _REQUEST_START.match(data):
            self._changes = data.partition(b" ")[0] in _CHANGES
            self._is_answered = False
        return False

    def answered(self, data: bytes) -> bool:
        """Takes a server's bytes; true where they begin the answer to a change."""
        if self._is_answered or data.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
            return False
        self._is_answered = True
        return self._changes and _DONE.match(data) is not None


_QUERY, _EXECUTE = 0x03, 0x17
_COMPRESSED, _ENCRYPTED = 0x20, 0x800
_IN_TRANSACTION = 0x0001
_OK = 0x00
_HEADER = 4


def begins_mariadb(data: bytes) -> bool:
    """A MariaDB server begins with its greeting: packet 0, protocol version 10."""
    return len(data) > 5 and data[3:5] == b"\x00\x0a"


class MariadbCommits:
    """One connection, from the client's answer to the greeting on."""

    def __init__(self) -> None:
        self._requests = Messages(_HEADER, _mariadb_length)
        self._answers = Messages(_HEADER, _mariadb_length)
        self._is_logged_in = False
        self._command = 0
        self._is_rollback = False
        self._is_dirty = False

    def sent(self, data: bytes) -> bool:
        """Note the command. Raises NotThisProtocol."""
        for packet in self._requests.feed(data):
            number, body = packet[3], packet[_HEADER:]
            if self._is_logged_in and number == 0:
                self._command = body[0] if body else 0
                self._is_rollback = self._command == _QUERY and body[1:].lstrip().upper().startswith(b"ROLLBACK")
            elif not self._is_logged_in and number == 1:
                _refuse_unreadable(body)
        return False

    def answered(self, data: bytes) -> bool:
        """Takes a server's bytes; true where they answer a commit. Raises NotThisProtocol."""
        commits = [self._is_commit(packet[3], packet[_HEADER:]) for packet in self._answers.feed(data)]
        return any(commits)

    def _is_commit(self, number: int, body: bytes) -> bool:
        if not self._is_logged_in:
            self._is_logged_in = number > 1 and body[:1] == bytes([_OK])
            return False
        is_first = number == 1 and body[:1] == bytes([_OK])
        if not is_first or self._command not in (_QUERY, _EXECUTE):
            return False
        numbers = _numbers(body[1:])
        rows, _ = next(numbers), next(numbers)
        status = next(numbers)
        if self._is_rollback:
            self._is_dirty = self._is_dirty and bool(status & _IN_TRANSACTION)  # to a savepoint
            return False
        is_dirty = self._is_dirty or rows > 0
        self._is_dirty = is_dirty and bool(status & _IN_TRANSACTION)
        return is_dirty and not self._is_dirty


def _mariadb_length(header: bytes) -> int:
    return int.from_bytes(header[:3], "little")


def _refuse_unreadable(login: bytes) -> None:
    capabilities = int.from_bytes(login[:4], "little")
    if capabilities & (_COMPRESSED | _ENCRYPTED):
        raise NotThisProtocol


def _numbers(body: bytes) -> Iterator[int]:
    """The numbers of an OK packet: rows and the last id, of 1 to 9 bytes, then the status, of two."""
    place = 0
    for _ in range(2):
        first = body[place]
        size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
        yield int.from_bytes(body[place + 1 : place + 1 + size], "little") if size else first
        place += 1 + size
    yield int.from_bytes(body[place : place + 2], "little")


_STARTUP = 196608  # protocol 3.0; the minor version may be higher
_ASKS_FOR_ENCRYPTION = (80877103, 80877104)
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CALL")
_IDLE = b"I"


def begins_postgresql(data: bytes) -> bool:
    """A PostgreSQL client begins with its startup, or its request for TLS."""
    if len(data) < 8:
        return False
    length, code = struct.unpack_from("!ii", data)
    return code in _ASKS_FOR_ENCRYPTION or (code >> 16 == _STARTUP >> 16 and 8 <= length <= 10_000)


class PostgresqlCommits:
    """One connection."""

    def __init__(self) -> None:
        self._asked_for_encryption = False
        self._answers = Messages(5, lambda header: int.from_bytes(header[1:5], "big") - 4)
        self._is_dirty = False
        self._is_rolled_back = False

    def sent(self, data: bytes) -> bool:
        """Note what the client asks for."""
        if len(data) == 8 and struct.unpack("!ii", data)[1] in _ASKS_FOR_ENCRYPTION:
            self._asked_for_encryption = True
        return False

    def answered(self, data: bytes) -> bool:
        """Takes a server's bytes; true where they answer a commit. Raises NotThisProtocol."""
        if self._asked_for_encryption:
            self._asked_for_encryption = False
            if data[:1] != b"N":
                raise NotThisProtocol
            data = data[1:]
        commits = [self._is_commit(message) for message in self._answers.feed(data)]
        return any(commits)

    def _is_commit(self, message: bytes) -> bool:
        kind, body = message[:1], message[5:]
        if kind == b"C":
            self._note(body.rstrip(b"\0").decode("ascii", "replace").split())
        elif kind == b"E":
            self._is_rolled_back = True
        elif kind == b"Z":
            return self._ends(body[:1])
        return False

    def _note(self, tag: list[str]) -> None:
        if tag[:1] == ["ROLLBACK"]:
            self._is_rolled_back = True
        elif tag and tag[0] in _WRITES and tag[-1] != "0":
            self._is_dirty = True

    def _ends(self, status: bytes) -> bool:
        """The server is ready for the next query: within a transaction, or outside of one."""
        found = status == _IDLE and self._is_dirty and not self._is_rolled_back
        self._is_dirty = self._is_dirty and status != _IDLE
        self._is_rolled_back = False
        return found


_READS = frozenset(
    b"AUTH BITCOUNT BLPOP BRPOP BLMOVE BRPOPLPUSH CLIENT CLUSTER COMMAND CONFIG DBSIZE DISCARD ECHO EVALSHA_RO EVAL_RO "
    b"EXISTS FUNCTION GET GETRANGE HEXISTS HGET HGETALL HELLO HKEYS HLEN HMGET HVALS INFO KEYS LINDEX LLEN LRANGE MGET "
    b"MONITOR MULTI OBJECT PING PSUBSCRIBE PTTL QUIT RANDOMKEY READONLY ROLE SCAN SCARD SCRIPT SELECT SENTINEL "
    b"SISMEMBER SMEMBERS SMISMEMBER STRLEN SUBSCRIBE TIME TTL TYPE UNSUBSCRIBE UNWATCH WAIT WATCH XINFO XLEN XPENDING "
    b"XRANGE XREAD XREADGROUP XREVRANGE ZCARD ZCOUNT ZRANGE ZRANGEBYSCORE ZRANK ZREVRANGE ZSCORE".split()
)
"""Commands that change nothing, or wait for something to take: they are not commits."""
_ENDS_MULTI = (b"EXEC", b"DISCARD")
_NOTHING = (b":0", b"$-1", b"*-1", b"_")
_MOST_WAITING = 100_000
_LONGEST_LINE, _TEXT_KEPT = 65_536, 64
_DEEPEST = 1_000
"""Arrays within each other; replies to commands have a few."""
_LINE_FEED = ord("\n")


def begins_redis(data: bytes) -> bool:
    """A Redis client begins with a command as all clients write it: an array of bulk strings."""
    head, _, rest = data.partition(b"\r\n")
    return head[:1] == b"*" and head[1:].isdigit() and rest[:1] in (b"$", b"")


class RedisCommits:
    """One connection."""

    def __init__(self) -> None:
        self._requests = RespReader()
        self._replies = RespReader()
        self._waiting: deque[bool] = deque()
        self._in_multi = False

    def sent(self, data: bytes) -> bool:
        """Note the commands, in order. Raises NotThisProtocol."""
        for words in self._requests.feed(data):
            command = words[1].upper() if len(words) > 1 else b""
            changes = command not in _READS and not self._in_multi
            self._waiting.append(command == b"EXEC" or changes)
            self._in_multi = (self._in_multi or command == b"MULTI") and command not in _ENDS_MULTI
        if len(self._waiting) > _MOST_WAITING:
            raise NotThisProtocol
        return False

    def answered(self, data: bytes) -> bool:
        """Takes a server's bytes; true where they have the reply to a commit. Raises NotThisProtocol."""
        found = False
        for words in self._replies.feed(data):
            if words[0][:1] == b">":  # pushed by the server: no reply
                continue
            may_change = self._waiting.popleft() if self._waiting else False
            found |= may_change and words[0] not in _NOTHING and words[0][:1] not in (b"-", b"!")
        return found


class RespReader:
    """Splits one direction into values: for each its first line (`*3`, `+OK`), and the first text inside it."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._skip = 0  # bytes of a text that are still to come, with its line end
        self._is_text_kept = False
        self._text = b""
        self._open: list[int] = []  # of each array that is open: the values that are still to come
        self._words: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """The values that these bytes complete. Raises NotThisProtocol."""
        place = 0
        while place < len(data):
            if self._skip:
                place += self._read_text(data, place)
                if self._skip:
                    return
                complete = self._is_complete()
            else:
                line, place = self._read_line(data, place)
                if line is None:
                    return
                complete = self._take(line)
            if complete:
                words, self._words = self._words, []
                yield words

    def _read_text(self, data: bytes, place: int) -> int:
        """How many bytes belong to the text."""
        taken = min(self._skip, len(data) - place)
        self._skip -= taken
        if self._is_text_kept:
            self._text += data[place : place + min(taken, _TEXT_KEPT - len(self._text))]
            if not self._skip:
                self._words.append(self._text.removesuffix(b"\r\n"))
                self._is_text_kept, self._text = False, b""
        return taken

    def _read_line(self, data: bytes, place: int) -> tuple[bytes | None, int]:
        """The line that ends next, None if it does not end here, and the place behind it."""
        if self._line[-1:] == b"\r" and data[place] == _LINE_FEED:
            line, after = bytes(self._line[:-1]), place + 1
        else:
            end = data.find(b"\r\n", place)
            if end >= 0 and not self._line:
                return data[place:end], end + 2
            self._line += data[place : end if end >= 0 else None]
            if len(self._line) > _LONGEST_LINE:
                raise NotThisProtocol
            if end < 0:
                return None, len(data)
            line, after = bytes(self._line), end + 2
        self._line.clear()
        return line, after

    def _take(self, line: bytes) -> bool:
        """One line: whether it completes a value."""
        kind, rest = line[:1], line[1:]
        if not self._words:
            self._words.append(line)
        if kind in (b"$", b"=", b"!") and rest != b"-1":
            self._skip = _number(rest) + 2
            self._is_text_kept = len(self._words) == 1
            return False
        if kind in (b"*", b"~", b">", b"%") and rest != b"-1" and (entries := _number(rest)):
            if len(self._open) == _DEEPEST:
                raise NotThisProtocol
            self._open.append(2 * entries if kind == b"%" else entries)
            return False
        return self._is_complete()

    def _is_complete(self) -> bool:
        """A value has ended: whether all that it stands in has ended too."""
        while self._open:
            self._open[-1] -= 1
            if self._open[-1]:
                return False
            self._open.pop()
        return True


_MOST_DIGITS = 20
"""Python refuses to read numbers of thousands of digits."""


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _MOST_DIGITS or int(digits) > LONGEST:
        raise NotThisProtocol
    return int(digits)


class CommitReader(Protocol):
    """Follows one connection of one protocol. Both methods may raise NotThisProtocol."""

    def sent(self, data: bytes) -> bool:
        """Take in bytes from the receiver: whether they are a commit that has no answer."""

    def answered(self, data: bytes) -> bool:
        """Take in bytes from the dependency: whether they hold the answer to a commit."""


_BY_CLIENT: Sequence[tuple[Callable[[bytes], bool], type[CommitReader]]] = (
    (begins_postgresql, PostgresqlCommits),
    (begins_redis, RedisCommits),
    (begins_amqp, AmqpCommits),
    (begins_http1, Http1Commits),
)


class Commits:
    """One connection, of the protocol that its first bytes show."""

    def __init__(self) -> None:
        self._reader: CommitReader | None = None
        self.is_readable = True

    def sent(self, data: bytes) -> bool:
        """Take in bytes from the receiver: whether they are a commit that has no answer."""
        if self._reader is None and self.is_readable:
            self._reader = next((kind() for begins, kind in _BY_CLIENT if begins(data)), None)
            self.is_readable = self._reader is not None
        return self._asked(self._reader.sent if self._reader else None, data)

    def answered(self, data: bytes) -> bool:
        """Take in bytes from the dependency: whether they hold the answer to a commit."""
        if self._reader is None and self.is_readable and begins_mariadb(data):
            self._reader = MariadbCommits()
            return False
        return self._asked(self._reader.answered if self._reader else None, data)

    def _asked(self, read: Callable[[bytes], bool] | None, data: bytes) -> bool:
        if read is None or not self.is_readable:
            return False
        try:
            return read(data)
        except (NotThisProtocol, IndexError, StopIteration):
            self.is_readable = False
            return False
