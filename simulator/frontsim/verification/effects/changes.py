"""Compares looks for changes, and finds an observer that is not steady.

Only what a verdict looks at counts as a change: which keys there are and how often, which state counts, and the
payload. A field such as "read at" may differ in every look.

look 1   a b c d e
    look 2   a b   d e      c is gone, and nothing new came
    look 3   a b c d e      c is back, and nothing new came meanwhile: c has *flipped*

What a right receiver does is no flip. A table of newest states shows another row in the place of the one that is gone.
A receiver that books an event may rebuild its list: it is not whole again before the new row is there. Replicas and
caches that lag show the newest rows now and then: rows count from `YOUNG_S` on. A row that is deleted and inserted anew
may be missing from one look. So a few flips prove nothing, and suspicion only makes verify look again, many times at
short intervals: an observer is not steady if records flip in one look of five, or at the end of a run, when nothing is
sent, in three.

Looks share their blocks, so only the blocks that differ from the last look's are compared.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import chain, takewhile
from threading import Lock
from typing import Any

import orjson

from frontsim.verification.effects import content
from frontsim.verification.effects.classes import CURRENT
from frontsim.verification.effects.history import Effect
from frontsim.verification.effects.look import EffectBlock, Identity, look_at
from frontsim.verification.patience import YOUNG_S
from frontsim.wording import counted, times

Effects = tuple[Effect, ...]

_COMPARED = {CURRENT: lambda value: content.find(value, CURRENT), "payload": content.embedded_payload}
"""The fields of an effect that a verdict looks at, beside its key."""


def first_change(before: Effects, now: Effects) -> str:
    """One effect that differs and how, such as `the effect of X was there once, then 2 times`; "" without a change."""
    old, new = _values_by_key(before), _values_by_key(now)
    for key in {**old, **new}:
        had, has = len(old.get(key, ())), len(new.get(key, ()))
        if had != has:
            return f"{_named(key)} was there {times(had)}, then {times(has)}"
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


_LOOKS, _FLIPS = 25, 5
"""An observer is not steady if records have flipped in so many of its last looks."""
_LAST_LOOKS, _LAST_FLIPS = 50, 3
"""As these, when nothing is sent any more."""


class Steadiness:
    """Counts the looks in which records flip.

    Args:
        key: see `look.look_at`. An effect without a key is known by its content, and another one when that changes.

    Attributes:
        reason: what was seen of an observer that is not steady, for the rest of the run; "" without that.
        is_suspect: a record was gone and is back, and verify has not looked closely since.
        has_flipped: some record has flipped since the run began.
        closely: held while verify looks closely.
    """

    def __init__(self, key: str) -> None:
        self.reason = ""
        self.is_suspect = self.has_flipped = False
        self.closely = Lock()
        self._key = key
        self.forget()

    def forget(self) -> None:
        """Begin anew: what the receiver shows may have changed, because it was killed or could not be read."""
        self.is_suspect = False
        self._blocks: dict[int, EffectBlock] | None = None
        self._gone: set[Identity] = set()
        self._quietly_gone: set[Identity] = set()
        self._young: dict[Identity, float] = {}
        self._flips: deque[set[Identity]] = deque(maxlen=_LAST_LOOKS)

    def note(self, shown: Sequence[Any], *, now_s: float) -> None:
        """Take in what the next look has shown."""
        blocks = {id(block): block for block in look_at(shown, self._key).blocks}
        before, self._blocks = self._blocks, blocks
        if before is None:
            return
        left = _keys(block for place, block in before.items() if place not in blocks)
        came = _keys(block for place, block in blocks.items() if place not in before)
        gone = left - came
        if gone:  # a record that was there twice may be there still
            gone.difference_update(*(block.identities for place, block in blocks.items() if place in before))
        self._compare(gone, came - left, now_s)

    def begin(self) -> None:
        """Begin to look closely: what has flipped while others were busy does not count."""
        self._flips.clear()

    def flips(self, looks: int) -> int:
        """In how many of so many last looks records have flipped."""
        return sum(map(bool, list(self._flips)[-looks:]))

    def decide(self, *, is_last: bool = False) -> bool:
        """Decides whether the last looks show that the observer is not steady; `reason` then says so."""
        most, least = (_LAST_LOOKS, _LAST_FLIPS) if is_last else (_LOOKS, _FLIPS)
        looks, flips = list(self._flips)[-most:], self.flips(most)
        if flips < least:
            return False
        number = len(set().union(*looks))
        self.reason = self.reason or (
            f"the observer showed {counted(number, 'record')}, not in the next look, and again later, {flips} times in "
            f"{len(looks)} looks while nothing else changed; it must show all in each look"
        )
        return True

    def _compare(self, gone: set[Identity], came: set[Identity], now_s: float) -> None:
        back = came & self._gone
        self._gone -= back
        if len(gone) > len(came):  # as many as are gone may stand in their place: newer states, or another content
            self._gone |= gone
        self._grow_older(came - back, now_s)
        self.is_suspect |= bool(back)
        quietly = self._quietly_gone
        self._flips.append(quietly if quietly <= back and not came - back else set())
        self.has_flipped |= bool(self._flips[-1])
        is_booking = came - back or (gone and len(gone) == len(back))  # something new, or rows in the place of others
        self._quietly_gone = set() if is_booking else (quietly - back) | (gone - self._young.keys())

    def _grow_older(self, new: Iterable[Identity], now_s: float) -> None:
        for key in list(takewhile(lambda key: now_s - self._young[key] > YOUNG_S, self._young)):
            del self._young[key]
        for key in new:
            self._young.setdefault(key, now_s)


def _keys(blocks: Iterable[EffectBlock]) -> set[Identity]:
    return set(chain.from_iterable(block.identities for block in blocks))
