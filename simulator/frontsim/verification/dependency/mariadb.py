"""When a MariaDB or MySQL server answers a commit: an OK packet after which rows that were changed are kept.

    INSERT    OK, 1 row, in a transaction        written
    COMMIT    OK, not in a transaction           committed
    INSERT    OK, 1 row, not in a transaction    written and committed (autocommit)

The connection is not read any further when it is encrypted or compressed.
"""

from collections.abc import Iterator

from frontsim.verification.dependency.messages import Messages, NotThisProtocol

_QUERY, _EXECUTE = 0x03, 0x17
_COMPRESSED, _ENCRYPTED = 0x20, 0x800
_IN_TRANSACTION = 0x0001
_OK = 0x00
_HEADER = 4


def begins_mariadb(data: bytes) -> bool:
    """Whether a server's first bytes are its greeting: packet 0, protocol version 10."""
    return len(data) > 5 and data[3:5] == b"\x00\x0a"


class MariadbCommits:
    """One connection, from the client's answer to the greeting on."""

    def __init__(self) -> None:
        self._requests = Messages(_HEADER, _length)
        self._answers = Messages(_HEADER, _length)
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
        """Whether these bytes answer a commit. Raises NotThisProtocol."""
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


def _length(header: bytes) -> int:
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
