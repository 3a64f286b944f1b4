"""A look: all effects that an observer shows at one moment. Pure.

    look 1    [ block a ][ block b ]
    look 2    [ block a ][ block c ][ block d ]     b has changed into c, and d is new

A block holds consecutive effects. It is the same object in every look, for as long as nothing in it changes. So a
baseline of many thousand effects costs later looks no more than the number of its blocks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Any

import orjson

from frontsim.verification.facts.history import Effect

Identity = str | bytes
"""By what two effects are the same: the key as a text, or a hash of the content of an effect without a key."""


def identity_of(effect: Effect) -> Identity:
    """By its key, because an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key
    content = orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(content, digest_size=16).digest()


class EffectBlock:
    """Consecutive effects of a look.

    Args:
        identities: of its effects, in their order.
        read: gives the effects.
        keeps: it keeps what `read` gave. Otherwise it reads again each time: of the many effects that were there before
            a run, few are ever asked for.
    """

    __slots__ = ("_effects", "_keeps", "_read", "identities")

    def __init__(
        self, identities: Iterable[Identity], read: Callable[[], tuple[Effect, ...]], *, keeps: bool = True
    ) -> None:
        self.identities = tuple(identities)
        self._read = read
        self._keeps = keeps
        self._effects: tuple[Effect, ...] | None = None

    @classmethod
    def of(cls, effects: Iterable[Effect]) -> "EffectBlock":
        """A block of these."""
        these = tuple(effects)
        return cls(map(identity_of, these), lambda: these)

    @property
    def effects(self) -> tuple[Effect, ...]:
        if self._effects is not None:
            return self._effects
        effects = self._read()
        if self._keeps:
            self._effects = effects
        return effects


class Look(Sequence[Effect]):
    """All effects at one moment, in the observer's order."""

    def __init__(self, blocks: Iterable[EffectBlock] = ()) -> None:
        self.blocks = tuple(blocks)

    @classmethod
    def of(cls, effects: Iterable[Effect]) -> "Look":
        """A look that shows these; itself if it is one."""
        return effects if isinstance(effects, Look) else cls([EffectBlock.of(effects)])

    def __len__(self) -> int:
        return sum(len(block.identities) for block in self.blocks)

    def __iter__(self) -> Iterator[Effect]:
        return chain.from_iterable(block.effects for block in self.blocks)

    def __getitem__(self, place: Any) -> Any:  # an effect, or of a slice some
        return tuple(self)[place]
