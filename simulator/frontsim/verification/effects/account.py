"""The account of a run: each effect that came, and the event that it is of.

    look 1   [ a b c ]          what was there before the run
    look 2   [ a b c d ] [ e ]  d and e came; d has the key of an event, so that a scenario judges it
    look 3   ...                e has not: who wrote it, and when?

Only effects whose key is no simulator's event id are kept. Looks share their blocks, so a look costs no more than the
blocks that differ from the last one's.
"""

from collections.abc import Sequence
from itertools import chain
from threading import Lock
from typing import Any

from frontsim.clock import is_event_id
from frontsim.verification.effects.beside import Sample, clean_singles, samples
from frontsim.verification.effects.history import Effect, EventFact, History
from frontsim.verification.effects.look import EffectBlock, Identity, look_at
from frontsim.verification.effects.ties import Ties


class Account:
    """Keeps what came in a run without an event's id, and knows all events of the run. `key`: see `look_at`."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._lock = Lock()
        self._blocks: dict[int, EffectBlock] | None = None
        self._came: dict[Identity, tuple[float, Effect]] = {}
        self._events: list[EventFact] = []
        self._clean: list[EventFact] = []

    def note(self, shown: Sequence[Any], *, now_s: float) -> None:
        """Take in what the next look has shown."""
        blocks = {id(block): block for block in look_at(shown, self._key).blocks}
        with self._lock:
            before, self._blocks = self._blocks, blocks
            if before is None:
                return
            left = (block.identities for place, block in before.items() if place not in blocks)
            known = set(chain.from_iterable(left))
            for block in (block for place, block in blocks.items() if place not in before):
                new = (place for place, each in enumerate(block.identities) if each not in known and not _is_ours(each))
                for place in new:
                    self._came.setdefault(block.identities[place], (now_s, block.effects[place]))

    def know(self, history: History) -> None:
        """Take in the events of a scenario that was played."""
        with self._lock:
            self._events += history.events
            self._clean += clean_singles(history)

    def samples(self) -> tuple[Sample, ...]:
        """The clean single deliveries of the run so far, each with its number of effects beside its own."""
        with self._lock:
            clean, came = list(self._clean), [effect for _, effect in self._came.values()]
        ties = Ties(clean)
        return samples(clean, ((event, effect) for effect in came if (event := ties.event_of(effect))))


def _is_ours(identity: Identity) -> bool:
    return isinstance(identity, str) and is_event_id(identity)
