"""When a RabbitMQ broker (AMQP 0-9-1) answers a commit: it confirms what was published, or the end of a transaction.

A consumer's acknowledgement has no answer. So it counts when it is sent: if it does not arrive, the broker delivers the
message again.
"""

from frontsim.verification.dependency.messages import Messages, NotThisProtocol

_METHOD = 1
_ACK = b"\x00\x3c\x00\x50"
_COMMITTED = b"\x00\x5a\x00\x15"  # tx.commit-ok
_PROTOCOL_HEADER = 8


def begins_amqp(data: bytes) -> bool:
    """Whether a client's first bytes are the protocol's header."""
    return data[:4] == b"AMQP"


class AmqpCommits:
    """One connection."""

    def __init__(self) -> None:
        self._frames = Messages(7, _length)
        self._answers = Messages(7, _length)
        self._left = _PROTOCOL_HEADER

    def sent(self, data: bytes) -> bool:
        """Whether these bytes acknowledge a message. Raises NotThisProtocol."""
        skipped = min(self._left, len(data))
        self._left -= skipped
        acks = [_method(frame) == _ACK for frame in self._frames.feed(data[skipped:])]
        return any(acks)

    def answered(self, data: bytes) -> bool:
        """Whether these bytes confirm. Raises NotThisProtocol."""
        confirms = [_method(frame) in (_ACK, _COMMITTED) for frame in self._answers.feed(data)]
        return any(confirms)


def _length(header: bytes) -> int:
    if not 1 <= header[0] <= 8:
        raise NotThisProtocol
    return int.from_bytes(header[3:7], "big") + 1


def _method(frame: bytes) -> bytes:
    return frame[7:11] if frame[0] == _METHOD else b""
