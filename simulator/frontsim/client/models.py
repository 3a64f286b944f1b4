"""What the APIs tell us, as facts: webhooks, logged events, runs, what was raised.

The vendor's bodies are only partly published, so reading is lenient where nothing hangs on it: unknown
fields stay in `raw`, a missing field is the same as null. A field of another type than we can use is shown
as expected and got, never guessed at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from frontsim.client.errors import UnexpectedAnswer

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A subscription as the API shows it; `event` and `url` are "" where it shows none."""

    id: str
    event: str
    url: str
    store_id: int | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of a WebhookViewModel (published: id, storeId, event, url).

        Raises:
            UnexpectedAnswer: it is no object, has no id, or a field has another type.
        """
        fields = _Fields(value, "webhook")
        return cls(
            id=fields.key("id"),
            event=fields.text("event") or "",
            url=fields.text("url") or "",
            store_id=fields.whole("storeId"),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True)
class RunView:
    """One attempt to deliver; its fields are open at the vendor, so all but `raw` may be None."""

    run: int | None
    created: str | None
    trigger: str | None
    status: str | None
    status_code: int | None
    success: bool | None
    duration_ms: int | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of one entry of `runs`.

        Raises:
            UnexpectedAnswer: it is no object, or a field has another type.
        """
        fields = _Fields(value, "run")
        return cls(
            run=fields.whole("run"),
            created=fields.text("createdDateTime"),
            trigger=fields.text("trigger"),
            status=fields.text("status"),
            status_code=fields.whole("statusCode"),
            success=fields.flag("success"),
            duration_ms=fields.whole("durationMs"),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event in the log of a webhook. Date-times are the vendor's text: local time without a zone.

    `payload` is None unless it was asked for; `runs` is empty unless they were.
    """

    webhook_id: str
    webhook_event_id: str
    created: str | None
    updated: str | None
    status: str | None
    status_code: int | None
    success: bool | None
    runs_counter: int | None
    runs: tuple[RunView, ...]
    payload: Any
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of an entry (published: every field but the content of `runs`).

        Raises:
            UnexpectedAnswer: it is no object, has no webhookEventId, or a field has another type.
        """
        fields = _Fields(value, "event")
        return cls(
            webhook_id=fields.text("webhookId") or "",
            webhook_event_id=fields.key("webhookEventId"),
            created=fields.text("createdDateTime"),
            updated=fields.text("updatedDateTime"),
            status=fields.text("status"),
            status_code=fields.whole("statusCode"),
            success=fields.flag("success"),
            runs_counter=fields.whole("runsCounter"),
            runs=tuple(RunView.read(run) for run in fields.items("runs")),
            payload=fields.raw.get("payload"),
            raw=fields.raw,
        )

    @property
    def outcome(self) -> str:
        """How its newest run ended, in the log's words: `404 Not found`, or the phrase alone."""
        words = (self.status_code, self.status)
        return " ".join(str(word) for word in words if word is not None) or "no status"


@dataclass(frozen=True, slots=True)
class RaisedEvent:
    """One event that an occurrence became for one webhook."""

    webhook_id: str
    webhook_event_id: str
    event: str


@dataclass(frozen=True, slots=True)
class TriggerAnswer:
    """What a trigger or a business act put into the log: no webhook matches, no events."""

    occurrences: int
    events: tuple[RaisedEvent, ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> Self:
        """From the 202 of `/_sim/trigger` or `/_sim/simulate`.

        Raises:
            UnexpectedAnswer: it is not of that form.
        """
        fields = _Fields(value, "raised")
        events = [_Fields(item, "raised event") for item in fields.items("events")]
        return cls(
            occurrences=fields.whole("occurrences") or 0,
            events=tuple(
                RaisedEvent(item.key("webhookId"), item.key("webhookEventId"), item.key("event")) for item in events
            ),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event; `id` is the log's sequence, "" when it has none."""

    id: str
    event: str
    data: str


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Server-sent events from the lines of a stream; one that is cut off is dropped, as the standard says."""
    last_id, event, data = "", "", list[str]()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Message(last_id, event or "message", "\n".join(data))
            event, data = "", []
        elif name == "id":
            last_id = value
        elif name == "event":
            event = value
        elif name == "data":
            data.append(value)


class _Fields:
    """The fields of one JSON object, each read as the type that it must have."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise UnexpectedAnswer(what, expected="an object", got=value)
        self.raw: Json = value
        self._what = what

    def key(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise self._unexpected(name, "a text that is not empty")
        return text

    def text(self, name: str) -> str | None:
        value = self.raw.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._unexpected(name, "a text or null")

    def whole(self, name: str) -> int | None:
        value = self.raw.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._unexpected(name, "a whole number or null")

    def flag(self, name: str) -> bool | None:
        value = self.raw.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._unexpected(name, "true, false or null")

    def items(self, name: str) -> list[Any]:
        value = self.raw.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._unexpected(name, "an array or null")

    def _unexpected(self, name: str, expected: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(f"{self._what}.{name}", expected=expected, got=self.raw)
