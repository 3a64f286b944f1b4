"""The facts that all rooms share: webhook, occurrence, delivery, result.

Names are in Python's case here and in the vendor's at the edge: `webhook_event_id` is `webhookEventId` there. The facts
of a run are NamedTuples, because making one takes a third of the time of a frozen dataclass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Trigger(StrEnum):
    """Why a run was made. The vendor never resends by itself: a Resend is always asked for by a caller."""

    ORIGINAL = "Original"
    RESEND = "Resend"


class Outcome(StrEnum):
    """How far a run got. A timeout is *unknown*, never a certain failure."""

    ANSWERED = "answered"
    """The receiver answered, with a status."""
    NOT_SENT = "not sent"
    """Certainly not one byte reached the receiver."""
    UNKNOWN = "unknown"
    """Sent, at least in part, and no whole answer came: it may have been processed."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription: one event type to one URL. `store_id` None means every store (inferred)."""

    id: UUID
    event: str
    url: str
    store_id: int | None


class Occurrence(NamedTuple):
    """Something that happened in the shop; `body` is what each matching webhook is sent."""

    event: str
    body: bytes
    store_id: int | None


class RaisedBy(NamedTuple):
    """What raised occurrences that are logged together: a business act, or a call that triggered them.

    `what` is the act's name, or "trigger"; `asked` how many of it the caller asked for; `occurrences` how many of those
    logged now it raised.
    """

    what: str
    asked: int
    occurrences: int


class Delivery(NamedTuple):
    """A run that is to be sent now; the log has marked it as begun.

    `destination` is the number of the URL's scheme, host and port, for which concurrency is limited; 0 is a lease.
    The ids are UUIDs as text, converted once.
    """

    run_id: int
    event_number: int
    run: int
    destination: int
    trigger: Trigger
    webhook_id: str
    webhook_event_id: str
    event: str
    url: str
    body: bytes
    created_at: int = 0
    """When the event was raised (simulator time, ms since 1970)."""
    store_id: int | None = None


class Raised(NamedTuple):
    """An event that was added to the log, for one webhook."""

    webhook_id: str
    webhook_event_id: str
    event: str


ANSWER_BODY_KEPT = 4 * 1024
"""Bytes of an answer's body that are kept."""
ANSWER_HEAD_KEPT = 2 * 1024
"""Bytes of the headers that are kept, of an answer that is no 2xx: they may explain it, as Location does."""


class Result(NamedTuple):
    """The outcome of a run.

    `status` is the text that the vendor's log shows, `answer` the beginning of the receiver's body, and `answer_head`
    has its headers as lines where it is no 2xx.
    """

    outcome: Outcome
    status: str
    status_code: int | None = None
    duration_ms: int | None = None
    answer: bytes = b""
    answer_head: bytes = b""

    @property
    def success(self) -> bool:
        """Whether the receiver acknowledged the run."""
        return is_success(self.status_code)


def is_success(status_code: int | None) -> bool:
    """Whether a status acknowledges an event: only an HTTP 2xx does (published)."""
    return status_code is not None and 200 <= status_code < 300


class ChangedRequest(NamedTuple):
    """What a fault made of a request: its headers, the first 64 KiB of the body, and how many bytes of it went out.

    The headers are without those that HTTP itself needs. `content_length` counts the bytes that were announced.
    """

    headers: bytes
    body: bytes
    size: int
    content_length: int

    @classmethod
    def of(cls, headers: bytes, body: bytes, *, announced: int | None = None) -> "ChangedRequest":
        """The headers, and as much of the body as is kept; without `announced` the whole body was."""
        return cls(headers, body[:MOST_OF_BODY], len(body), len(body) if announced is None else announced)


MOST_OF_BODY = 64 * 1024
"""Bytes of a changed body that are kept."""


class Finished(NamedTuple):
    """A delivery that is over: its result, and when it began (simulator time, ms since 1970).

    `fault` is the fault that was applied to it, "" for none. `changed` is what the fault made of its request, None
    where that is the one that the event has without a fault.
    """

    delivery: Delivery
    result: Result
    began_at: int
    fault: str = ""
    changed: "ChangedRequest | None" = None


class ApiCall(NamedTuple):
    """A call of the vendor's API that is over.

    `operation` and `fault` are "" for none; `status` None: the caller got no answer.
    """

    number: int
    at: int
    """When it came (simulator time, ms since 1970)."""
    method: str
    target: str
    operation: str
    status: int | None
    duration_ms: int
    answer_bytes: int
    fault: str
    headers: Sequence[tuple[str, str]]


INTERRUPTED = Result(Outcome.UNKNOWN, "Unknown")
"""A run that was under way when the simulator died: how far it got is not known."""
NOT_SENT = Result(Outcome.NOT_SENT, "Not sent")
"""A run that was not begun when the simulator stopped, and must not be sent later."""
