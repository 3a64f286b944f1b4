"""What was booked before a scenario began, so that a receiver is not blamed for its past."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from frontsim.verification.facts.history import Effect


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was there before: taken out of later looks, so that a receiver is not blamed for its past.

    It also remembers what every later look has shown: an observer whose list shrinks proves no loss.
    """

    marks: Mapping[bytes, int]
    _shown: Counter[str] = field(default_factory=Counter, repr=False, compare=False)
    """The most that was ever shown of each key; effects without one are counted under "", whatever they hold."""

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """Remember these."""
        effects = tuple(before)
        return cls(Counter(map(_mark, effects)), Counter(map(_key, effects)))

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects that are more than there were."""
        left = dict(self.marks)
        new = []
        shown: dict[str, int] = {}
        for effect in now:
            mark, key = _mark(effect), _key(effect)
            shown[key] = shown.get(key, 0) + 1
            if left.get(mark, 0):
                left[mark] -= 1
            else:
                new.append(effect)
        for key, number in shown.items():
            if number > self._shown[key]:
                self._shown[key] = number
        return tuple(new)

    def gone_from(self, now: Sequence[Effect]) -> int:
        """How many effects an earlier look has shown that are not there any more, by their keys.

        Effects without a key may change after they were booked, so of those only the number is compared.
        """
        return (self._shown - Counter(map(_key, now))).total()


def _key(effect: Effect) -> str:
    return effect.key or ""


def _mark(effect: Effect) -> bytes:
    """By its key, for an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key.encode()
    return orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
