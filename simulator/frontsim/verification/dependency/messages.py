"""Splits a stream of bytes into length-prefixed messages, of which it keeps only the start: memory stays bounded."""

from collections.abc import Callable, Iterator

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
        while data:
            if self._missing < 0:
                data = self._read_header(data)
                if self._missing < 0:
                    return
            taken, data = data[: self._missing], data[self._missing :]
            self._start += taken[: max(0, self._keep - len(self._start))]
            self._missing -= len(taken)
            if self._missing == 0:
                message, self._start, self._missing = self._start, b"", -1
                yield message

    def _read_header(self, data: bytes) -> bytes:
        """Take the header, as far as it has come; what follows it."""
        wanted = self._header - len(self._start)
        self._start += data[:wanted]
        if len(self._start) == self._header:
            self._missing = self._length(self._start)
            if not 0 <= self._missing <= LONGEST:
                raise NotThisProtocol
        return data[wanted:]
