"""The messages between the simulator and a worker, which carry payloads byte for byte.

job    what to make, as JSON:  [[event, ...], first number, store, first moment]
batch  what was made:          count │ length of each body │ store of each │ the bodies
frame  a job or a batch behind its length, in 4 bytes
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import orjson

from frontsim.domain.model import Occurrence
from frontsim.payloads.values.moments import Ticks

_LENGTH = struct.Struct("<I")
_NO_STORE = -(2**63)


class PayloadJob(NamedTuple):
    """An order for one payload of each of `events`, numbered from `first`, at moments from `at` on."""

    events: Sequence[str]
    first: int
    store_id: int | None
    at: Ticks | None


def write_job(job: PayloadJob) -> bytes:
    """The job in its frame."""
    return framed(orjson.dumps(tuple(job)))


def read_job(text: bytes) -> PayloadJob:
    """The job that `write_job` wrote, given without its frame."""
    return PayloadJob(*orjson.loads(text))


def pack(made: Sequence[Occurrence]) -> bytes:
    """The batch in its frame."""
    return framed(pack_text(made))


def pack_text(made: Sequence[Occurrence]) -> bytes:
    """The batch without its frame."""
    count = len(made)
    bodies = [item.body for item in made]
    stores = [_NO_STORE if item.store_id is None else item.store_id for item in made]
    head = struct.pack(f"<I{count}I{count}q", count, *map(len, bodies), *stores)
    return b"".join((head, *bodies))


def unpack(events: Sequence[str], batch: bytes) -> list[Occurrence]:
    """The payloads of a batch, given without its frame. A batch does not name the types: `events` does."""
    (count,) = _LENGTH.unpack_from(batch)
    numbers = struct.unpack_from(f"<{count}I{count}q", batch, _LENGTH.size)
    lengths, stores = numbers[:count], numbers[count:]
    bounds = accumulate(lengths, initial=_LENGTH.size + 12 * count)
    return [
        Occurrence(event, batch[start:end], None if store_id == _NO_STORE else store_id)
        for event, (start, end), store_id in zip(events, pairwise(bounds), stores, strict=True)
    ]


def framed(text: bytes) -> bytes:
    """The text with its length before it."""
    return _LENGTH.pack(len(text)) + text


class FrameReader:
    """Puts frames together from the pieces in which a socket delivers them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The content of each frame that this piece completes."""
        self._buffer += piece
        while len(self._buffer) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                return
            text = bytes(memoryview(self._buffer)[_LENGTH.size : end])
            del self._buffer[:end]
            yield text
