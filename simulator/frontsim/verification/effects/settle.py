"""Reads what was booked since a moment, until it has settled.

`EffectsWatch` decides and does no I/O; `wait_until_settled` is the loop that reads, asks the watch and pauses. One loop
can drive several watches.

A table, a database file or an endpoint may appear only with the receiver's first event. So an observer that does not
answer yet counts as empty, until it answers for the first time: `is_absent`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from frontsim.clock import stopwatch
from frontsim.verification import patience
from frontsim.verification.effects.account import Sample
from frontsim.verification.effects.changes import Effects, Steadiness, first_change, shown_twice
from frontsim.verification.effects.correlate import effects_of, is_complete, overwritten, removed
from frontsim.verification.effects.history import History
from frontsim.verification.effects.look import Baseline, EffectBlock, Look, look_at
from frontsim.verification.effects.observers import Observer, ObserverFailed, ObserverHung, SharedObserver
from frontsim.verification.patience import WaitLimits

_READS = 3

Seen = TypeVar("Seen")
"""The result of one look."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of a wait for effects. All moments are by the stopwatch.

    Attributes:
        effects: what the last look saw. Where the effects did not settle: only the relevant ones, and of those only
            what the last two looks both show.
        is_quiet: the effects have settled; False when they still changed after time ran out, or on a failure.
        failure: why the effects could not be read, "" when they could.
        began_s: the first look.
        changed_s: the look that saw the last change; without a change, the first look.
        ended_s: the last look.
        change: what the last change was, "" without one.
    """

    effects: Effects
    is_quiet: bool
    failure: str = ""
    began_s: float = 0.0
    changed_s: float = 0.0
    ended_s: float = 0.0
    change: str = ""

    @property
    def last_change_after_s(self) -> float:
        """Seconds from the first look to the last change; 0 without one."""
        return self.changed_s - self.began_s if self.change else 0.0

    @property
    def watched_s(self) -> float:
        """Seconds from the first look to the last."""
        return self.ended_s - self.began_s


class EffectsWatch:
    """Follows effects from look to look, and decides when they have settled. It reads no clock and does no I/O.

    Args:
        relevant: keeps the effects that count. What others book meanwhile may change for ever.
        is_complete: whether effects have everything that is expected.
        limits: how long to wait.
        began_s: when this wait began.
        before: an earlier wait for the same effects that this one continues. How long they were unchanged then counts;
            only `most_s` begins anew.
    """

    def __init__(
        self,
        *,
        relevant: Callable[[Effects], Effects],
        is_complete: Callable[[Effects], bool],
        limits: WaitLimits,
        began_s: float,
        before: Settled | None = None,
    ) -> None:
        self._relevant = relevant
        self._is_complete = is_complete
        self._limits = limits
        self._deadline_s = began_s + limits.most_s
        self._began_s = before.began_s if before else began_s
        self._changed_s = before.changed_s if before else began_s
        self._change = before.change if before else ""
        self._seen: Effects | None = relevant(before.effects) if before else None
        self._seen_before: Effects = ()
        self._pause_s = patience.LOOK_S

    def take(self, effects: Effects, *, looked_s: float, now_s: float) -> Settled | float:
        """Take in one look: the result of the wait, or how many seconds to pause before the next look.

        Args:
            effects: what the look saw.
            looked_s: when the look began: what it does not show may have been booked since.
            now_s: when the look ended.
        """
        has_changed = self._note_change(self._relevant(effects), looked_s)
        complete = self._is_complete(effects)
        needed_s = self._limits.needed_s(is_complete=complete)
        unchanged_s = looked_s - self._changed_s
        if unchanged_s >= needed_s or (has_changed and looked_s >= self._deadline_s):
            return self._result(effects, looked_s, is_quiet=unchanged_s >= needed_s)
        self._pause_s = patience.longer_pause_s(self._pause_s)
        if complete:  # one more look at the window's end is enough
            return max(patience.LOOK_S, needed_s - unchanged_s)
        return max(self._pause_s, now_s - looked_s)  # an observer that takes long is busy at most half the time

    def _note_change(self, effects: Effects, looked_s: float) -> bool:
        change = "" if self._seen is None or effects == self._seen else first_change(self._seen, effects)
        if self._seen is None:
            self._changed_s = looked_s
        elif change:
            self._changed_s, self._change = looked_s, change
        self._seen_before, self._seen = self._seen or (), effects
        return bool(change)

    def _result(self, effects: Effects, ended_s: float, *, is_quiet: bool) -> Settled:
        return Settled(
            effects if is_quiet else shown_twice(self._seen_before, self._seen or ()),
            is_quiet,
            began_s=self._began_s,
            changed_s=self._changed_s,
            ended_s=ended_s,
            change=self._change,
        )


def wait_until_settled(
    read: Callable[[], Effects],
    *,
    relevant: Callable[[Effects], Effects],
    is_complete: Callable[[Effects], bool],
    limits: WaitLimits,
    pause: Callable[[float], None],
    before: Settled | None = None,
) -> Settled:
    """Read effects until they have settled or time runs out: twice when nothing is missing, often while something is.

    Args:
        read: reads the effects; `ObserverFailed` is tried again a few times.
        relevant: see `EffectsWatch`, as for the other arguments.
        is_complete: see there.
        limits: see there.
        pause: waits so many seconds.
        before: see there.
    """
    watch = EffectsWatch(relevant=relevant, is_complete=is_complete, limits=limits, began_s=stopwatch(), before=before)
    (found,) = settle_all(read, [(watch, lambda seen: seen)], pause)
    return found


def settle_all(
    read: Callable[[], Seen],
    watches: Sequence[tuple[EffectsWatch, Callable[[Seen], Effects]]],
    pause: Callable[[float], None],
) -> list[Settled]:
    """Drive several watches by the same looks, until the last of them has its result.

    Args:
        read: reads the effects; see `wait_until_settled`.
        watches: each with what it takes of the effects that were read.
        pause: waits so many seconds.
    """
    found: dict[int, Settled] = {}
    while True:
        looked_s = stopwatch()
        try:
            effects = read_patiently(read, pause)
        except ObserverFailed as error:
            failed = Settled((), is_quiet=False, failure=str(error))
            return [found.get(place, failed) for place in range(len(watches))]
        now_s, pauses = stopwatch(), []
        for place, (watch, taken) in enumerate(watches):
            if place not in found:
                result = watch.take(taken(effects), looked_s=looked_s, now_s=now_s)
                if isinstance(result, Settled):
                    found[place] = result
                else:
                    pauses.append(result)
        if not pauses:
            return [found[place] for place in range(len(watches))]
        pause(min(pauses))


def read_patiently(read: Callable[[], Seen], pause: Callable[[float], None]) -> Seen:
    """Read the effects; an observer that fails is tried a few times. Raises ObserverFailed.

    `client.errors` is for calls whose errors tell whether to repeat them, and when; an observer's error tells neither.
    """
    for _ in range(_READS - 1):
        try:
            return read()
        except ObserverFailed:  # the last try says why
            pause(patience.RARE_LOOK_S)
    return read()


_CLOSELY, _CALM, _CALM_AT_END = 50, 10, 25
"""Looks at an observer that may not be steady, at most; so many in a row without a flip are enough."""


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
        """Leave out of later looks what is booked now; an observer that does not answer yet `is_absent`.

        Beside other scenarios (`is_alone` false) a look that one of them has taken will do: what they book meanwhile is
        strange to this one anyway.
        """
        read = self.read_all if is_alone else self._newest
        try:
            self._baseline = Baseline(read_patiently(read, self._pause))
        except ObserverFailed as failure:
            self.is_absent = not isinstance(failure, ObserverHung)

    def take_late_baseline(self, history: History) -> None:
        """Leave out of later looks what is booked now, except the effects of the history. Raises ObserverFailed."""
        now = read_patiently(self.read_all, self._pause)
        self._baseline = Baseline(Look(_without_own(history, block) for block in now.blocks))
        self.is_absent = False

    def read_all(self) -> Look:
        """All effects, in one look. Raises ObserverFailed."""
        return look_at(self._observer.read(), self.key)

    def newest_new(self) -> Effects:
        """The effects since the baseline, as the newest look shows them. Raises ObserverFailed."""
        return self._baseline.new_in(self._newest())

    def _newest(self) -> Look:
        observer = self._observer
        return look_at(observer.newest(), self.key) if isinstance(observer, SharedObserver) else self.read_all()

    def read_new(self) -> Effects:
        """The effects since the baseline; an observer that fails is tried a few times. Raises ObserverFailed."""
        return read_patiently(self._read_new_once, self._pause)

    def count_gone(self, history: History) -> int:
        """How many effects an earlier look has shown and the observer does not show now. Raises ObserverFailed.

        A table of newest states shows a newer effect in the place of an older one, and an observer may hide customers
        that an event of the run has deleted: those are not gone.
        """
        now = self.read_all()
        keys = {effect.key for effect in now}
        known = self._observer.account.histories if isinstance(self._observer, SharedObserver) else ()
        replaced = (overwritten(each, keys) | removed(each) for each in (history, *known))
        return self._baseline.gone_from(now, replaced=frozenset().union(*replaced))

    def samples(self) -> tuple[Sample, ...]:
        """Return the effects beside an event's own that the clean deliveries of the run have shown so far."""
        return self._observer.account.samples() if isinstance(self._observer, SharedObserver) else ()

    def unsteadiness(self, *, is_last: bool = False) -> str:
        """Says why the observer seems not to show all in each look, "" when it does.

        Where a record was gone and is back, look closely: see `steadiness`. At the end of a run (`is_last`), when
        nothing is sent, fewer flips prove it.
        """
        if not isinstance(self._observer, SharedObserver):
            return ""
        steadiness = self._observer.steadiness
        with steadiness.closely:
            if (steadiness.is_suspect or (is_last and steadiness.has_flipped)) and not steadiness.reason:
                self._look_closely(steadiness, is_last=is_last)
        return steadiness.reason

    def forget_flips(self) -> None:
        """Do not count what was gone for a while, because the receiver or its dependency was broken."""
        if isinstance(self._observer, SharedObserver):
            self._observer.steadiness.forget()

    def _look_closely(self, steadiness: Steadiness, *, is_last: bool) -> None:
        calm = _CALM_AT_END if is_last else _CALM
        self._pause(patience.YOUNG_S)
        steadiness.begin()
        until_s = stopwatch() + patience.EXAMINATION_S
        for looks in range(1, _CLOSELY + 1):
            try:
                self.read_all()
            except ObserverFailed:  # the next look at the effects says why
                return
            is_calm = looks >= calm and not steadiness.flips(calm)
            if steadiness.decide(is_last=is_last) or is_calm or stopwatch() > until_s:
                break
            self._pause(patience.LOOK_S)
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
