"""Payloads on their way between two processes: many in one message, each byte for byte as it was made.

job    what is to be made, as JSON: [[event, ...], first number, store]
batch  what was made:               count │ length of each body │ store of each │ the bodies
frame  either, with its length before it, in 4 bytes
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import orjson

from frontsim.domain.model import Occurrence

_LENGTH = struct.Struct("<I")
_NO_STORE = -(2**63)


class Job(NamedTuple):
    """Payloads that are wanted: one of each of `events`, numbered from `first`."""

    events: Sequence[str]
    first: int
    store_id: int | None


def write_job(job: Job) -> bytes:
    """A frame."""
    return framed(orjson.dumps(tuple(job)))


def read_job(text: bytes) -> Job:
    """What `write_job` wrote, out of its frame."""
    return Job(*orjson.loads(text))


def pack(made: Sequence[Occurrence]) -> bytes:
    """A frame."""
    count = len(made)
    bodies = [item.body for item in made]
    stores = [_NO_STORE if item.store_id is None else item.store_id for item in made]
    head = struct.pack(f"<I{count}I{count}q", count, *map(len, bodies), *stores)
    return framed(b"".join((head, *bodies)))


def unpack(events: Sequence[str], batch: bytes) -> list[Occurrence]:
    """What `pack` packed, out of its frame; `events` names the type of each, for they are not in it."""
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


class Frames:
    """Puts together what comes in pieces."""

    def __init__(self) -> None:
        self._came = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The texts that are whole now."""
        self._came += piece
        while len(self._came) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._came)[0]
            if len(self._came) < end:
                return
            text = bytes(memoryview(self._came)[_LENGTH.size : end])
            del self._came[:end]
            yield text
