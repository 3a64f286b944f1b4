"""What was booked before a scenario began: it is not an effect of the scenario."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from frontsim.verification.facts.history import Effect
from frontsim.verification.facts.look import EffectBlock, Identity, Look

_ENOUGH_ROWS = 20
"""Rows that a column must tell apart to be taken for what each row is about."""


class Baseline:
    """The effects before a scenario, to be left out of later looks.

    It also remembers what each later look has shown, because an observer whose list shrinks proves no loss.

    A block of the baseline that every look has shown is *stable*: none of its effects is new or gone, so it is passed
    over as a whole. The effects of all other blocks count one by one. A block that a look does not show any more
    becomes one of those.
    """

    def __init__(self, before: Look | None = None) -> None:
        self._stable: dict[int, EffectBlock] = {id(block): block for block in (before or Look()).blocks}
        self._counts: Counter[Identity] = Counter()
        """How often each effect outside the stable blocks was there at the beginning."""
        self._shown: Counter[str | None] = Counter()
        """The most that one look has shown of each key outside the stable blocks; effects without a key count under
        None."""
        self._values: dict[str, Any] = {}
        """What the newest look has shown of each of those keys; of keys that are gone, the last look with them."""

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """The baseline of these effects."""
        return cls(Look.of(before))

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects beyond those of the baseline."""
        look = Look.of(now)
        self._let_go(look)
        left = dict(self._counts)
        new = []
        shown: Counter[str | None] = Counter()
        for identity, effect in self._counted(look):
            shown[effect.key] += 1
            if effect.key is not None:
                self._values[effect.key] = effect.value
            if left.get(identity, 0):
                left[identity] -= 1
            else:
                new.append(effect)
        self._shown.update(shown - self._shown)
        return tuple(new)

    def gone_from(self, now: Iterable[Effect], *, replaced: AbstractSet[str] = frozenset()) -> int:
        """How many effects an earlier look has shown that are gone now, by their keys.

        An effect without a key may change after it was booked, so only the number of those is compared. Those in
        whose place a table of newest states shows a newer one are not gone: `replaced`, and others by their columns.
        """
        look = Look.of(now)
        self._let_go(look)
        gone = self._shown - Counter(effect.key for _, effect in self._counted(look))
        keys = {key for key in gone if key is not None and key not in replaced}
        left = keys - replaced_rows({key: self._values.get(key) for key in keys}, look) if keys else keys
        return gone[None] + sum(gone[key] for key in left)

    def _let_go(self, look: Look) -> None:
        """From now on, count the effects of stable blocks that this look does not show; all before have shown them."""
        here = {id(block) for block in look.blocks}
        for place in [place for place in self._stable if place not in here]:
            block = self._stable.pop(place)
            self._counts.update(block.identities)
            self._shown.update(effect.key for effect in block.effects)
            self._values.update({effect.key: effect.value for effect in block.effects if effect.key is not None})

    def _counted(self, look: Look) -> Iterator[tuple[Identity, Effect]]:
        for block in look.blocks:
            if id(block) not in self._stable:
                yield from zip(block.identities, block.effects, strict=True)


def replaced_rows(gone: Mapping[str, Any], now: Iterable[Effect]) -> set[str]:
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
