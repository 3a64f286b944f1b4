"""What was booked before a scenario began, so that a receiver is not blamed for its past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from simulator.verification.history import Effect


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was there before: taken out of later looks, so that a receiver is not blamed for its past."""

    marks: Mapping[bytes, int]

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """Remember these."""
        marks: dict[bytes, int] = {}
        for effect in before:
            mark = _mark(effect)
            marks[mark] = marks.get(mark, 0) + 1
        return cls(marks)

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects that are more than there were."""
        left = dict(self.marks)
        new = []
        for effect in now:
            mark = _mark(effect)
            if left.get(mark, 0):
                left[mark] -= 1
            else:
                new.append(effect)
        return tuple(new)


def _mark(effect: Effect) -> bytes:
    """By its key, for an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key.encode()
    return orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
