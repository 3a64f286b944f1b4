"""The clean round: one clean event of each type, before the first scenario, and the key by which effects show them.

    an event of each type --> answers: which types are taken, and which refused alike
                          --> effects: which types are booked, as far as that shows at once, and again at the end;
                              without any, by which key they show the events, and in which shape of deliveries

A receiver that is made for some types often refuses all others with one and the same answer. That says nothing about
outages, so the user hears of it in the first seconds, and `--events auto` leaves those types out. A type stays in
when it got no answer, an answer that asks to try later, or another answer than the most common refusal. A receiver that
refuses every event, and blames the request, has a wrong path or wants a key: the run ends with the line that mends it.

    clean events, all rows --> a column with their ids      --> one row for each event: it is the key
                           --> their identity (saleId ...)  --> one row for each event: `business`
                           --> more rows for an event       --> no key; a sentence names the candidates

A key is found only if each event of the types that it shows has exactly one row. Sales of several lines are among the
events, so that a table with a row for each line is no candidate.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from frontsim.client.control import STRICT
from frontsim.client.models import AnsweredRun, EventEntry
from frontsim.client.reconcile import is_refused_for_good
from frontsim.clock import stopwatch
from frontsim.masking import masked, printable
from frontsim.verification import patience
from frontsim.verification.effects import content
from frontsim.verification.effects.changes import Effects
from frontsim.verification.effects.correlate import BUSINESS, correlate
from frontsim.verification.effects.history import Effect, EventFact, History, Observation
from frontsim.verification.effects.observers import Observer, ObserverFailed
from frontsim.verification.effects.settle import EffectReader, wait_until_settled
from frontsim.verification.patience import TimeLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.log import read_webhook_facts
from frontsim.wording import counted, in_a_row

_DEEPEST = 3
_HASHES = ("sha256", "sha1", "md5")
_MOMENT_S = 1.0


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The key, and a sentence that says so; without a key the sentence says why the candidates are none, or is "".

    `is_sure`: what is shown later changes nothing.
    """

    key: str = ""
    sentence: str = ""
    is_sure: bool = False


def find_key(rows: Sequence[Any], events: Sequence[EventFact]) -> FoundKey:
    """The key by which each of these acknowledged events has one row, if its type has any."""
    columns = {f"`{path}`": rows_of for path, rows_of in _by_id(rows, events).items()}
    for column, rows_of in columns.items():
        if _is_one_each(rows_of, events):
            path = column.strip("`")
            return FoundKey(path, f"your ids stand in column {column}: using it (--observe-key {path})", is_sure=True)
    identities = _by_identity(rows, events)
    if not columns and identities and all(_is_one_each(each, events) for each in identities.values()):
        return FoundKey(BUSINESS, f"books by {', '.join(identities)}: using --observe-key business", is_sure=True)
    found = [f"{name} ({_numbers(rows_of, events)})" for name, rows_of in (columns or identities).items()]
    if not found:
        hashed = _hashed(rows, events)
        return FoundKey(
            sentence=f"{hashed}: let the observer show the id itself" if hashed else "", is_sure=bool(hashed)
        )
    return FoundKey(
        sentence=f"no column has one row for each event: {', '.join(found)}; let the observer show one row for each "
        "event, and name its column with --observe-key",
        is_sure=all(max(rows_of.values()) > 1 for rows_of in (columns or identities).values()),
    )


def _by_id(rows: Sequence[Any], events: Sequence[EventFact]) -> Mapping[str, Counter[str]]:
    """How many rows have each event's id, by the path of the column; the one nearest to the top first."""
    ids = {event.webhook_event_id for event in events}
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for path, value in _fields(row):
            text = content.normalised(value)
            if text in ids:
                found.setdefault(path, Counter())[text or ""] += 1
    return dict(sorted(found.items(), key=lambda each: (each[0].count("."), -each[1].total())))


def _hashed(rows: Sequence[Any], events: Sequence[EventFact]) -> str:
    """Says which column shows a hash of the ids, "" for none: no key can be made of that."""
    ids = [event.webhook_event_id.encode() for event in events]
    hashes = {hashlib.new(name, each, usedforsecurity=False).hexdigest(): name for name in _HASHES for each in ids}
    fields = (found for row in rows for found in (_fields(row) if isinstance(row, Mapping) else [("", row)]))
    return next(
        (
            f"column `{path}` has the {hashes[text]} of your ids"
            for path, value in fields
            if (text := str(value).lower()) in hashes
        ),
        "",
    )


