"""The relay: real events, read from the vendor's log and delivered to a receiver at the desk, without a tunnel.

    poll: list each webhook since its watermark, less an overlap ──▶ not yet relayed? ──▶ POST /_sim/replay
                                                                                              │
    state, by rename: watermarks, ids, what is undelivered  ◀── its outcome ◀── the simulator delivers it
                                                                                              │
    what the receiver did not take is delivered again, with growing pauses  ◀─────────────────┘

At the vendor it only reads: a resend there would show in the log of everybody. Invariants:

- A watermark moves only when a list was read. So an outage of the API, a quota or a day without the relay makes the
  next window longer, and loses nothing.
- An id stands in the state once its outcome is known. So a kill between the two relays that event once more; nothing
  else is ever relayed twice.
- What cannot be relayed (an event without its payload, a webhook that is gone) is said as a gap.

The vendor's times are local and carry no zone. Watermarks are instants; a window's text begins so early that no reading
of the hour which autumn repeats falls out of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from frontsim.client.control import Simulator
from frontsim.client.errors import ApiError, CallError, Say, Sleep, may_pass
from frontsim.client.http import FrontSystems
from frontsim.client.models import EventEntry, RaisedEvent
from frontsim.client.reconcile_state import replace_state
from frontsim.errors import Unusable

VERSION = 1
LONGEST_PAUSE_S = 300.0
"""The pause before a receiver gets an event again, or an API that fails is asked again, grows up to this."""
_SLACK = timedelta(days=1)
"""Ids are forgotten when they are so much older than the next window."""
_AHEAD = timedelta(days=2)
"""A window ends so far in the future: the vendor's clock and zone are its own."""
_ABSENT_IN_A_ROW = 3
"""Deliveries in a row that found nobody, after which the others wait: the receiver is down."""
_LOOK_S = (0.005, 0.01, 0.02, 0.05)
_FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = 403, 404, 500


@dataclass(slots=True)
class Watermark:
    """How far a webhook's log was read, and the events since then, by id with their time as the log writes it."""

    seen_to: datetime
    ids: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    """Events that the first list had, from before the relay began."""


@dataclass(slots=True)
class Undelivered:
    """An event that the receiver has not taken, and how often it got it."""

    webhook_id: str
    event: str
    tries: int = 0
    next_at: datetime | None = None


@dataclass(slots=True)
class RelayState:
    """The relay's memory, in a file that is replaced as a whole. The caller holds its lock.

    `begins` is the moment since which events are relayed, `polled_at` when all logs were last read, None for never.
    """

    file: Path
    begins: datetime
    polled_at: datetime | None = None
    webhooks: dict[str, Watermark] = field(default_factory=dict)
    undelivered: dict[str, Undelivered] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, begins: datetime) -> "RelayState":
        """The state in the file, or one that begins at a moment if there is none.

        Raises:
            Unusable: it is something else. It is never begun anew: that would lose what was not delivered.
        """
        try:
            found = json.loads(file.read_text("utf-8"))
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}, and {VERSION} was expected")
            return cls(
                file,
                _instant(found["begins"]),
                found["polledAt"] and _instant(found["polledAt"]),
                {key: _watermark(each) for key, each in found["webhooks"].items()},
                {
                    key: Undelivered(str(each["webhookId"]), str(each["event"]), int(each["tries"]))
                    for key, each in found["undelivered"].items()
                },
            )
        except FileNotFoundError:
            return cls(file, begins)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unusable(
                f"--state {file}: expected the state of an earlier relay, got something else ({error}): move it away, "
                "and say with --since from when on to relay again"
            ) from None

    def write(self) -> None:
        """Raises Unusable: the file cannot be written."""
        webhooks = {
            key: {"seenTo": each.seen_to.isoformat(), "ids": each.ids, "before": each.before}
            for key, each in self.webhooks.items()
        }
        waiting = {
            key: {"webhookId": each.webhook_id, "event": each.event, "tries": each.tries}
            for key, each in self.undelivered.items()
        }
        replace_state(
            self.file,
            {
                "version": VERSION,
                "begins": self.begins.isoformat(),
                "polledAt": self.polled_at and self.polled_at.isoformat(),
                "webhooks": webhooks,
                "undelivered": waiting,
            },
        )


def _watermark(value: Mapping[str, Any]) -> Watermark:
    ids = {str(name): str(at) for name, at in value["ids"].items()}
    return Watermark(_instant(value["seenTo"]), ids, [str(name) for name in value["before"]])


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return found


def window_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """The earliest local time that anything since an instant may be written with; it has no zone.

    In autumn the clock goes back within some hours after the instant, and what happens then is written as if before.
    """
    nearby = [instant + timedelta(hours=hours) for hours in range(4)]
    offsets = [each.astimezone(zone).utcoffset() or timedelta() for each in nearby]
    return (instant.astimezone(UTC) + min(offsets)).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """The events to relay, and how often the vendor is asked for them."""

    to: str
    zone: ZoneInfo
    every_s: float
    since: datetime | None = None
    failed: bool = False

    @property
    def overlap(self) -> timedelta:
        """A window reaches back so far: an event may be listed late, and fail later than it was raised."""
        return timedelta(seconds=2 * self.every_s + 60)


