"""Finds the event that an effect is of, where the effect's key names none.

    a key that is null, a new one, or `<id>-1`
        --> an event's id in some other text of the effect
        --> what the effect is about (saleId, movementId ...), in any column, with the type that it shows
        --> a copy of the payload

Simulators mark the ids of their events, and the identities that verify makes up are in a range of their own. So an
effect of another scenario, or of another frontsim that runs at the same time, is known without its events.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from frontsim.clock import is_event_id
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Effect, EventFact

T = TypeVar("T")

_ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DIGITS = re.compile(r"\d{6,}")
_DEEPEST = 3
"""Objects within objects in which an identity is looked for: a row, its payload, and an object of that."""
_DISTINCT = 6
"""Characters of an identity: a shorter one may stand in any column."""
FIRST_IDENTITY, _IDENTITIES = 1 << 30, 1 << 29
"""The numbers that verify makes up for sales, customers and the rest: far from the ids that a simulator makes up."""


def is_marked(effect: Effect) -> bool:
    """Decides whether an effect names an event of some frontsim by its id, or something that verify made up."""
    if effect.key is not None and is_event_id(effect.key):
        return True
    values = list(_values(effect.value))
    return any(map(is_event_id, _ids_in(values))) or any(map(_is_made_up, map(content.normalised, values)))


@dataclass(frozen=True, slots=True, eq=False)
class Same(Generic[T]):
    """An effect or an event as a key: a run shares the objects of what has not changed, and equal effects are two."""

    value: T

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=1 << 16)
def _traces(same: Same[Effect]) -> tuple[Sequence[str], Sequence[str], str]:
    """The UUIDs in an effect, all texts that may be an identity, and one form of its copy of the payload, if any."""
    effect = same.value
    values = list(_values(effect.value))
    ids = _ids_in([*values, effect.key])
    texts = [content.normalised(each) or "" for each in values]
    texts += [*ids, *(digits for text in texts for digits in _DIGITS.findall(text) if digits != text)]
    kept = content.embedded_payload(effect.value)
    return ids, tuple(dict.fromkeys(texts)), content.canonical(kept) if isinstance(kept, dict) else ""


@lru_cache(maxsize=1 << 14)
def _payload_of(same: Same[EventFact]) -> str:
    """One form of an event's payload: the samples of a run are tied again after each scenario."""
    return content.canonical(same.value.payload)


class Ties:
    """The ties of effects to some events."""

    def __init__(self, events: Iterable[EventFact]) -> None:
        self._events = tuple(events)

    def event_of(self, effect: Effect) -> EventFact | None:
        """The event that an effect is of, though its key may not name it; None without a tie to any of these."""
        if effect.key is not None and is_event_id(effect.key):
            return self._by_id.get(effect.key)
        ids, texts, copy = _traces(Same(effect))
        named = next((self._by_id[each] for each in ids if each in self._by_id), None)
        if named or any(map(is_event_id, ids)):
            return named
        about = [event for text in texts for event in self._by_identity.get(text, ())]
        type_ = type_in(effect.value, self._types)
        fitting = list({id(event): event for event in about if type_ in (None, event.event)}.values())
        if fitting:
            return fitting[0] if len(fitting) == 1 else max(fitting, key=lambda event: shared_fields(effect, event))
        return self._by_payload.get(copy)

    @cached_property
    def _by_id(self) -> dict[str, EventFact]:
        return {event.webhook_event_id: event for event in self._events}

    @cached_property
    def _types(self) -> AbstractSet[str]:
        return {event.event for event in self._events}

    @cached_property
    def _by_identity(self) -> dict[str, list[EventFact]]:
        found: dict[str, list[EventFact]] = defaultdict(list)
        for event in self._events:
            if event.entity and len(event.entity.value) >= _DISTINCT:
                found[event.entity.value].append(event)
        return found

    @cached_property
    def _by_payload(self) -> dict[str, EventFact]:
        return {_payload_of(Same(event)): event for event in self._events if isinstance(event.payload, dict)}


def type_in(value: Any, types: AbstractSet[str]) -> str | None:
    """The type that an effect shows in some field, None without one."""
    if not isinstance(value, dict):
        return None
    return next((item for item in value.values() if isinstance(item, str) and item in types), None)


def shared_fields(effect: Effect, event: EventFact) -> int:
    """How many fields at the payload's top an effect shows with the same value."""
    if not isinstance(event.payload, dict):
        return 0
    shown = ((content.normalised(content.find(effect.value, name)), value) for name, value in event.payload.items())
    return sum(text is not None and text == content.normalised(value) for text, value in shown)


def _values(value: Any, depth: int = 0) -> Iterator[Any]:
    """The texts and numbers of an effect, without those in lists."""
    value = content.parsed(value)
    if not isinstance(value, dict):
        yield value
    elif depth < _DEEPEST:
        for inner in value.values():
            yield from _values(inner, depth + 1)


def _ids_in(values: Sequence[Any]) -> list[str]:
    """The UUIDs in some texts, in lower case and with dashes."""
    texts = (each for each in values if isinstance(each, str) and len(each) >= 32)
    return [content.normalised(found) or "" for text in texts for found in _ID.findall(text)]


def _is_made_up(identity: str | None) -> bool:
    digits = (identity or "").rpartition("-")[2].lstrip("0")
    return digits.isdecimal() and len(digits) == 10 and 0 <= int(digits) - FIRST_IDENTITY < _IDENTITIES