def _by_identity(rows: Sequence[Any], events: Sequence[EventFact]) -> Mapping[str, Counter[str]]:
    """How many rows are about what each event is about, by the name of that."""
    history = History("key", tuple(events), observer_key=BUSINESS)
    effects = tuple(Effect(None, row) for row in rows)
    found: dict[str, Counter[str]] = {}
    for group in correlate(history, Observation(0, effects)).groups:
        event = group.events[0]
        if group.effects and event.entity:
            found.setdefault(event.entity.path, Counter())[event.webhook_event_id] += len(group.effects)
    return found


def _is_one_each(rows_of: Mapping[str, int], events: Sequence[EventFact]) -> bool:
    types = {event.event for event in events if event.webhook_event_id in rows_of}
    return all(rows_of.get(event.webhook_event_id) == 1 for event in events if event.event in types)


def _numbers(rows_of: Mapping[str, int], events: Sequence[EventFact]) -> str:
    """How many rows the events of each type have."""
    by_type: dict[str, set[int]] = {}
    for event in events:
        by_type.setdefault(event.event, set()).add(rows_of.get(event.webhook_event_id, 0))
    shown = {event: sorted(numbers) for event, numbers in by_type.items() if any(numbers)}
    return ", ".join(
        f"{event}: {' or '.join([*map(str, numbers[:-1]), counted(numbers[-1], 'row')])} for an event"
        for event, numbers in shown.items()
    )


