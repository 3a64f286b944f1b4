"""What happened in one case, as recorded facts: the only thing that the judge sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from frontsim.client.models import RunView


class Operation(StrEnum):
    """What a call of the vendor's API asks for."""

    LIST = "list"
    GET = "get"
    RESEND = "resend"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the job made of the vendor's API.

    Attributes:
        start: which start of the job made it, from 1.
        operation: what it asked for.
        began_s: seconds from the beginning of the case.
        ended_s: when its answer was complete, or its connection cut.
        method_and_path: as it came, without the query.
        webhook_id: in its path, "" for none.
        webhook_event_id: in its path, "" for none.
        query: its parameters; of one that came twice, the last.
        status: what it was answered; None when the connection was cut instead.
        broken: how the case broke it, "" when it did not.
        retry_after_s: what the answer asked to wait, 0 for nothing.
    """

    start: int
    operation: Operation
    began_s: float
    ended_s: float
    method_and_path: str
    webhook_id: str = ""
    webhook_event_id: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    broken: str = ""
    retry_after_s: float = 0.0


class StartEnding(StrEnum):
    """How one start of the job ended."""

    EXITED = "exited"
    """By itself, with its own exit code or signal."""
    KILLED_BY_CASE = "killed by the case"
    """The case is about a job that dies; this says nothing against it."""
    ENOUGH = "stopped because it had resent enough"
    """The case is about a long list; what was left says nothing against it."""
    ENDLESS = "stopped because it resent one event again and again"
    TOO_SLOW = "stopped because its time was over"


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the job's command.

    Attributes:
        number: from 1; copies that run at the same time share it.
        ending: how it ended.
        exit_code: None when it was stopped; negative for a signal.
        duration_s: seconds from its start to its end.
        ended_s: seconds from the beginning of the case to its end.
        output: the end of what it printed, keys masked.
        leaked: names of the keys that it printed.
        still_failing: webhookEventIds that the log listed as failed after it.
    """

    number: int
    ending: StartEnding
    exit_code: int | None
    duration_s: float
    ended_s: float
    output: str = ""
    leaked: tuple[str, ...] = ()
    still_failing: frozenset[str] = frozenset()


class PastState(StrEnum):
    """How an event stood when the job first started, or when the event was created."""

    FAILED = "failed"
    DELIVERED = "delivered"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event of the case, with all its runs at the end.

    Attributes:
        state: as the case prepared it.
        due: the start of the job that should have found it, from 1.
        hopeless: the receiver refuses every resend of it.
        created: in the vendor's local time, as the log has it.
        about: what is special about it, for the story; "" for nothing.
    """

    webhook_id: str
    webhook_event_id: str
    event: str
    state: PastState
    due: int
    created: str
    hopeless: bool = False
    about: str = ""
    runs: tuple[RunView, ...] = ()

    @property
    def arrived(self) -> bool:
        """The receiver has it."""
        return any(each.is_received for each in self.runs)

    @property
    def resends(self) -> tuple[RunView, ...]:
        """The runs that the job asked for."""
        return tuple(each for each in self.runs if each.is_resend)


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """All that was recorded in one case.

    `trouble` says why it could not be played to its end, `skipped` why this job cannot be tested by it; "" for neither.
    """

    case: str
    events: tuple[PastEvent, ...] = ()
    calls: tuple[Call, ...] = ()
    starts: tuple[Start, ...] = ()
    trouble: str = ""
    skipped: str = ""
    duration_s: float = 0.0
