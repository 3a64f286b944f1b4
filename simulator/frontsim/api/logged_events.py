"""What one call has given the log, and what of it the log has taken: the call's answer."""

import asyncio
from collections import deque
from collections.abc import Sequence

import orjson
from starlette.responses import Response

from frontsim.api.responses import json
from frontsim.domain.model import Raised
from frontsim.errors import Busy, StoreFailed

CHUNK = 200
"""Occurrences that are built here and logged at a time; other calls get their turn in between."""
EVENTS = 2_000
"""Events that are logged at a time, about."""
_FIRST_CHUNK = 10  # occurrences, until it is known how many events one makes
_EVENT = '{"webhookId":"%s","webhookEventId":"%s","event":"%s"}'  # a type's name needs no escapes


class LoggedEvents:
    """What a call has logged so far, kept as the text of its answer, which takes a quarter of the memory of objects."""

    def __init__(self) -> None:
        self.occurrences = 0
        self._expected: deque[tuple[int, asyncio.Future[list[Raised]]]] = deque()
        self._count = 0
        self._events: list[str] = []

    def expect(self, occurrences: int, raised: "asyncio.Future[list[Raised]]") -> None:
        """Count occurrences that the log was given, once they are in it."""
        raised.add_done_callback(lambda done: done.cancelled() or done.exception())  # a call that failed awaits no more
        self._expected.append((occurrences, raised))

    async def fewer_than(self, most: int) -> None:
        """Wait until so few batches wait for the log.

        Raises:
            Busy, StoreFailed: the log has refused one; what it took of the others is counted.
        """
        refused: Busy | StoreFailed | None = None
        while len(self._expected) >= (most if refused is None else 1):
            occurrences, raised = self._expected.popleft()
            try:
                self._add(occurrences, await raised)
            except (Busy, StoreFailed) as error:
                refused = refused or error
        if refused is not None:
            if self.occurrences:
                refused.args = (f"{self.occurrences} occurrences are in the log, no more: {refused}",)
            raise refused

    def _add(self, occurrences: int, raised: Sequence[Raised]) -> None:
        """Count occurrences and their events, which are in the log."""
        self.occurrences += occurrences
        self._count += len(raised)
        if raised:
            self._events.append(",".join([_EVENT % item for item in raised]))

    def next_chunk(self) -> int:
        """How many occurrences to log next, at most: fewer where each makes many events."""
        if not self.occurrences:
            return _FIRST_CHUNK
        return max(1, min(CHUNK, EVENTS * self.occurrences // max(1, self._count)))

    def answer(self) -> Response:
        """`{"occurrences": n, "events": [...]}`."""
        events = orjson.Fragment(f"[{','.join(self._events)}]")
        return json({"occurrences": self.occurrences, "events": events}, 202)
