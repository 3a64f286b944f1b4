"""The record of real events: a line that says what the file is, then one line of JSON an event, in their order.

    {"frontsim": "record", "version": 1, "from": "api", "timezone": "Europe/Oslo", "anonymised": false}
    {"event": "SaleCreated", "webhookId": "...", "webhookEventId": "...", "time": "2026-08-01T10:12:06.313",
     "head": {...}, "body": {...}, "runs": [{...}]}

`time` is the vendor's text, local time without a zone, or an instant with one. A body that is no JSON stands as text
under `text`. Both ends stream: neither holds more than one line, so a file may have any size.

Invariants: a file that is there is never overwritten; a file is its owner's alone (0600); no key and no token is
written; a line that cannot be read is refused by its number, and none is passed over.

What an API has logged, real or mock, is read without changing or resending anything. A list has no pages (published),
so a long window is read in stretches: one answer stays small, and so does what is kept in memory.

    window ──▶ stretches of some days ──▶ each webhook's list, oldest first ──▶ merged by time ──▶ recorded events

A simulator's log knows more than the vendor's API shows: the head of each delivery, the fault that was applied to a
run, and the receiver's answer.
"""

import heapq
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from zoneinfo import ZoneInfo

import orjson

from frontsim.client.control import Simulator
from frontsim.client.errors import RetryPolicy, Say
from frontsim.client.http import EVER, FrontSystems
from frontsim.client.models import EventEntry, WebhookView
from frontsim.clock import is_event_id
from frontsim.errors import BadInput, Unusable
from frontsim.masking import MASK, masked
from frontsim.user_input.fields import Fields, read_json, shown_briefly
from frontsim.wording import counted

VERSION = 1
MOST_LINE_BYTES = 64 * 1024 * 1024
"""Bytes of one line: an event with its runs."""
SOURCES = ("api", "log", "proxy")

