"""The answers of both APIs as facts: webhooks, logged events, runs, raised events.

The vendor's bodies are only partly published, so reading is lenient where it can be: unknown fields stay in `raw`,
and a missing field is the same as null. A field of a type that we cannot use is an error with expected and got.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from frontsim.client.errors import UnexpectedAnswer, retry_after_s
from frontsim.domain.model import Trigger
from frontsim.user_input.fields import Fields

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
            UnexpectedAnswer: it is not an object, has no id, or a field has another type.
        """
        fields = _Fields(value, "webhook")
        return cls(
            id=fields.key("id"),
            event=fields.word("event") or "",
            url=fields.word("url") or "",
            store_id=fields.whole("storeId"),
            raw=fields.value,
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
            UnexpectedAnswer: it is not an object, or a field has another type.
        """
        fields = _Fields(value, "run")
        return cls(
            run=fields.whole("run"),
            created=fields.word("createdDateTime"),
            trigger=fields.word("trigger"),
            status=fields.word("status"),
            status_code=fields.whole("statusCode"),
            success=fields.flag("success"),
            duration_ms=fields.whole("durationMs"),
            raw=fields.value,
        )

    @property
    def is_resend(self) -> bool:
        """A resend made this run: the event had been delivered before."""
        return self.trigger == Trigger.RESEND

    @property
    def is_received(self) -> bool:
        """The log has a 2xx for it."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def outcome(self) -> str:
        """How it ended, in the log's words: `404 Not found`, or the phrase alone."""
        return _outcome(self.status_code, self.status)


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
            UnexpectedAnswer: it is not an object, has no webhookEventId, or a field has another type.
        """
        fields = _Fields(value, "event")
        return cls(
            webhook_id=fields.word("webhookId") or "",
            webhook_event_id=fields.key("webhookEventId"),
            created=fields.word("createdDateTime"),
            updated=fields.word("updatedDateTime"),
            status=fields.word("status"),
            status_code=fields.whole("statusCode"),
            success=fields.flag("success"),
            runs_counter=fields.whole("runsCounter"),
            runs=tuple(RunView.read(run) for run in fields.items("runs") or []),
            payload=fields.raw("payload"),
            raw=fields.value,
        )

    @property
    def outcome(self) -> str:
        """How its newest run ended, in the log's words: `404 Not found`, or the phrase alone."""
        return _outcome(self.status_code, self.status)


def _outcome(status_code: int | None, status: str | None) -> str:
    return " ".join(str(word) for word in (status_code, status) if word is not None) or "no status"


@dataclass(frozen=True, slots=True)
class RaisedEvent:
    """One event that an occurrence became for one webhook."""

    webhook_id: str
    webhook_event_id: str
    event: str


@dataclass(frozen=True, slots=True)
class TriggerAnswer:
    """A trigger or a business act put these events into the log; there are none where no webhook matches."""

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
        events = [_Fields(item, "raised event") for item in fields.items("events") or []]
        return cls(
            occurrences=fields.whole("occurrences") or 0,
            events=tuple(
                RaisedEvent(item.key("webhookId"), item.key("webhookEventId"), item.key("event")) for item in events
            ),
            raw=fields.value,
        )


@dataclass(frozen=True, slots=True)
class AnsweredRun:
    """A run with what only the simulator knows of it: the fault that was applied, and the receiver's answer.

    `answer` is the beginning of the answer's body as text; `answer_head` has its headers as lines, if it is no 2xx.
    """

    run: int | None
    fault: str
    status: str
    status_code: int | None
    answer: str
    answer_head: str = ""

    @property
    def retry_after_s(self) -> float | None:
        """The seconds that the receiver asked to wait, None if it named none."""
        lines = (line.partition(":") for line in self.answer_head.splitlines())
        return retry_after_s({name.strip().title(): value for name, _, value in lines})

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of a run. Raises UnexpectedAnswer."""
        fields = _Fields(value, "run")
        return cls(
            run=fields.whole("run"),
            fault=fields.word("fault") or "",
            status=fields.word("status") or "",
            status_code=fields.whole("statusCode"),
            answer=fields.word("answer") or "",
            answer_head=fields.word("answerHead") or "",
        )


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event with the request that delivers it while no fault is on, and its runs.

    `cause` is what raised it: `trigger`, a business act, or the call of an operation, such as `PUT /api/Sale`.
    """

    url: str
    headers: Mapping[str, str]
    body: str
    runs: tuple[AnsweredRun, ...]
    cause: str = ""

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of an event of the page. Raises UnexpectedAnswer."""
        fields = _Fields(value, "event")
        return cls(
            url=fields.word("sentUrl") or "",
            headers={name: str(text) for name, text in (fields.mapping("headers") or {}).items()},
            body=fields.word("sentBody") or "",
            runs=tuple(AnsweredRun.read(run) for run in fields.items("runs") or []),
            cause=str((fields.mapping("cause") or {}).get("what", "")),
        )


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run's request as it went out: its head as lines, the first 64 KiB of its body, and the bytes of all of it."""

    head: str
    body: str
    size: int

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of a run's request. Raises UnexpectedAnswer."""
        fields = _Fields(_Fields(value, "run").raw("request"), "request")
        return cls(fields.word("head") or "", fields.word("body") or "", fields.whole("bytes") or 0)


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


class _Fields(Fields):
    """The fields of an answer's object; the first one of another type than we can use ends the reading."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise UnexpectedAnswer(what, expected="an object", got=value)
        super().__init__(value)
        self._what = what

    def refuse(self, name: str, expected: str, *, hint: str = "") -> None:
        raise UnexpectedAnswer(f"{self._what}.{name}", expected=f"{expected}{hint}", got=self.value)

    def key(self, name: str) -> str:
        """A text that must be there."""
        return self.text(name, "a text that is not empty", required=True) or ""

    def word(self, name: str) -> str | None:
        """A text or null; the vendor may send an empty one."""
        return self.text(name, "a text or null", blank=True)
