"""Batches of changes, made once for all followers of the stream.

    changes ──▶ every 50 ms: one batch, encoded once ──▶ the newest batches ──▶ follower
                                                                            ├─▶ follower
                                                                            └─▶ ...

The first change after a silence is sent at once. A follower takes the batches at its own pace; when it is more than
`KEPT_BYTES` behind, it has missed some. In a silence there is an empty batch now and then: writing it is how the server
learns that a follower is gone.

What was there before a follower came, and is still kept, is encoded for that follower alone.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

from frontsim.store.changes import Change, Changes, Missed

GAP_S = 0.05
"""Seconds between two batches: writing to each follower costs much the same, however many changes are written."""
HEARTBEAT_S = 15.0
KEPT_BYTES = 8 * 1024 * 1024
_CHANGES = 500  # encoded in one step: some 3 ms


class StreamBatches:
    """The batches, on one event loop; they are made only while there are followers.

    Args:
        changes: of the log.
        encode: gives the bytes of changes, the first of which has that number.
        heartbeat: the bytes of an empty batch.
        gap_s: as `GAP_S`.
        heartbeat_s: seconds of silence before an empty batch.
        kept_bytes: as `KEPT_BYTES`.
    """

    def __init__(
        self,
        changes: Changes,
        encode: Callable[[int, Sequence[Change]], bytes],
        *,
        heartbeat: bytes,
        gap_s: float = GAP_S,
        heartbeat_s: float = HEARTBEAT_S,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._changes = changes
        self._encode = encode
        self._heartbeat = heartbeat
        self._gap_s = gap_s
        self._heartbeat_s = heartbeat_s
        self._most_bytes = kept_bytes
        self._batches: deque[bytes] = deque()
        self._bytes = 0
        self._count = 0  # of all batches so far
        self._sequence = changes.sequence  # of the last change in them
        self._made = asyncio.Event()
        self._ended = False
        self._followers = 0
        self._making: asyncio.Task[None] | None = None

    async def after(self, sequence: int) -> AsyncGenerator[bytes]:
        """What a follower that knows the changes up to `sequence` is sent, until there will be no more.

        Raises:
            Missed: some changes are no longer kept.
        """
        self._join()
        try:
            number, last = self._count, self._sequence
            while sequence < last:
                earlier = self._changes.after(sequence, most=min(_CHANGES, last - sequence))
                yield self._encode(sequence + 1, earlier)
                sequence += len(earlier)
            while True:
                made = self._made
                if self._count - number > len(self._batches):
                    raise Missed
                if number < self._count:
                    number += 1
                    yield self._batches[number - 1 - self._count]
                elif self._ended:
                    return
                else:
                    await made.wait()
        finally:
            self._leave()

    def _join(self) -> None:
        if self._followers == 0:
            self._forget()
            self._making = asyncio.get_running_loop().create_task(self._make())
        self._followers += 1
        self._encode_new()  # so that no batch holds changes on both sides of where this follower begins

    def _leave(self) -> None:
        self._followers -= 1
        if self._followers == 0 and self._making is not None:
            self._making.cancel()

    async def _make(self) -> None:
        """Make batches for as long as there are followers."""
        while not self._changes.closed:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    await self._changes.wait(self._sequence)
            except TimeoutError:
                self._add(self._heartbeat)
                continue
            self._encode_new()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._gap_s):
                    await self._changes.wait_closed()
        self._encode_new()
        self._ended = True
        self._wake()

    def _encode_new(self) -> None:
        """Encode what came since the last batch. If that is no longer kept, every follower has missed it."""
        while self._sequence < self._changes.sequence:
            try:
                new = self._changes.after(self._sequence, most=_CHANGES)
            except Missed:
                self._forget()
                self._count += 1
                self._wake()
                return
            self._add(self._encode(self._sequence + 1, new))
            self._sequence += len(new)

    def _add(self, batch: bytes) -> None:
        self._batches.append(batch)
        self._bytes += len(batch)
        self._count += 1
        while self._bytes > self._most_bytes and len(self._batches) > 1:
            self._bytes -= len(self._batches.popleft())
        self._wake()

    def _forget(self) -> None:
        self._batches.clear()
        self._bytes = 0
        self._sequence = self._changes.sequence

    def _wake(self) -> None:
        self._made.set()
        self._made = asyncio.Event()