def _fields(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The fields of a row by their dotted paths, without those in lists."""
    value = content.parsed(value)
    if not isinstance(value, Mapping):
        if path:
            yield path, value
        return
    if depth <= _DEEPEST:
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}" if path else str(name), depth + 1)


_TRY_LATER = (408, 425, 429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class ProbedTypes:
    """The types in their order; `refused` has the answer to each that was refused as most others were.

    If every type was refused, `refused` is empty, because nothing would be left to play, and `to_all` has the most
    common answer; `stop` says why nothing can be verified, "" if another try may show something.
    `key` says by which key the effects were found to be tied to events. `events` are those that were sent.
    """

    types: Sequence[str]
    refused: Mapping[str, str]
    to_all: str = ""
    stop: str = ""
    key: str = ""
    events: Sequence[EventFact] = field(default=(), repr=False)

    @property
    def taken(self) -> list[str]:
        return [event for event in self.types if event not in self.refused]

    @property
    def hint(self) -> str:
        """Advises the user; "" unless most types were refused."""
        if self.to_all:
            return (
                f"The receiver refused a clean event of each type, most with {self.to_all}. "
                "If it reads the event's type or id from the body, try --delivery-shape typed, event or envelope; "
                "a file for --delivery-shape adds headers, such as a key."
            )
        if not self.taken or 2 * len(self.refused) <= len(self.types):
            return ""
        answer = next(iter(self.refused.values()))
        return (
            f"{len(self.refused)} of {len(self.types)} types were answered {answer}. "
            f"Not yours? --events {','.join(self.taken)}"
        )


def probe(harness: Harness) -> ProbedTypes:
    """Send one clean event of each type, and those that are refused once more. Raises CallError."""
    given, epoch = harness.given, harness.now()
    types, receiver = given.selection.types("all"), given.request.receiver
    webhooks = list(harness.pool.map(lambda event: harness.api.create_webhook(event, receiver).id, types))
    try:
        now = str(harness.sim.clock().get("now"))
        raised = dict(zip(types, harness.pool.map(lambda event: _raise(harness, event, now=now), types), strict=True))
        harness.drain(harness.patience.probe_drain_s, raised=len(types))
        known = {event: ids for event, ids in raised.items() if ids}
        entries = dict(zip(known, harness.pool.map(lambda ids: harness.entry(*ids), known.values()), strict=True))
        suspects = [event for event, entry in entries.items() if _is_refused(entry)]
        if not any(entry.success for entry in entries.values()):  # then those that may be busy are asked again, too
            suspects = [event for event, entry in entries.items() if entry.status_code is not None]
        harness.resend([ids for event in suspects if (ids := raised[event])])
        again = {event: harness.entry(*ids) for event in suspects if (ids := raised[event])}
        facts = _facts(harness, dict(zip(webhooks, types, strict=True)), epoch)
        harness.know_probed("type probe", facts)
        answers = {
            event: entry.outcome
            for event, entry in again.items()
            if _is_refused(entry) and entry.outcome == entries[event].outcome
        }
        stop = _why_stop(harness, again) if len(again) == len(types) else ""
    finally:
        for webhook_id in webhooks if harness.cleans_up else ():
            harness.api.delete_webhook(webhook_id)
    alike = _alike(answers)
    if len(answers) == len(types):
        return ProbedTypes(types, {}, to_all=next(iter(alike.values())), stop=stop, events=facts)
    return ProbedTypes(types, alike, stop=stop, events=facts)


_ASKED = 3
_LONGEST = 200
_KEY = "a key belongs into its URL, or into the [headers] of a file for --delivery-shape"
_BEHIND = "start what stands behind its proxy, or wait until it has started"
_ADVICE: Mapping[int, str] = {
    400: "check what it expects in the body (--delivery-shape typed, event or envelope) and which header has the id "
    "(--event-id-header)",
    401: f"check its key: {_KEY}",
    403: f"check its key, its list of allowed hosts and its CSRF protection: {_KEY}",
    404: "check the path",
    405: "check the path: it takes no POST there",
    419: "exempt the path from its CSRF protection",
    502: _BEHIND,
    503: _BEHIND,
    504: _BEHIND,
}


def _why_stop(harness: Harness, refused: Mapping[str, EventEntry]) -> str:
    """The line for a receiver that has refused every type twice, and does so again later.

    One that blames the request may be starting behind a proxy that answers meanwhile, so that it gets a moment; one
    that fails by itself gets some more. One that fails at some types and refuses others is judged. Raises CallError.
    """
    statuses = {entry.status_code for entry in refused.values()}
    fails = all(_fails(code) for code in statuses)
    if any(entry.success for entry in refused.values()) or not (fails or is_refused_for_good(statuses)):
        return ""
    asked = [(entry.webhook_id, entry.webhook_event_id) for entry in refused.values()][:_ASKED]
    for _ in range(patience.FAILS_AGAIN if fails else 1):
        harness.pause(patience.REFUSED_S)
        harness.resend(asked)
        answers = [harness.entry(*each).status_code for each in asked]
        if any(code not in statuses and not (fails and _fails(code)) for code in answers):
            return ""
    codes = sorted(code for code in statuses if code is not None)
    last = harness.sim.event(asked[-1][1]).runs[-1]
    path = urlsplit(masked(harness.given.request.receiver)).path or "/"
    answered = f"your receiver answered {in_a_row([str(code) for code in codes])} to every event at {printable(path)}"
    return f"{answered}: {_advice(codes[0], last)}"


def _fails(code: int | None) -> bool:
    return code is not None and code >= 500


def _advice(code: int, last: AnsweredRun) -> str:
    """The line that mends it, and what the receiver said where that is no page for a browser."""
    said = printable(" ".join(last.answer.split()))
    if code < 400:
        heads = (line.partition(": ") for line in last.answer_head.splitlines())
        where = next((printable(value) for name, _, value in heads if name.lower() == "location"), "another URL")
        return f"no delivery follows a redirect: name the URL itself, {where}"
    quoted = f" (it said: {said[:_LONGEST]})" if said and not said.startswith("<") else ""
    return f"{_ADVICE.get(code, 'its own log may say why')}{quoted}"


def _alike(answers: Mapping[str, str]) -> Mapping[str, str]:
    """Those that got the most common answer."""
    if not answers:
        return {}
    (common, _), *_ = Counter(answers.values()).most_common(1)
    return {event: answer for event, answer in answers.items() if answer == common}


_SALE, _SALES = "SaleCreated", 8


def send_sales(harness: Harness, *, number: int = _SALES) -> tuple[EventFact, ...]:
    """Clean sales, of which some have several lines; where there are none, events of another type. Raises CallError."""
    given, epoch = harness.given, harness.now()
    types = given.selection.types("all")
    event = _SALE if _SALE in types else given.selection.types("one")[0]
    webhook_id = harness.api.create_webhook(event, given.request.receiver).id
    try:
        now = str(harness.sim.clock().get("now"))
        for _ in range(number):
            _raise(harness, event, now=now)
        harness.drain(harness.patience.probe_drain_s, raised=number)
        facts = _facts(harness, {webhook_id: event}, epoch)
        harness.know_probed("key search", facts)
    finally:
        if harness.cleans_up:
            harness.api.delete_webhook(webhook_id)
    return facts


def _facts(harness: Harness, webhooks: Mapping[str, str], epoch: datetime) -> tuple[EventFact, ...]:
    return tuple(
        read_webhook_facts(
            harness.api,
            webhooks,
            epoch=epoch,
            entity_of=harness.given.selection.entity,
            keeps_payloads=True,
            shape=harness.given.shape,
        )
    )


def awaited_key(
    observer: Observer,
    events: Sequence[EventFact],
    *,
    longest_s: float,
    pause: Callable[[float], None],
    shapes: Mapping[str, Sequence[EventFact]] = {},
) -> FoundKey:
    """The key by which these events have a row each, once it shows; what is found instead after `longest_s`.

    `shapes`: clean events in other shapes of deliveries, sent beside the newest of `events`. Where those of one show,
    and after a moment the events still do not, its name is what is found: a slow receiver shows both.
    """
    taken = [event for event in events if event.acknowledged]
    others = {name: [event for event in sent if event.acknowledged] for name, sent in shapes.items()}
    began_s, until_s, shape = stopwatch(), longest_s, ""
    while taken or any(others.values()):
        try:
            rows = list(observer.read())
        except ObserverFailed:
            rows = []
        found, spent_s = find_key(rows, taken), stopwatch() - began_s
        shown = {name: find_key(rows, sent).sentence for name, sent in others.items() if sent}
        if found.is_sure:
            return found
        if not shape and (shape := next((name for name, sentence in shown.items() if sentence), "")):
            until_s = 2 * spent_s + min(_MOMENT_S, longest_s)
        if spent_s >= until_s:
            return _in_shape(shape, shown[shape]) if shape else found
        pause(patience.RARE_LOOK_S)
    return FoundKey()


def _in_shape(name: str, sentence: str) -> FoundKey:
    hashed = f"; {sentence}" if "let the observer" in sentence else ""
    told = f"with --delivery-shape {name} your receiver shows the ids of events, and without it does not: add it"
    return FoundKey(sentence=f"{told}{hashed}", is_sure=True)


def _raise(harness: Harness, event: str, *, now: str) -> tuple[str, str] | None:
    """A clean event about a new entity, that happens now; None when no webhook matches it."""
    moments = dict.fromkeys(harness.given.selection.datetime_fields(event), now)
    values = harness.given.selection.fitting(event, {**moments, **harness.fresh(event)})
    found = harness.sim.trigger(event, set_=values or None, payloads=STRICT).events
    return (found[0].webhook_id, found[0].webhook_event_id) if found else None


def _is_refused(entry: EventEntry) -> bool:
    status = entry.status_code
    return status is not None and 300 <= status < 600 and status not in _TRY_LATER


class CleanEffects:
    """The effects of the clean round since `reader` took its baseline, which can be looked at until the run's end.

    Args:
        reader: reads effects.
        events: those of the clean round; what was refused is not awaited.
        pause: waits so many seconds.
    """

    def __init__(self, reader: EffectReader, events: Sequence[EventFact], *, pause: Callable[[float], None]) -> None:
        self._reader = reader
        self._pause = pause
        self.acknowledged = tuple(event for event in events if event.acknowledged)
        self._history = History("clean round", self.acknowledged, observer_key=reader.key)

    def booked_at_once(self, limits: TimeLimits) -> frozenset[str]:
        """The types that are booked when nothing more has come for a moment: a slow receiver may book others later."""
        booked = self.booked() if self.acknowledged else frozenset()
        if booked.issuperset(event.event for event in self._history.events):
            return booked
        settled = wait_until_settled(
            self._reader.read_new,
            relevant=lambda seen: seen,
            is_complete=bool,
            limits=limits.wait_limits,
            pause=self._pause,
        )
        return self._types(settled.effects)

    def booked(self) -> frozenset[str]:
        """The types that are booked now; none where the effects cannot be read."""
        try:
            return self._types(self._reader.read_new())
        except ObserverFailed:
            return frozenset()

    def _types(self, effects: Effects) -> frozenset[str]:
        groups = correlate(self._history, Observation(0, tuple(effects))).groups
        return frozenset(event.event for group in groups if group.effects for event in group.events)
