"""Reading what a receiver has booked since a moment, and waiting until that has settled.

A table, a database file or an endpoint may appear only with the receiver's first event. So an observer that does not
answer yet counts as empty, until it answers for the first time: `is_absent`.
"""

from collections.abc import Callable, Sequence

from frontsim.clock import stopwatch
from frontsim.verification.facts.baseline import Baseline
from frontsim.verification.facts.correlate import effects_of, is_complete
from frontsim.verification.facts.history import History
from frontsim.verification.facts.look import EffectBlock, Look
from frontsim.verification.facts.state_tables import overwritten
from frontsim.verification.observe.blocks import look_at
from frontsim.verification.observe.changes import Effects
from frontsim.verification.observe.observers import Observer, ObserverFailed, SharedObserver
from frontsim.verification.observe.settle import (
    EffectsWatch,
    Settled,
    WaitLimits,
    read_patiently,
    settle_all,
    wait_until_settled,
)
from frontsim.verification.observe.steadiness import YOUNG_S, Steadiness

_CLOSELY, _CALM = 50, 10
"""Looks at an observer that may not be steady, at most; so many in a row without a flip are enough."""
_CLOSELY_S, _APART_S = 5.0, 0.02
"""Seconds for all of them, and between two."""


class EffectReader:
    """Reads effects through an observer, and leaves out those that were there before `take_baseline`.

    It works for as long as the observer is open, also when the scenario's simulator has ended.

    Args:
        observer: reads all effects.
        key: `business`, or the dotted path of the event's id in an effect.
        pause: waits so many seconds.
    """

    def __init__(self, observer: Observer, key: str, *, pause: Callable[[float], None]) -> None:
        self.key = key
        self._observer = observer
        self._pause = pause
        self._baseline = Baseline()
        self.is_absent = False

    @property
    def name(self) -> str:
        """How the observer reads, for people."""
        return self._observer.name

    def take_baseline(self, *, is_alone: bool = True) -> None:
        """Leave out of later looks what is booked now; an observer that does not answer `is_absent`.

        Beside other scenarios (`is_alone` false) a look that one of them has taken will do: what they book meanwhile is
        strange to this one anyway.
        """
        read = self.read_all if is_alone else self._newest
        try:
            self._baseline = Baseline(read_patiently(read, self._pause))
        except ObserverFailed:
            self.is_absent = True

    def take_late_baseline(self, history: History) -> None:
        """Leave out of later looks what is booked now, except the effects of the history. Raises ObserverFailed."""
        now = read_patiently(self.read_all, self._pause)
        self._baseline = Baseline(Look(_without_own(history, block) for block in now.blocks))
        self.is_absent = False

    def read_all(self) -> Look:
        """All effects, in one look. Raises ObserverFailed."""
        return look_at(self._observer.read(), self.key)

    def _newest(self) -> Look:
        observer = self._observer
        return look_at(observer.newest(), self.key) if isinstance(observer, SharedObserver) else self.read_all()

    def read_new(self) -> Effects:
        """The effects since the baseline; an observer that fails is tried a few times. Raises ObserverFailed."""
        return read_patiently(self._read_new_once, self._pause)

    def count_gone(self, history: History) -> int:
        """How many effects an earlier look has shown and the observer does not show now. Raises ObserverFailed.

        A table of newest states shows a newer effect of the history in the place of an older one: that is not gone.
        """
        now = self.read_all()
        return self._baseline.gone_from(now, replaced=overwritten(history, {effect.key for effect in now}))

    def unsteadiness(self) -> str:
        """What shows that the observer does not show all in each look, "" when nothing does.

        Where a record was gone and is back, look closely: see `steadiness`.
        """
        if not isinstance(self._observer, SharedObserver):
            return ""
        steadiness = self._observer.steadiness
        with steadiness.closely:
            if steadiness.is_suspect and not steadiness.reason:
                self._look_closely(steadiness)
        return steadiness.reason

    def forget_flips(self) -> None:
        """Do not count what was gone for a while, because the receiver or its dependency was broken."""
        if isinstance(self._observer, SharedObserver):
            self._observer.steadiness.forget()

    def _look_closely(self, steadiness: Steadiness) -> None:
        self._pause(YOUNG_S)
        steadiness.begin()
        until_s = stopwatch() + _CLOSELY_S
        for looks in range(1, _CLOSELY + 1):
            try:
                self.read_all()
            except ObserverFailed:  # the next look at the effects says why
                return
            is_calm = looks >= _CALM and not steadiness.flips(_CALM)
            if steadiness.decide() or is_calm or stopwatch() > until_s:
                break
            self._pause(_APART_S)
        steadiness.is_suspect = False

    def wait_until_settled(
        self, history: History, limits: WaitLimits, *, wants_all: bool = True, before: Settled | None = None
    ) -> Settled:
        """Wait until the effects of the history's events have settled.

        Args:
            history: its events and `observer_key` say which effects count.
            limits: how long to wait.
            wants_all: wait longer while an event lacks its effect.
            before: an earlier wait that this one continues.
        """
        return wait_until_settled(
            self._read_new_once,
            relevant=lambda seen: effects_of(history, seen),
            is_complete=lambda seen: not wants_all or is_complete(history, seen),
            limits=limits,
            pause=self._pause,
            before=before,
        )

    def watch(
        self, history: History, limits: WaitLimits, *, wants_all: bool, before: Settled
    ) -> tuple[EffectsWatch, Callable[[Look], Effects]]:
        """As `wait_until_settled`, for a wait that others share: `settle_all` drives it by looks at all effects."""
        watch = EffectsWatch(
            relevant=lambda seen: effects_of(history, seen),
            is_complete=lambda seen: not wants_all or is_complete(history, seen),
            limits=limits,
            began_s=stopwatch(),
            before=before,
        )
        return watch, self._baseline.new_in

    def settle_all(self, watches: Sequence[tuple[EffectsWatch, Callable[[Look], Effects]]]) -> list[Settled]:
        """Drive watches of readers of the same observer by this one's looks."""
        return settle_all(self.read_all, watches, self._pause)

    def _read_new_once(self) -> Effects:
        return self._baseline.new_in(self.read_all())


def _without_own(history: History, block: EffectBlock) -> EffectBlock:
    """The block without the effects of the history; itself if it has none of them."""
    effects = block.effects
    own = set(map(id, effects_of(history, effects)))
    return EffectBlock.of(effect for effect in effects if id(effect) not in own) if own else block
