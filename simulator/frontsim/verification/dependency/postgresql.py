"""When a PostgreSQL server answers a commit. The answers alone show it: simple or extended protocol, prepared or not.

    CommandComplete "INSERT 0 1", ReadyForQuery "T"     written, within a transaction
    CommandComplete "COMMIT", ReadyForQuery "I"         committed
    CommandComplete "INSERT 0 1", ReadyForQuery "I"     written and committed (autocommit)

A commit counts only after a statement that changed rows: pools and frameworks commit transactions that only read.
"""

import struct

from frontsim.verification.dependency.messages import Messages, NotThisProtocol

_STARTUP = 196608  # protocol 3.0; the minor version may be higher
_ASKS_FOR_ENCRYPTION = (80877103, 80877104)
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CALL")
_IDLE = b"I"


def begins_postgresql(data: bytes) -> bool:
    """Whether a client's first bytes are PostgreSQL's startup, or its request for TLS."""
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
        """Whether these bytes answer a commit. Raises NotThisProtocol."""
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