_NO_RECORD = "expected the first line of a record of this version"
_SECRET_HEADER = re.compile(r"authorization|cookie|key|token|secret|signature|auth", re.IGNORECASE)
_MAY_HOLD_A_SECRET = re.compile(r"://|=|[\"'] *:|eyJ|AKIA|ASIA|-----|[a-z]{2,6}_|authorization|cookie", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RecordHead:
    """The first line: where the events come from, and in which zone a time without an offset is."""

    source: str
    timezone: str = "Europe/Oslo"
    anonymised: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "frontsim": "record",
            "version": VERSION,
            "from": self.source,
            "timezone": self.timezone,
            "anonymised": self.anonymised,
        }


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One event as it was sent, and what became of it. `line` is where it stands in its file, 0 if it is in none."""

    event: str | None
    webhook_id: str
    webhook_event_id: str
    time: str
    body: Any
    head: Mapping[str, str] = field(default_factory=dict)
    runs: Sequence[Mapping[str, Any]] = ()
    text: str | None = None
    line: int = 0

    def as_json(self) -> dict[str, Any]:
        content = {"body": self.body} if self.text is None else {"text": self.text}
        return {
            "event": self.event,
            "webhookId": self.webhook_id,
            "webhookEventId": self.webhook_event_id,
            "time": self.time,
            "head": dict(self.head),
            **content,
            "runs": [dict(run) for run in self.runs],
        }


def without_secrets(event: RecordedEvent) -> RecordedEvent:
    """The event with each key and token as `***`: in the head by the header's name, elsewhere as `masking` finds it."""
    head = {name: MASK if _SECRET_HEADER.search(name) else str(_masked(value)) for name, value in event.head.items()}
    return replace(
        event,
        head=head,
        body=_masked(event.body),
        text=None if event.text is None else masked(event.text),
        runs=[_masked(run) for run in event.runs],
    )


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value) if _MAY_HOLD_A_SECRET.search(value) else value
    if isinstance(value, Mapping):
        return {name: _masked(item) for name, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value


class RecordWriter:
    """Writes a new file, a line at a time.

    Args:
        file: must not be there.
        head: its first line.

    Raises:
        Unusable: there is a file of that name, or none can be written.
    """

    def __init__(self, file: Path, head: RecordHead) -> None:
        self.file = file
        self.events = 0
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise Unusable(
                f"name a new file with --out: {file} is there already, and a record overwrites none"
            ) from None
        except OSError as error:
            raise Unusable(f"--out: expected a file that can be written, got {file} ({error.strerror})") from None
        self._out = os.fdopen(descriptor, "wb", buffering=0)
        self._size = 0
        try:
            self._write(head.as_json())
        except Unusable:
            self.close()
            raise

    def add(self, event: RecordedEvent) -> None:
        """Write one event, whole or not at all, without its secrets.

        Raises:
            Unusable: the file cannot take it; what was written before stays whole.
        """
        self._write(without_secrets(event).as_json())
        self.events += 1

    def _write(self, value: Mapping[str, Any]) -> None:
        line = memoryview(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
        size = len(line)
        try:
            while line:
                line = line[self._out.write(line) or 0 :]
        except OSError as error:
            self._out.truncate(self._size)  # a part of a line would be read as a truncated record
            raise Unusable(
                f"{self.file}: {counted(self.events, 'event is', 'events are')} in the record, then: "
                f"{error.strerror} (expected room to write)"
            ) from None
        self._size += size

    def close(self) -> None:
        self._out.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RecordReader:
    """Reads a file, a line at a time; a context manager.

    Args:
        file: the record.

    Raises:
        Unusable: it cannot be read.
        BadInput: its first line is not that of a record of this version.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self._in: BinaryIO = file.open("rb")
        except OSError as error:
            raise Unusable(f"{file}: expected a record that can be read, got {error.strerror}") from None
        self._number = 0
        try:
            self.head = self._read_head()
        except BaseException:
            self._in.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in.close()

    def events(self, *, from_line: int = 1) -> Iterator[RecordedEvent]:
        """The events that stand from that line of the file on. Raises BadInput, which names the line."""
        while (value := self._next(skip=self._number + 1 < from_line)) is not None:
            if self._number >= from_line:
                yield self._event(value)

    def _read_head(self) -> RecordHead:
        value = self._next()
        if value is None:
            raise self._refusal(_NO_RECORD, "an empty file", shown=False)
        if not isinstance(value, dict) or value.get("frontsim") != "record":
            raise self._refusal(f'{_NO_RECORD}, {{"frontsim": "record", "version": {VERSION}, ...}}', value)
        if value.get("version") != VERSION:
            raise self._refusal(f"expected a record of version {VERSION}", value.get("version"))
        fields = Fields(value)
        source, zone = fields.choice("from", SOURCES, required=True), fields.text("timezone", required=True)
        anonymised = fields.flag("anonymised")
        self._check(fields)
        try:
            ZoneInfo(zone or "")
        except (ValueError, OSError, LookupError):
            raise self._refusal("expected a timezone such as Europe/Oslo", zone) from None
        return RecordHead(source or "", zone or "", bool(anonymised))

    def _next(self, *, skip: bool = False) -> Any:
        """The value of the next line; None at the end of the file, and `{}` for one that is skipped."""
        line = self._in.readline(MOST_LINE_BYTES + 1)
        if not line:
            return None
        self._number += 1
        if len(line) > MOST_LINE_BYTES:
            raise self._refusal(f"expected a line of at most {MOST_LINE_BYTES >> 20} MiB", "a longer one", shown=False)
        if not line.endswith(b"\n"):
            got = f"one that is cut off after {len(line):,} bytes"
            raise self._refusal("expected a whole line with its end", got, shown=False)
        if skip:
            return {}
        try:
            return read_json(line)
        except ValueError as error:
            raise BadInput(f"{self.file}: line {self._number}: {error}") from None

    def _event(self, value: Any) -> RecordedEvent:
        if not isinstance(value, dict):
            raise self._refusal("expected an event as an object", value)
        fields = Fields(value)
        fields.only("event", "webhookId", "webhookEventId", "time", "head", "body", "text", "runs")
        runs, head = fields.items("runs") or [], fields.mapping("head") or {}
        if wrong := [run for run in runs if not isinstance(run, dict)]:
            fields.note("runs", f"expected an object for each run, got {shown_briefly(wrong[0])}")
        if wrong := [text for text in head.values() if not isinstance(text, str)]:
            fields.note("head", f"expected texts, got {shown_briefly(wrong[0])}")
        if fields.has("body") == fields.has("text"):
            fields.note("body", "expected either a body, or the text of one that is no JSON")
        time = fields.text("time", "when it was raised", required=True) or ""
        try:
            datetime.fromisoformat(time)
        except ValueError:
            fields.refuse("time", "a date-time such as 2026-08-01T10:12:06.313")
        made = RecordedEvent(
            event=fields.text("event", "the name of an event type"),
            webhook_id=fields.text("webhookId", "the id of a webhook", blank=True) or "",
            webhook_event_id=fields.text("webhookEventId", "the id of an event", blank=True) or "",
            time=time,
            body=fields.raw("body"),
            head=head,
            runs=runs,
            text=fields.text("text", blank=True),
            line=self._number,
        )
        self._check(fields)
        return made

    def _check(self, fields: Fields) -> None:
        fields.check(f"{self.file}: line {self._number}: ")

    def _refusal(self, expected: str, got: object, *, shown: bool = True) -> BadInput:
        what = shown_briefly(got) if shown else got
        return BadInput(f"{self.file}: line {self._number or 1}: {expected}, got {what}")


class Instants:
    """Reads the times of events, one after another, as instants.

    Autumn repeats an hour, and the vendor's text does not say which pass it means. Events stand in their order, so a
    time that seems to go back by less than that hour belongs to the second pass.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: datetime | None = None

    def of(self, text: str) -> datetime:
        """The instant of a time, in UTC."""
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        first, second = (local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        found = second if self._last is not None and first < self._last <= second else first
        self._last = found
        return found


_MOST_STRETCHES = 60
_DAY = timedelta(days=1)

Stretch = tuple[str, str]
"""The bounds of a list: `from` and `to`, as the API takes them."""


def stretches(since: datetime, until: datetime | None, today: date) -> list[Stretch]:
    """A window in stretches of a day, or more where that would be many; without `until` the last one has no end."""
    last = until or datetime.combine(today, datetime.min.time())
    step = max(_DAY, (last - since) / _MOST_STRETCHES)
    bounds = [since]
    while bounds[-1] + step < last:
        bounds.append(bounds[-1] + step)
    texts = [each.isoformat() for each in bounds]
    return list(zip(texts, [*texts[1:], until.isoformat() if until else EVER[1]], strict=True))


def recorded_events(
    api: FrontSystems,
    webhooks: Sequence[WebhookView],
    window: Sequence[Stretch],
    *,
    zone: ZoneInfo,
    retry: RetryPolicy,
    say: Say,
    simulator: Simulator | None = None,
) -> Iterator[RecordedEvent]:
    """The events of webhooks in a window, in the order in which they were raised.

    Args:
        api: lists them.
        webhooks: whose.
        window: as `stretches` makes it.
        zone: the vendor's local zone, by which times are compared.
        retry: repeats a list that failed for the moment.
        say: is told of an event that has no payload to record.
        simulator: adds heads, faults and answers.

    Raises:
        CallError: a list failed for good.
    """
    before: set[str] = set()
    for since, until in window:
        here: set[str] = set()
        listed = [partial(_listed, api, webhook, since, until, zone) for webhook in webhooks]
        for _, _, webhook, entry in heapq.merge(*[retry.read(each) for each in listed], key=lambda item: item[:2]):
            here.add(entry.webhook_event_id)
            if entry.webhook_event_id in before:  # whether a list includes its bounds is open at the vendor
                continue
            found = entry if entry.payload is not None else _alone(api, retry, webhook, entry)
            if found.payload is None:
                say(f"left out: event {entry.webhook_event_id} of {entry.created} was listed without its payload")
                continue
            yield _event(webhook, found, simulator)
        before = here


def _listed(
    api: FrontSystems, webhook: WebhookView, since: str, until: str, zone: ZoneInfo
) -> list[tuple[datetime, str, WebhookView, EventEntry]]:
    instants = Instants(zone)
    entries = api.list_events(webhook.id, from_=since, to=until, include_payload=True, include_runs=True)
    return [(instants.of(entry.created or since), _order(entry.webhook_event_id), webhook, entry) for entry in entries]


def _order(webhook_event_id: str) -> str:
    """A simulator's ids sort by age, so they order what was raised in one moment; the vendor's are open."""
    return webhook_event_id if is_event_id(webhook_event_id) else ""


def _alone(api: FrontSystems, retry: RetryPolicy, webhook: WebhookView, entry: EventEntry) -> EventEntry:
    """The event, read by itself: a list may leave payloads out."""
    return retry.read(lambda: api.get_event(webhook.id, entry.webhook_event_id))


def _event(webhook: WebhookView, entry: EventEntry, simulator: Simulator | None) -> RecordedEvent:
    runs: list[Mapping[str, Any]] = [run.raw for run in entry.runs]
    head: Mapping[str, str] = {}
    if simulator is not None:
        sent = simulator.event(entry.webhook_event_id)
        head, answered = sent.headers, {run.run: run for run in sent.runs}
        runs = [
            {**run, "fault": answered[number].fault, "answer": answered[number].answer}
            if (number := run.get("run")) in answered
            else run
            for run in runs
        ]
    return RecordedEvent(
        event=webhook.event or None,
        webhook_id=webhook.id,
        webhook_event_id=entry.webhook_event_id,
        time=entry.created or "",
        body=entry.payload,
        head=head,
        runs=runs,
    )
