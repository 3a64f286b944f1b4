"""Webhook, occurrence, delivery, result, store id, and the texts of a run's status.

Names are in Python's case here and in the vendor's at the edge: `webhook_event_id` is `webhookEventId` there. The facts
of a run are NamedTuples, because making one takes a third of the time of a frozen dataclass.

An answer shows the standard reason of its code in sentence case, whatever reason the receiver wrote: `OK` (200) and
`Not found` (404) are seen in the vendor's log, the other codes follow by analogy (inferred). What the vendor shows when
there is no answer is open; `StatusText` is our choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from frontsim.clock import utc_text
from frontsim.user_input.fields import Fields


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


class Replayed(NamedTuple):
    """An event that really happened, for one webhook; None where the simulator makes the id.

    `webhook_id` and `event_id` are those that it had: the receiver gets the same headers again.
    """

    webhook_id: UUID | None
    url: str
    event_id: UUID | None
    occurrence: Occurrence


class RaisedBy(NamedTuple):
    """The cause of occurrences that are logged together: a business act, or a call that triggered them.

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
        """The receiver acknowledged the run."""
        return is_success(self.status_code)


def is_success(status_code: int | None) -> bool:
    """Only an HTTP 2xx acknowledges an event (published)."""
    return status_code is not None and 200 <= status_code < 300


class ChangedRequest(NamedTuple):
    """A request as a fault made it: its headers, the first 64 KiB of the body, and how many bytes of it went out.

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
    raw_headers: Sequence[tuple[bytes, bytes]] = ()
    headers: Sequence[tuple[str, str]] = ()
    """Those that may be shown."""

    def as_json(self, written: Callable[[int], str]) -> dict[str, Any]:
        """The call as the control surface shows it; `written` gives the text of a moment."""
        return {
            "number": self.number,
            "createdDateTime": written(self.at),
            "utc": utc_text(self.at),
            "method": self.method,
            "target": self.target,
            "operation": self.operation or None,
            "status": self.status,
            "durationMs": self.duration_ms,
            "answerBytes": self.answer_bytes,
            "key": dict(self.headers).get("x-api-key"),
            "fault": self.fault or None,
            "headers": self.headers,
        }


INTERRUPTED = Result(Outcome.UNKNOWN, "Unknown")
"""A run that was under way when the simulator died: how far it got is not known."""
NOT_SENT = Result(Outcome.NOT_SENT, "Not sent")
"""A run that was not begun when the simulator stopped, and must not be sent later."""


_LIMIT = 2**31


def read_store_id(fields: Fields) -> int | None:
    """`storeId`, or None where it is missing or null."""
    return fields.whole("storeId", least=-_LIMIT, most=_LIMIT - 1)


def with_known_store(occurrence: Occurrence) -> Occurrence:
    """The occurrence, without a store that 32 bits cannot hold: a payload that is invalid on purpose may name one."""
    store_id = occurrence.store_id
    return occurrence if store_id is None or -_LIMIT <= store_id < _LIMIT else occurrence._replace(store_id=None)


class StatusText(StrEnum):
    """Why there is no answer. The outcome says whether the run was *not sent* or is *unknown*."""

    CONNECTION_REFUSED = "Connection refused"
    """No server listens there."""
    CONNECT_TIMEOUT = "Connect timeout"
    """No connection was open in time: name lookup, TCP and TLS together."""
    NAME_NOT_RESOLVED = "Name not resolved"
    """The host's name has no address, or no name server answered."""
    HOST_UNREACHABLE = "Host unreachable"
    """No route to the host or its network."""
    CONNECTION_FAILED = "Connection failed"
    """The operating system gave any other reason, such as no file descriptor left."""
    CERTIFICATE_EXPIRED = "Certificate expired"
    """The receiver's certificate is past its last day, or its first is yet to come."""
    CERTIFICATE_WRONG_NAME = "Certificate name mismatch"
    """The receiver's certificate is for another host."""
    CERTIFICATE_UNTRUSTED = "Certificate not trusted"
    """The receiver's certificate is refused for another reason, mostly its issuer."""
    TLS_FAILED = "TLS handshake failed"
    """The TLS handshake failed, as when a plain HTTP server listens on that port."""
    TIMEOUT = "Timeout"
    """No whole answer came in time."""
    CONNECTION_RESET = "Connection reset"
    """The connection was torn down before the answer was whole."""
    CONNECTION_CLOSED = "Connection closed"
    """The receiver closed the connection in good order before the answer was whole."""
    BAD_RESPONSE = "Bad response"
    """The answer is not HTTP/1.x, or its head is larger than we read."""
    LEASE_EXPIRED = "Lease expired"
    """An outside deliverer never reported how it ended."""
    NOT_SENT = "Not sent"
    """We stopped before the first byte left."""
    UNKNOWN = "Unknown"
    """We stopped while the delivery was under way."""


def of_status(code: int) -> str:
    """The text of an answer: `of_status(404)` is `Not found`, a code without a standard reason `Status 599`."""
    return _REASONS.get(code) or f"Status {code}"


_REASONS = {
    101: "Switching protocols",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-authoritative information",
    204: "No content",
    205: "Reset content",
    206: "Partial content",
    207: "Multi-status",
    208: "Already reported",
    226: "IM used",
    300: "Multiple choices",
    301: "Moved permanently",
    302: "Found",
    303: "See other",
    304: "Not modified",
    305: "Use proxy",
    307: "Temporary redirect",
    308: "Permanent redirect",
    400: "Bad request",
    401: "Unauthorized",
    402: "Payment required",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    407: "Proxy authentication required",
    408: "Request timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length required",
    412: "Precondition failed",
    413: "Content too large",
    414: "URI too long",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    417: "Expectation failed",
    421: "Misdirected request",
    422: "Unprocessable content",
    423: "Locked",
    424: "Failed dependency",
    425: "Too early",
    426: "Upgrade required",
    428: "Precondition required",
    429: "Too many requests",
    431: "Request header fields too large",
    451: "Unavailable for legal reasons",
    500: "Internal server error",
    501: "Not implemented",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
    505: "HTTP version not supported",
    506: "Variant also negotiates",
    507: "Insufficient storage",
    508: "Loop detected",
    510: "Not extended",
    511: "Network authentication required",
}
