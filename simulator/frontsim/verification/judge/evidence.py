r"""The evidence on an accused event: requests and answers, suspect fields, and shared traits.

A receiver that refuses some events of a type and takes others may refuse a null that only the refused ones have. The
schema says of each field where it comes from (`x-provenance`): published, seen, inferred or open. A refusal that
depends on inferred facts alone may never happen at the vendor.

A receiver that swallows its own exceptions loses the events that a piece of code cannot cope with: those without a
GTIN, returns, comments of more than 255 characters. The answers do not say so, because it answered each with a 2xx.

    payloads that are lost   --> traits of each --> those of all   \\
                                                                     those that remain, the most telling first
    payloads that are booked --> traits of each --> those of any   /
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from frontsim.client.models import AnsweredRun, RunRequest, SentEvent
from frontsim.report.exchange import Exchange, ReceivedAnswer, SentRequest
from frontsim.schemas.read import document_of
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.content import is_copy
from frontsim.verification.effects.history import EventFact
from frontsim.wording import counted

ABOUT_ANSWERS = (Class.REJECTED, Class.CRASHED)
"""The classes that an answer is the reason for."""


def telling_run(runs: Sequence[AnsweredRun], class_: Class, *, changing: Sequence[str]) -> AnsweredRun | None:
    """The run that shows best why an event has its class: the last refusal, or what was acknowledged last.

    Args:
        runs: of the event.
        class_: what it is accused of.
        changing: the faults that change a body on the way and leave the answer the receiver's own.
    """
    own = [run for run in runs if not run.fault or run.fault in changing]
    refused = [run for run in own if run.status_code is not None and not 200 <= run.status_code < 300]
    taken = [run for run in own if run.status_code is not None and 200 <= run.status_code < 300]
    order = (refused, taken) if class_ in ABOUT_ANSWERS else (taken, refused)
    return next((run for found in order for run in reversed(found)), None)


def exchange_of(event: SentEvent, run: AnsweredRun | None, request: RunRequest | None) -> Exchange:
    """The exchange of a run; without one, the request that delivers the event while no fault is on."""
    if run is None or request is None:
        return Exchange(SentRequest(event.url, event.headers, event.body, len(event.body.encode())), None)
    start, *lines = request.head.split("\n")
    is_cut = request.size > len(request.body.encode())
    body = event.body if is_cut and not run.fault else request.body
    sent = SentRequest(event.url, _headers(lines), body, request.size, run.fault, start.partition(" ")[0])
    if run.status_code is None:
        return Exchange(sent, None)
    headers = _headers(run.answer_head.split("\n"))
    return Exchange(sent, ReceivedAnswer(run.run, run.status_code, run.status, run.answer, headers))


def payload_in(exchange: Exchange, event: EventFact) -> Any:
    """The payload in a body of any shape; None where none is recognised."""
    try:
        body = orjson.loads(exchange.request.body)
    except orjson.JSONDecodeError:
        return None
    inner = body.values() if isinstance(body, dict) else ()
    return next((each for each in (body, *inner) if is_copy(event.payload, each)), None)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    """Headers by name; the values of a repeated header stand side by side."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if colon:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


Schema = Mapping[str, Any]

_GUESSED = ("inferred", "open")
_GUESSED_NULL = "nullability inferred"
"""In the provenance of a field that was seen, but never null."""
_NAMED = 3
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Suspect:
    """A field that is null where an event is refused; `provenance` is "" where the schema does not say."""

    path: str
    provenance: str

    @property
    def is_guessed(self) -> bool:
        """The field, or that it may be null, is known by inference alone."""
        return self.provenance.startswith(_GUESSED) or _GUESSED_NULL in self.provenance

    def __str__(self) -> str:
        return described(self.path, "null", self.provenance)


def suspects(refused: Any, taken: Iterable[Any], schema: Schema, *, answer: str = "") -> tuple[Suspect, ...]:
    """The fields that are null in a refused payload and in none that was taken.

    Where the answer names some of them, those alone.
    """
    paths = set(null_paths(refused)).difference(*map(null_paths, taken))
    named = {path for path in paths if re.search(rf"\b{re.escape(_leaf(path))}\b", answer, re.IGNORECASE)}
    document = document_of(schema)
    return tuple(Suspect(path, document.provenance(path)) for path in sorted(named or paths))


def sentence(found: Sequence[Suspect]) -> str:
    """The first suspects with their provenance, and how many more there are; "" without any."""
    more = len(found) - _NAMED
    others = f"; {counted(more, 'more field is', 'more fields are')} null" if more > 0 else ""
    return "; ".join(map(str, found[:_NAMED])) + others


def described(path: str, what: str, provenance: str) -> str:
    """A field, what is special about it, and where it is known from."""
    known = provenance if len(provenance) <= _LONGEST else f"{provenance[:_LONGEST]}..."
    return f"`{path}` {what}: {known or 'its schema does not say where it is known from'}"


