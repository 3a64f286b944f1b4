"""An observer's values in blocks: a block that is unchanged since the last look is not read again.

    the last look    [ a b c ][ d e f ][ g ]
    this one         [ a b c ][ d E f ][ g ][ h i ]     one block was replaced, and one is new

Values are compared as they came, so a row that changed in place is always noticed. Lists may grow at either end. A list
without an order has no block in common with the last look, and is read as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from frontsim.verification.facts import lookup
from frontsim.verification.facts.correlate import BUSINESS
from frontsim.verification.facts.history import Effect
from frontsim.verification.facts.look import EffectBlock, Look, identity_of

_ROWS = 128
"""Rows in a block."""
_FURTHER = 2 * _ROWS
"""How many rows further on a block may be than it was, beside those that have been added."""

Raw = TypeVar("Raw")


class Block(Generic[Raw]):
    """Consecutive values.

    Args:
        raw: the values as they came.
        read: makes the values of it.
        number: how many values there are.
        keeps: it keeps the values; otherwise it reads them again each time.
        values: where they have been read already.
        weight: of what it keeps, as its maker counts it.
    """

    __slots__ = ("_effects", "_keeps", "_read", "_values", "number", "raw", "weight")

    def __init__(
        self,
        raw: Raw,
        read: Callable[[Raw], Sequence[Any]],
        number: int,
        *,
        keeps: bool = True,
        values: Sequence[Any] | None = None,
        weight: int = 0,
    ) -> None:
        self.raw = raw
        self.weight = weight if keeps else 0
        self.number = number
        self._read = read
        self._keeps = keeps
        self._values = values if keeps else None
        self._effects: dict[str, EffectBlock] = {}

    @property
    def values(self) -> Sequence[Any]:
        if self._values is not None:
            return self._values
        values = self._read(self.raw)
        if self._keeps:
            self._values = values
        return values

    def effects(self, key: str) -> EffectBlock:
        """Its values as effects, each with the text at `key` (`business` reads no key): always the same object."""
        if key in self._effects:
            return self._effects[key]
        effects = as_effects(self.values, key)
        made = EffectBlock(map(identity_of, effects), lambda: as_effects(self.values, key), keeps=self._keeps)
        return self._effects.setdefault(key, made)  # another scenario may have been quicker


class Blocks(Sequence[Any], Generic[Raw]):
    """All values of a look, in blocks."""

    def __init__(self, blocks: Iterable[Block[Raw]] = ()) -> None:
        self.blocks = tuple(blocks)

    def __len__(self) -> int:
        return sum(block.number for block in self.blocks)

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(block.values for block in self.blocks)

    def __getitem__(self, place: Any) -> Any:  # a value, or of a slice some
        return list(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


def as_effects(values: Iterable[Any], key: str) -> tuple[Effect, ...]:
    """The values as effects."""
    return tuple(Effect(_key(value, key), value) for value in values)


def look_at(shown: Sequence[Any], key: str) -> Look:
    """What an observer has shown, as effects; see `Block.effects`."""
    if isinstance(shown, Blocks):
        return Look(block.effects(key) for block in shown.blocks)
    return Look([EffectBlock.of(as_effects(shown, key))])


def row_blocks(
    rows: Sequence[Any], before: Blocks[Sequence[Any]], read: Callable[[Sequence[Any]], Sequence[Any]] = list
) -> Blocks[Sequence[Any]]:
    """The rows in blocks, those of the last look where they are unchanged. `read` makes values of rows."""
    found: list[Block[Sequence[Any]]] = []
    window = max(0, len(rows) - len(before)) + _FURTHER
    place = 0
    for block in before.blocks:
        at = _place_of(block.raw, rows, place, window)
        if at >= 0:
            found += [*_cut(rows[place:at], read), block]
            place = at + block.number
    return Blocks([*found, *_cut(rows[place:], read)])


def _place_of(wanted: Sequence[Any], rows: Sequence[Any], place: int, window: int) -> int:
    """Where those rows are, from a place on; -1 if they are not there."""
    end = place + window + len(wanted)
    while True:
        if rows[place : place + len(wanted)] == wanted:
            return place
        try:
            place = rows.index(wanted[0], place + 1, end)
        except ValueError:
            return -1


def _cut(rows: Sequence[Any], read: Callable[[Sequence[Any]], Sequence[Any]]) -> Iterator[Block[Sequence[Any]]]:
    for place in range(0, len(rows), _ROWS):
        part = rows[place : place + _ROWS]
        yield Block(part, read, len(part))


def _key(value: Any, key: str) -> str | None:
    if key == BUSINESS:
        return None
    return lookup.normalised(lookup.find(value, key) if isinstance(value, dict) else value)
