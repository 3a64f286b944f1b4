"""What changed between two looks at the effects: pure.

Only what a verdict looks at counts as a change: which keys there are and how often, which state counts, and the
payload. A field such as "read at" may differ in every look.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from frontsim.verification.facts import content, lookup
from frontsim.verification.facts.history import Effect
from frontsim.verification.facts.staleness import CURRENT

Effects = tuple[Effect, ...]

_COMPARED = {CURRENT: lambda value: lookup.find(value, CURRENT), "payload": content.embedded_payload}
"""The fields of an effect that a verdict looks at, beside its key."""


def first_change(before: Effects, now: Effects) -> str:
    """One effect that differs and how, such as `the effect of X was there once, then 2 times`; "" without a change."""
    old, new = _values_by_key(before), _values_by_key(now)
    for key in {**old, **new}:
        had, has = len(old.get(key, ())), len(new.get(key, ()))
        if had != has:
            return f"{_named(key)} was there {_times(had)}, then {_times(has)}"
    for key, values in new.items():
        if values != old[key] and (fields := _changed_fields(old[key], values)):
            return f"{_named(key)} changed its {fields}"
    return ""


def shown_twice(before: Effects, now: Effects) -> Effects:
    """The effects of `now` that `before` shows as well, counted by key.

    A list that is read in pages while it grows may show one effect twice; the next look does not repeat that.
    """
    left = Counter(effect.key for effect in before)
    kept = []
    for effect in now:
        if left[effect.key] > 0:
            left[effect.key] -= 1
            kept.append(effect)
    return tuple(kept)


def _values_by_key(effects: Effects) -> dict[str | None, list[Any]]:
    values: dict[str | None, list[Any]] = {}
    for effect in effects:
        values.setdefault(effect.key, []).append(effect.value)
    return values


def _changed_fields(before: Sequence[Any], now: Sequence[Any]) -> str:
    """The names of the compared fields that differ; the effects may come in any order."""
    return " and ".join(
        name
        for name, read in _COMPARED.items()
        if Counter(map(_as_bytes, map(read, before))) != Counter(map(_as_bytes, map(read, now)))
    )


def _as_bytes(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def _named(key: str | None) -> str:
    return f"the effect of {key}" if key is not None else "an effect"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
