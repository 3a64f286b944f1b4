"""What was booked before a scenario began: it is not an effect of the scenario."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import orjson

from frontsim.verification.facts.history import Effect

_ENOUGH_ROWS = 20
"""Rows that a column must tell apart to be taken for what each row is about."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The effects before a scenario, to be left out of later looks.

    It also remembers what each later look has shown, because an observer whose list shrinks proves no loss.
    """

    counts: Mapping[bytes, int]
    """How often each effect was there, by `_fingerprint`."""
    _shown: Counter[str | None] = field(default_factory=Counter, repr=False, compare=False)
    """The most that one look has shown of each key; effects without a key count under None."""
    _values: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What the newest look has shown of each key, and of keys that are gone what the last look with them has."""

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """The baseline of these effects."""
        effects = tuple(before)
        values = {effect.key: effect.value for effect in effects if effect.key is not None}
        return cls(Counter(map(_fingerprint, effects)), Counter(effect.key for effect in effects), values)

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects beyond those of the baseline."""
        left = dict(self.counts)
        new = []
        shown: Counter[str | None] = Counter()
        for effect in now:
            fingerprint = _fingerprint(effect)
            shown[effect.key] += 1
            if effect.key is not None:
                self._values[effect.key] = effect.value
            if left.get(fingerprint, 0):
                left[fingerprint] -= 1
            else:
                new.append(effect)
        self._shown.update(shown - self._shown)
        return tuple(new)

    def gone_from(self, now: Sequence[Effect], *, replaced: AbstractSet[str] = frozenset()) -> int:
        """How many effects an earlier look has shown that are gone now, by their keys.

        An effect without a key may change after it was booked, so only the number of those is compared. Those in
        whose place a table of newest states shows a newer one are not gone: `replaced`, and others by their columns.
        """
        gone = self._shown - Counter(effect.key for effect in now)
        keys = {key for key in gone if key is not None and key not in replaced}
        left = keys - replaced_rows({key: self._values.get(key) for key in keys}, now) if keys else keys
        return gone[None] + sum(gone[key] for key in left)


def replaced_rows(gone: Mapping[str, Any], now: Sequence[Effect]) -> set[str]:
    """The keys of rows that are gone and in whose place another row is shown: one with the same value in a column.

    Only a column that tells all rows apart says so: a customer's number, and not a store's. In a few rows, any column
    may tell them apart by chance.
    """
    rows = [effect.value for effect in now if isinstance(effect.value, Mapping)]
    found: set[str] = set()
    for name in {name for row in rows for name in row}:
        values = Counter(str(row[name]) for row in rows if row.get(name) not in (None, ""))
        if len(values) >= _ENOUGH_ROWS and values.total() == len(values):
            found.update(key for key, row in gone.items() if isinstance(row, Mapping) and str(row.get(name)) in values)
    return found


def _fingerprint(effect: Effect) -> bytes:
    """By its key, because an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key.encode()
    return orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