NULL, ZERO, EMPTY = "null", "0", "empty"
"""The values that code takes for a missing one, as `if not quantity` does."""


def blanks(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The paths of all nulls, zeros and empty texts, without positions: `salesLines[].gtin` and which of them it is."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from blanks(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from blanks(inner, f"{path}[]")
    elif path and not value and not isinstance(value, bool):
        yield path, NULL if value is None else EMPTY if value == "" else ZERO


def null_paths(value: Any) -> Iterator[str]:
    """The paths of all nulls."""
    return (path for path, blank in blanks(value) if blank == NULL)


def _leaf(path: str) -> str:
    return re.split(r"[.\[\]]+", path.rstrip("[]"))[-1]


_ENOUGH_BOOKED = 3
"""Events of the type that must have been booked: fewer lack a trait by chance."""
_MOST_FIELDS = 12
"""Fields in which one lost payload may differ from all booked ones: with more, any of them may be the cause."""
_LONGEST_VALUE = 40
_LENGTHS = (16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 200, 255, 500, 1_000, 4_000)
_ENTRIES = (5, 10, 20, 50, 100, 500, 1_000, 5_000)
_LAST_OF_TWO_BYTES = "\uffff"


class Trait(NamedTuple):
    """Something that is said of a field. The lower its `order`, the more telling its kind is."""

    order: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"`{self.path}` {self.what}"


_NULL, _SIGN, _CHARACTERS, _LENGTH, _VALUE = range(5)
_FLAGS = ("is true", "is false")


def shared_by(lost: Sequence[Any], booked: Sequence[Any]) -> str:
    """A sentence about the traits of all lost payloads of a type that none of the booked ones has; "" without any.

    One lost payload differs from all others in many values, so these count only where several are lost.
    """
    if not lost or len(booked) < _ENOUGH_BOOKED:
        return ""
    traits = set.intersection(*(set(traits_of(each)) for each in lost))
    traits = traits.difference(*map(traits_of, booked))
    telling = sorted((each for each in traits if len(lost) > 1 or each.order < _VALUE), key=_rank)
    found = _one_for_each_field(telling)
    if not found or (len(lost) == 1 and len(found) > _MOST_FIELDS):
        return ""
    named = " and ".join(map(str, found[:_NAMED]))
    if len(found) > _NAMED:
        named += f" (and {len(found) - _NAMED} more)"
    number = "the one event" if len(lost) == 1 else f"all {len(lost)} events"
    return f"{named} in {number} that it lost, and in none of the {len(booked)} of this type that it booked"


def has_known_traits(payload: Any, others: Iterable[Any]) -> bool:
    """A payload has no null, sign, length or flag that none of the others has."""
    known = {trait for each in others for trait in traits_of(each)}
    return all(each in known or (each.order == _VALUE and each.what not in _FLAGS) for each in traits_of(payload))


def traits_of(value: Any, path: str = "") -> Iterator[Trait]:
    """The traits of all fields of a payload; of entries of a list without their position: `salesLines[].gtin`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from traits_of(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if not value:
            yield Trait(_NULL, path, "has no entries")
        yield from (Trait(_LENGTH, path, f"has more than {n:,} entries") for n in _ENTRIES if len(value) > n)
        for inner in value:
            yield from traits_of(inner, f"{path}[]")
    else:
        yield from _traits_of_one(value, path)


def _traits_of_one(value: Any, path: str) -> Iterator[Trait]:
    if value is None:
        yield Trait(_NULL, path, "is null")
    elif isinstance(value, str):
        yield from _traits_of_text(value, path)
    elif isinstance(value, bool):
        yield Trait(_VALUE, path, f"is {str(value).lower()}")
    else:
        if value < 0:
            yield Trait(_SIGN, path, "is negative")
        if not float(value).is_integer():
            yield Trait(_SIGN, path, "has decimals")
        yield Trait(_SIGN if value == 0 else _VALUE, path, f"is {value}")


def _traits_of_text(value: str, path: str) -> Iterator[Trait]:
    if not value:
        yield Trait(_NULL, path, "is empty")
    if not value.isascii():
        yield Trait(_CHARACTERS, path, "has letters outside ASCII")
    if any(letter > _LAST_OF_TWO_BYTES for letter in value):
        yield Trait(_CHARACTERS, path, "has characters of four bytes, such as an emoji,")
    yield from (Trait(_LENGTH, path, f"has more than {n:,} characters") for n in _LENGTHS if len(value) > n)
    if value and len(value) <= _LONGEST_VALUE:
        yield Trait(_VALUE, path, f"is {value!r}")


def _rank(trait: Trait) -> tuple[bool, int, Trait]:
    """Values come last, and what is deep in the payload after what is at its top."""
    return trait.order == _VALUE, trait.path.count(".") + trait.path.count("[]"), trait


def _one_for_each_field(traits: Sequence[Trait]) -> list[Trait]:
    """The most telling trait of each field."""
    found: dict[str, Trait] = {}
    for each in traits:
        found.setdefault(each.path, each)
    return list(found.values())
