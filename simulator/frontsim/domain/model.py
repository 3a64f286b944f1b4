"""The facts that everything passes around: webhook, delivery, result.

Python's case inside, the vendor's at the edge: `webhook_event_id` here is `webhookEventId` there. What is made
for each run is a NamedTuple, for it is made three times as fast as a frozen dataclass.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Trigger(StrEnum):
    """Why a run was made. The vendor itself never resends: a Resend is always somebody's call."""

    ORIGINAL = "Original"
    RESEND = "Resend"


class Outcome(StrEnum):
    """How far a run got. A timeout is never a failure that we are sure of."""

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
    """Something that happened in the shop: the body is what each matching webhook will be sent."""

    event: str
    body: bytes
    store_id: int | None


class Delivery(NamedTuple):
    """A run that is to be sent now: it is in the log, marked as begun, before the first byte leaves.

    `destination` numbers what deliveries are bounded by: the URL's scheme, host and port; 0 is a lease.
    The ids are UUIDs in their text form, which is made once.
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


class Raised(NamedTuple):
    """An event that is now in the log, for one webhook."""

    webhook_id: str
    webhook_event_id: str
    event: str


class Result(NamedTuple):
    """What became of a run.

    `status` is the vendor's phrase for it, `answer` the first 4 KiB of the receiver's body.
    """

    outcome: Outcome
    status: str
    status_code: int | None = None
    duration_ms: int | None = None
    answer: bytes = b""

    @property
    def success(self) -> bool:
        """Whether it was received."""
        return is_success(self.status_code)


def is_success(status_code: int | None) -> bool:
    """Whether an answer says that the event was received, by the vendor's rule: only an HTTP 2xx (published)."""
    return status_code is not None and 200 <= status_code < 300


class Finished(NamedTuple):
    """A delivery that is over: what became of it, and when it began (simulator time, ms since 1970).

    `fault` names what we broke about it, "" for nothing.
    """

    delivery: Delivery
    result: Result
    began_at: int
    fault: str = ""


INTERRUPTED = Result(Outcome.UNKNOWN, "Unknown")
"""A run that was under way when the simulator died: nobody can say how far it got."""
NOT_SENT = Result(Outcome.NOT_SENT, "Not sent")
"""A run that was not begun when the simulator stopped, and is not to be sent later."""
