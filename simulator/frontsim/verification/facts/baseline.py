"""What was booked before a scenario began: it is not an effect of the scenario."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from frontsim.verification.facts.history import Effect


@dataclass(frozen=True, slots=True)
class Baseline:
    """The effects before a scenario, to be left out of later looks.

    It also remembers what each later look has shown, because an observer whose list shrinks proves no loss.
    """

    counts: Mapping[bytes, int]
    """How often each effect was there, by `_fingerprint`."""
    _shown: Counter[str | None] = field(default_factory=Counter, repr=False, compare=False)
    """The most that one look has shown of each key; effects without a key count under None."""

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """The baseline of these effects."""
        effects = tuple(before)
        return cls(Counter(map(_fingerprint, effects)), Counter(effect.key for effect in effects))

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects beyond those of the baseline."""
        left = dict(self.counts)
        new = []
        shown: Counter[str | None] = Counter()
        for effect in now:
            fingerprint = _fingerprint(effect)
            shown[effect.key] += 1
            if left.get(fingerprint, 0):
                left[fingerprint] -= 1
            else:
                new.append(effect)
        self._shown.update(shown - self._shown)
        return tuple(new)

    def gone_from(self, now: Sequence[Effect]) -> int:
        """How many effects an earlier look has shown that are gone now, by their keys.

        An effect without a key may change after it was booked, so only the number of those is compared.
        """
        return (self._shown - Counter(effect.key for effect in now)).total()


def _fingerprint(effect: Effect) -> bytes:
    """By its key, because an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key.encode()
    return orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
