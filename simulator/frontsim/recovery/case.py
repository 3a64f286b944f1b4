"""A case as its TOML file says it, and what happened in it as facts.

breaks = "..."               # what goes wrong
holds = "..."                # what must still hold
left = "missed"              # the class of a failed event that the job leaves behind in this case
clock_s = 3600               # the API's clock is ahead of the job's by so much; negative: behind
moved_to = "2026-10-25T04:00:00"  # the job's day, with libfaketime; `days` moves it between its starts

[[webhook]]                  # one without further keys takes whatever is resent
event = "SaleCreated"
refuses_resends = 2          # the receiver refuses the first two resends of each event; -1: all
deleted = true               # between the past and the job's first start

[[past]]                     # events from before the job's first start, oldest first
age = "3h"                   # before the start; s, m, h, d
webhook = 0                  # place in the list above
count = 5
state = "failed"             # or delivered, pending
status = 503                 # what the receiver answered
fault = "refuse"             # instead of an answer: a fault of the simulator
at = "2026-10-25T02:30:00"   # instead of an age, in the vendor's local time
about = "at midnight"

[[start]]                    # of the job; one without keys is a plain one
copies = 2                   # at the same moment
receiver = "down"
kill_after_resends = 3       # SIGKILL
enough_resends = 1200        # the job is stopped after so many: what is left then says nothing against it
fails_while_running = 3      # events that fail when the job has listed for the first time
fails_before = 2             # events that fail between the start before and this one
fails_age = "5d"             # ... created so long before this start
at_the_edge = true           # ... created at the `to` of the list calls of the start before
days = 1                     # later than the start before, with libfaketime

[[start.api]]                # how calls are broken; the first that fits is used, `times` times
operation = "list"           # list, get, resend, any
how = "status"               # status, garbage, cut-before, cut-after, hang, slow
status = 429
retry_after_s = 1
after = 0                    # calls of that kind that pass first
times = 1                    # -1: all
seconds = 1.5                # of slow and hang
webhook = 0
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from frontsim import bundled
from frontsim.client.models import RunView
from frontsim.domain.faults import FAULTS
from frontsim.errors import BadInput
from frontsim.user_input.configuration import read_toml
from frontsim.user_input.fields import Fields
from frontsim.wording import not_among


class Operation(StrEnum):
    """A call of the vendor's API asks for one of these."""

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
class BrokenSubscription:
    """A subscription that does not deliver as before: where its type goes, how often an event arrived, and should."""

    event: str
    urls: tuple[str, ...]
    arrived: int
    due: int = 1


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
        broken_subscriptions: those that it left so.
    """

    number: int
    ending: StartEnding
    exit_code: int | None
    duration_s: float
    ended_s: float
    output: str = ""
    leaked: tuple[str, ...] = ()
    still_failing: frozenset[str] = frozenset()
    broken_subscriptions: tuple[BrokenSubscription, ...] = ()


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

    @property
    def has_idle_start(self) -> bool:
        """One of the job's starts made no call."""
        return not {start.number for start in self.starts} <= {call.start for call in self.calls}


BREAKS = ("status", "garbage", "cut-before", "cut-after", "hang", "slow")
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_EVENT = "SaleCreated"


@dataclass(frozen=True, slots=True)
class CaseWebhook:
    """A webhook of the case. `refuses_resends` -1: the receiver refuses every one."""

    event: str = _EVENT
    refuses_resends: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PastGroup:
    """Events that were created at one moment before the job's first start."""

    age_s: float = 10_800.0
    at: str = ""
    webhook: int = 0
    count: int = 1
    state: PastState = PastState.FAILED
    status: int = 503
    fault: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class BrokenCall:
    """How calls of the API are broken while the job runs."""

    operation: Operation | None
    how: str
    status: int = 500
    retry_after_s: int = 0
    after: int = 0
    times: int = 1
    seconds: float = 1.0
    webhook: int | None = None


