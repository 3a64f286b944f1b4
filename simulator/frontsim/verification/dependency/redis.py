"""When a Redis server answers a commit: EXEC, or a command that changes something outside of MULTI.

A server answers commands in order, so the n-th reply is to the n-th command. A reply that says that nothing changed
(null, 0, an error) tells of no commit.
"""

from collections import deque
from collections.abc import Iterator

from frontsim.verification.dependency.messages import LONGEST, NotThisProtocol

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
_LONGEST_LINE = 65_536


def begins_redis(data: bytes) -> bool:
    """Whether a client's first bytes are a command as all clients write it: an array of bulk strings."""
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
        """Whether these bytes have the reply to a commit. Raises NotThisProtocol."""
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
        self._line = b""
        self._skip = 0  # bytes of a text that are still to come, with its line end
        self._is_text_kept = False
        self._text = b""
        self._open: list[int] = []  # of each array that is open: the values that are still to come
        self._words: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """The values that these bytes complete. Raises NotThisProtocol."""
        while data:
            if self._skip:
                data = self._read_text(data)
                if self._skip:
                    return
                complete = self._is_complete()
            else:
                line, end, data = self._read_line(data)
                if not end:
                    return
                complete = self._take(line)
            if complete:
                words, self._words = self._words, []
                yield words

    def _read_text(self, data: bytes) -> bytes:
        taken, rest = data[: self._skip], data[self._skip :]
        self._skip -= len(taken)
        if self._is_text_kept:
            self._text = (self._text + taken)[:64]
            if not self._skip:
                self._words.append(self._text.removesuffix(b"\r\n"))
                self._is_text_kept, self._text = False, b""
        return rest

    def _read_line(self, data: bytes) -> tuple[bytes, bool, bytes]:
        line = self._line + data
        found, end, rest = line.partition(b"\r\n")
        self._line = b"" if end else line
        if len(self._line) > _LONGEST_LINE:
            raise NotThisProtocol
        return found, bool(end), rest

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


def _number(digits: bytes) -> int:
    if not digits.isdigit() or int(digits) > LONGEST:
        raise NotThisProtocol
    return int(digits)