class Relay:
    """Relays events, a step at a time.

    Args:
        vendor: is read, and nothing else.
        simulator: delivers the events.
        api: the same simulator's API.
        state: whose lock the caller holds.
        options: see there.
        say: shows the user what was waited for, and each gap.
        now: the present, with a zone.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        vendor: FrontSystems,
        simulator: Simulator,
        api: FrontSystems,
        state: RelayState,
        options: RelayOptions,
        *,
        say: Say,
        now: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._vendor = vendor
        self._simulator = simulator
        self._api = api
        self._state = state
        self._options = options
        self._say = say
        self._now = now
        self._sleep = sleep
        self._poll_at = now()
        self._failures = 0
        self._types: dict[str, str] = {}
        self._here: dict[str, RaisedEvent] = {}  # by the vendor's id: what the simulator's log has
        self._is_absent = False  # nobody answered the newest delivery that was not taken

    def step(self) -> float:
        """Poll if it is time, deliver again what is due, and return how many seconds to wait until the next step.

        Raises:
            CallError: the vendor refuses the keys, or the simulator is gone.
            Unusable: the state cannot be written.
        """
        if self._now() >= self._poll_at:
            self._poll_at = self._now() + timedelta(seconds=self._poll())
        self._deliver_again()
        waits = [each.next_at for each in self._state.undelivered.values() if each.next_at is not None]
        return max(0.05, (min([self._poll_at, *waits]) - self._now()).total_seconds())

    def _poll(self) -> float:
        """Read the log of each webhook; returns the seconds until the next poll."""
        began = self._now()
        try:
            there = {webhook.id: webhook.event for webhook in self._vendor.list_webhooks()}
            self._types |= there
            failed: ApiError | None = None
            for webhook_id in dict.fromkeys([*there, *self._state.webhooks]):
                try:
                    self._read(webhook_id, began)
                except ApiError as error:
                    if error.status < _SERVER_ERROR:
                        raise
                    failed = error  # of this webhook alone, perhaps: the others are read all the same
                    continue
                if webhook_id not in there:
                    self._say(f"gap: webhook {webhook_id} was deleted; what it gets from now on is not listed")
                    self._state.webhooks.pop(webhook_id, None)
            if failed is not None:
                raise failed
            if self._options.since is not None and self._options.since < self._state.begins:
                self._reach_back(list(there), self._options.since)
        except CallError as error:
            return self._pause_after(error)
        if self._failures:
            self._say("the API answers again, and what it has logged meanwhile was read")
        self._failures = 0
        self._state.polled_at = began
        self._state.write()
        return self._options.every_s

    def _pause_after(self, error: CallError) -> float:
        """Seconds to wait after a call that failed: as long as the API asks, be it hours. Raises one that stays."""
        asked_s = error.retry_after_s if isinstance(error, ApiError) else None
        is_quota = isinstance(error, ApiError) and error.status == _FORBIDDEN and (asked_s or "quota" in error.body)
        if not (is_quota or may_pass(error)):
            raise error
        self._failures += 1
        backoff_s = min(LONGEST_PAUSE_S, self._options.every_s * 2.0 ** min(self._failures - 1, 10))
        pause_s = max(asked_s or 0.0, backoff_s)
        since = self._state.polled_at or self._state.begins
        self._say(f"the API is read again in {pause_s:g} s, and then from {_shown(since)} on: {error}")
        return pause_s

    def _read(self, webhook_id: str, began: datetime) -> None:
        """Relay what a webhook's log has since its watermark."""
        state, overlap, zone = self._state, self._options.overlap, self._options.zone
        mark = state.webhooks.get(webhook_id)
        first_text = ""
        if mark is None and state.polled_at is None:  # in its shortest form, because a log writes .4, not .400123
            first_text = window_start(state.begins, zone).isoformat(timespec="milliseconds").rstrip("0").rstrip(".")
        if mark is None:
            mark = Watermark(state.polled_at or state.begins)
        try:
            entries = self._list(webhook_id, mark.seen_to - overlap)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            self._say(f"gap: webhook {webhook_id} is gone, with what it got since {_shown(mark.seen_to)}")
            entries = []
        state.webhooks[webhook_id] = mark
        mark.before += [each.webhook_event_id for each in entries if "" < (each.created or "") < first_text]
        known = {*mark.ids, *mark.before}
        for entry in entries:
            if entry.webhook_event_id not in known:
                self._take(entry, mark)
        mark.seen_to = began
        oldest = window_start(began - overlap - _SLACK, zone).isoformat()
        mark.ids = {key: at for key, at in mark.ids.items() if at >= oldest}

    def _reach_back(self, webhook_ids: Sequence[str], since: datetime) -> None:
        """Relay what was raised since an earlier moment than that from which the state begins."""
        until = self._state.begins.astimezone(self._options.zone).replace(tzinfo=None).isoformat()
        for webhook_id in webhook_ids:
            mark = self._state.webhooks[webhook_id]
            for entry in self._list(webhook_id, since):
                if (entry.created or "") <= until and entry.webhook_event_id not in mark.ids:
                    self._take(entry, mark)
            mark.before.clear()
        self._state.begins = since

    def _list(self, webhook_id: str, start: datetime) -> list[EventEntry]:
        """Events since an instant, oldest first."""
        end = self._now().astimezone(self._options.zone).replace(tzinfo=None) + _AHEAD
        entries = self._vendor.list_events(
            webhook_id,
            from_=window_start(start, self._options.zone).isoformat(timespec="milliseconds"),
            to=end.isoformat(timespec="seconds"),
            success=False if self._options.failed else None,
            include_payload=True,
            include_runs=True,
        )
        if not self._options.failed:
            return entries
        # an API that ignores `success` lists what was received too, and what is under way
        return [entry for entry in entries if entry.success is False and entry.runs_counter != 0]

    def _take(self, entry: EventEntry, mark: Watermark) -> None:
        """Relay one event for the first time, and note in the file that it was."""
        numbers = [run.run for run in entry.runs if run.run is not None]
        if numbers and (missing := sorted({*range(1, max(numbers) + 1)} - {*numbers})):
            runs = ", ".join(map(str, missing))
            self._say(
                f"gap: event {entry.webhook_event_id} has no run {runs} in the list, only {len(numbers)} of its runs"
            )
        event = self._types.get(entry.webhook_id) or "Unknown"
        if not self._is_delivered(entry, event):
            self._postpone(entry.webhook_event_id, Undelivered(entry.webhook_id, event))
        mark.ids[entry.webhook_event_id] = entry.created or ""
        self._state.write()

    def _is_delivered(self, entry: EventEntry, event: str) -> bool:
        """Have the simulator deliver an event; True as well for one that cannot be relayed, which is said."""
        if entry.payload is None:
            entry = self._vendor.get_event(entry.webhook_id, entry.webhook_event_id)
        if entry.payload is None:
            self._say(f"gap: event {entry.webhook_event_id} of {entry.created} was listed without its payload")
            return True
        raised, is_new = self._simulator.replay(
            event,
            entry.payload,
            url=self._options.to,
            webhook_id=_uuid(entry.webhook_id),
            webhook_event_id=_uuid(entry.webhook_event_id),
        )
        after = self._outcome(raised)
        if not is_new and after.success is not True:  # of an earlier relay, through the same simulator
            after = self._api.deliver(raised.webhook_id, raised.webhook_event_id)
        return self._is_taken(entry.webhook_event_id, raised, after)

    def _is_taken(self, event_id: str, raised: RaisedEvent, after: EventEntry) -> bool:
        if after.success is True:
            self._here.pop(event_id, None)
            return True
        self._here[event_id] = raised
        self._is_absent = after.status_code is None
        return False

    def _outcome(self, raised: RaisedEvent) -> EventEntry:
        """The event once its run is over; a fault may delay it for as long as it likes."""
        for look in count():
            entry = self._api.get_event(raised.webhook_id, raised.webhook_event_id)
            if entry.runs_counter:
                return entry
            self._sleep(_LOOK_S[min(look, len(_LOOK_S) - 1)])
        raise AssertionError("count() does not end")

    def _postpone(self, webhook_event_id: str, waiting: Undelivered) -> None:
        waiting.tries += 1
        pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(waiting.tries - 1, 10))
        waiting.next_at = self._now() + timedelta(seconds=pause_s)
        self._state.undelivered[webhook_event_id] = waiting
        self._say(f"event {webhook_event_id} was not taken; the receiver gets it again in {pause_s:g} s")

    def _deliver_again(self) -> None:
        """Deliver what is due again, oldest first; if nobody is there, the others wait for their next turn."""
        absent = 0
        for event_id, waiting in list(self._state.undelivered.items()):
            if waiting.next_at is not None and waiting.next_at > self._now():
                continue
            if absent >= _ABSENT_IN_A_ROW:
                waiting.next_at = self._now() + timedelta(seconds=1)
                continue
            try:
                is_delivered = self._is_delivered_again(event_id, waiting)
            except CallError as error:  # the vendor has to show the event again, and does not now
                self._poll_at = self._now() + timedelta(seconds=self._pause_after(error))
                is_delivered = False
            if is_delivered:
                del self._state.undelivered[event_id]
                absent = 0
            else:
                self._postpone(event_id, waiting)
                absent += self._is_absent
            self._state.write()

    def _is_delivered_again(self, event_id: str, waiting: Undelivered) -> bool:
        """Through the simulator's log if it has the event; else the vendor shows it once more."""
        if raised := self._here.get(event_id):
            after = self._api.deliver(raised.webhook_id, raised.webhook_event_id)
            return self._is_taken(event_id, raised, after)
        try:
            entry = self._vendor.get_event(waiting.webhook_id, event_id)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            self._say(f"gap: event {event_id} was not taken before, and the API has it no more")
            return True
        return self._is_delivered(entry, waiting.event)


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _uuid(text: str) -> str | None:
    """The id, if a simulator can take it over; what the vendor's ids look like is open."""
    try:
        return str(UUID(text))
    except ValueError:
        return None