@dataclass(frozen=True, slots=True)
class CaseStart:
    """One start of the job, and what happens around it."""

    copies: int = 1
    receiver_down: bool = False
    kill_after_resends: int = 0
    enough_resends: int = 0
    fails_while_running: int = 0
    fails_before: int = 0
    fails_age_s: float = 0.0
    at_the_edge: bool = False
    days: float = 0.0
    api: tuple[BrokenCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `moved_to` "" leaves the job's clock as it is."""

    name: str
    breaks: str
    holds: str
    left: str = "missed"
    clock_s: float = 0.0
    moved_to: str = ""
    new_type: str = ""
    webhooks: tuple[CaseWebhook, ...] = (CaseWebhook(),)
    past: tuple[PastGroup, ...] = ()
    starts: tuple[CaseStart, ...] = field(default=(CaseStart(),))

    @property
    def needs_other_time(self) -> bool:
        """It plays on another day than today, which takes libfaketime."""
        return bool(self.moved_to) or any(start.days for start in self.starts)


def bundled_cases() -> list[Case]:
    """The cases that come with frontsim, in the order of their files' names."""
    return [read(path) for path in sorted((bundled.folder("scenarios") / "recovery").glob("*.toml"))]


def chosen(names: Sequence[str]) -> list[Case]:
    """The bundled cases of those names, or all.

    Raises:
        BadInput: there is no such case.
    """
    known = {case.name: case for case in bundled_cases()}
    for name in names:
        if name not in known:
            raise BadInput(not_among(known, name, expected="a case"))
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def read(path: Path) -> Case:
    """A case from its file.

    Raises:
        Unusable: the file cannot be read, or a key is unknown or has a wrong value; the text names both.
    """
    return read_toml(path, lambda document: _case(path.stem, document))


def _case(name: str, document: Mapping[str, Any]) -> Case:
    fields = Fields(document)
    fields.only("breaks", "holds", "left", "clock_s", "moved_to", "new_type", "webhook", "past", "start")
    found = Case(
        name=name,
        breaks=fields.text("breaks", required=True) or "",
        holds=fields.text("holds", required=True) or "",
        left=fields.choice("left", ("missed", "gave-up-early", "crashed")) or "missed",
        clock_s=fields.number("clock_s") or 0.0,
        moved_to=fields.text("moved_to") or "",
        new_type=fields.text("new_type") or "",
        webhooks=tuple(_webhook(each) for each in _tables(fields, "webhook")) or (CaseWebhook(),),
        past=tuple(_past(each) for each in _tables(fields, "past")),
        starts=tuple(_start(each) for each in _tables(fields, "start")) or (CaseStart(),),
    )
    events = [webhook.event for webhook in set(found.webhooks)]
    if len(set(events)) < len(events):
        fields.note("webhook", "expected webhooks of one event type to be alike, got two that differ")
    places = [group.webhook for group in found.past]
    places += [call.webhook for start in found.starts for call in start.api if call.webhook is not None]
    if any(place >= len(found.webhooks) for place in places):
        fields.note("webhook", f"expected a place below {len(found.webhooks)}, got {max(places)}")
    fields.check()
    return found


def _webhook(fields: Fields) -> CaseWebhook:
    fields.only("event", "refuses_resends", "deleted")
    return CaseWebhook(
        fields.text("event") or _EVENT, fields.whole("refuses_resends", least=-1) or 0, fields.flag("deleted") or False
    )


def _past(fields: Fields) -> PastGroup:
    fields.only("age", "at", "webhook", "count", "state", "status", "fault", "about")
    return PastGroup(
        age_s=_age_s(fields, "age", "3h"),
        at=fields.text("at") or "",
        webhook=fields.whole("webhook", least=0) or 0,
        count=fields.whole("count", least=1) or 1,
        state=PastState(fields.choice("state", [str(each) for each in PastState]) or PastState.FAILED),
        status=fields.whole("status", least=200, most=599) or 503,
        fault=fields.choice("fault", list(FAULTS)) or "",
        about=fields.text("about") or "",
    )


def _start(fields: Fields) -> CaseStart:
    fields.only(
        *("copies", "receiver", "kill_after_resends", "enough_resends", "fails_while_running", "fails_before"),
        *("fails_age", "at_the_edge", "days", "api"),
    )
    return CaseStart(
        copies=fields.whole("copies", least=1) or 1,
        receiver_down=fields.choice("receiver", ("up", "down")) == "down",
        kill_after_resends=fields.whole("kill_after_resends", least=1) or 0,
        enough_resends=fields.whole("enough_resends", least=1) or 0,
        fails_while_running=fields.whole("fails_while_running", least=1) or 0,
        fails_before=fields.whole("fails_before", least=1) or 0,
        fails_age_s=_age_s(fields, "fails_age", "0s"),
        at_the_edge=fields.flag("at_the_edge") or False,
        days=fields.number("days", least=0) or 0.0,
        api=tuple(_broken_call(each) for each in _tables(fields, "api")),
    )


def _broken_call(fields: Fields) -> BrokenCall:
    fields.only("operation", "how", "status", "retry_after_s", "after", "times", "seconds", "webhook")
    operation = fields.choice("operation", [*(str(each) for each in Operation), "any"])
    times = fields.whole("times", least=-1)
    return BrokenCall(
        operation=None if operation in (None, "any") else Operation(operation),
        how=fields.choice("how", BREAKS) or "status",
        status=fields.whole("status", least=200, most=599) or 500,
        retry_after_s=fields.whole("retry_after_s", least=0) or 0,
        after=fields.whole("after", least=0) or 0,
        times=1 if times is None else times,
        seconds=fields.number("seconds", least=0) or 1.0,
        webhook=fields.whole("webhook", least=0),
    )


def _age_s(fields: Fields, name: str, default: str) -> float:
    """Seconds that a text such as `3h` stands for."""
    age = _AGE.fullmatch(fields.text(name) or default)
    if age is None:
        fields.refuse(name, "a number and s, m, h or d, such as 3h")
        return 0.0
    return float(age[1]) * _SECONDS[age[2]]


def _tables(fields: Fields, name: str) -> Iterable[Fields]:
    """The tables of a list of tables; their problems are noted with those of `fields`."""
    value = fields.raw(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        fields.refuse(name, f"tables, each under [[{name}]]")
        return []
    return [Fields(item, at=f"{name}[{place}]", problems=fields.problems) for place, item in enumerate(value)]
