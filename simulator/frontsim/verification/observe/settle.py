"""Waiting until effects have come to rest: unchanged for a quiet window, and longer while something is missing.

Only what is judged counts as a change: which keys there are and how often, which state counts, and the payload. A
field such as "read at" may differ in every look.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from frontsim.clock import stopwatch
from frontsim.verification.facts import content, lookup
from frontsim.verification.facts.history import Effect
from frontsim.verification.facts.staleness import CURRENT
from frontsim.verification.observe.observers import ObserverFailed

Effects = tuple[Effect, ...]

_SOON_S = 0.02
_OFTEN_S = 0.1
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What was seen last; `failure` when it could not be seen, `settled` when it was at rest.

    Of effects that did not settle it has ours only, and only those that two looks in a row have shown: a list that is
    read in pages while it grows may show one twice.

    `began` is the moment of the first look, `since` that of the last change or, without one, of the first look, and
    `ended` that of the last look, all by the stopwatch. `change` says what the last change was.
    """

    effects: Effects
    settled: bool
    failure: str = ""
    began: float = 0.0
    since: float = 0.0
    ended: float = 0.0
    change: str = ""

    @property
    def last_change_s(self) -> float:
        """When they last changed, counted from the first look."""
        return self.since - self.began if self.change else 0.0

    @property
    def watched_s(self) -> float:
        """From the first look to the last."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long effects are waited for, in seconds.

    `quiet_s` unchanged is rest when nothing is missing. While something is, they must be unchanged for `missing_s`: a
    slow worker is not a loss. `most_s` ends it in any case.
    """

    quiet_s: float
    missing_s: float
    most_s: float

    def for_latency(self, latency_s: float) -> "WaitLimits":
        """As long as a receiver needs that took `latency_s` to book one clean event."""
        return self._at_least(2 * latency_s, 10 * latency_s, 20 * latency_s)

    def for_longest(self, latency_s: float) -> "WaitLimits":
        """As long as a receiver needs that took up to `latency_s`: a worker that books in batches may just have begun.

        One event that is booked at once says little about such a worker, the longest of a run says how often it books.
        """
        return self._at_least(latency_s, 3 * latency_s, 6 * latency_s)

    def in_haste(self) -> "WaitLimits":
        """A quarter of the time for effects that do not come to rest, but enough for what is missing."""
        return replace(self, most_s=max(self.missing_s, self.most_s / 4))

    def _at_least(self, quiet_s: float, missing_s: float, most_s: float) -> "WaitLimits":
        return WaitLimits(max(self.quiet_s, quiet_s), max(self.missing_s, missing_s), max(self.most_s, most_s))


@dataclass(slots=True)
class ReceiverLatency:
    """How slow the receiver was so far: all scenarios of a run share it.

    Attributes:
        longest_s: the longest time that was seen between an event and its effect.
        never_settles: effects kept changing until time ran out, so later scenarios wait less for that.
        keeps_refusing: the receiver refused an event for as long as a scenario waits, so later ones give up sooner.
    """

    longest_s: float = 0.0
    never_settles: bool = False
    keeps_refusing: bool = False

    def note(self, latency_s: float) -> None:
        """It took so long once."""
        self.longest_s = max(self.longest_s, latency_s)


def wait_for_rest(
    read: Callable[[], Effects],
    *,
    ours: Callable[[Effects], Effects],
    is_whole: Callable[[Effects], bool],
    wait_limits: WaitLimits,
    pause: Callable[[float], None],
    before: Settled | None = None,
) -> Settled:
    """Look until the effects are at rest: twice when nothing is missing, often while something is.

    Args:
        read: reads the effects; may raise `ObserverFailed`, which is tried again a few times.
        ours: leaves out what others book meanwhile: it may go on for ever.
        is_whole: nothing that is expected is missing.
        wait_limits: how long.
        pause: waits so many seconds.
        before: what came of an earlier wait for the same effects, which this one goes on with: how long they had been
            unchanged counts; only `most_s` begins anew.
    """
    began = stopwatch()
    watch = _Watch(began) if before is None else _Watch(before.began, before.since, ours(before.effects), before.change)
    interval_s = _SOON_S
    while True:
        looked = stopwatch()
        try:
            now = look(read, pause)
        except ObserverFailed as error:
            return Settled((), settled=False, failure=str(error))
        watch.take(ours(now), looked)
        whole = is_whole(now)
        needed_s = wait_limits.quiet_s if whole else wait_limits.missing_s
        quiet_s = looked - watch.since
        if quiet_s >= needed_s or stopwatch() - began >= wait_limits.most_s:
            return watch.rest(now, looked, settled=quiet_s >= needed_s)
        interval_s = min(_OFTEN_S, interval_s * 1.5)
        pause(max(_SOON_S, needed_s - quiet_s) if whole else max(interval_s, stopwatch() - looked))


def look(read: Callable[[], Effects], pause: Callable[[float], None]) -> Effects:
    """One look, tried a few times. Raises ObserverFailed."""
    for _ in range(_TRIES - 1):
        try:
            return read()
        except ObserverFailed:  # the last try says why
            pause(_OFTEN_S)
    return read()


@dataclass(slots=True)
class _Watch:
    """What our effects were, and since when."""

    began: float
    since: float = 0.0
    seen: Effects | None = None
    change: str = ""
    before: Effects = ()

    def take(self, own: Effects, at: float) -> None:
        """Note one look. Effects that are equal in every field need no closer look."""
        if self.seen is None:
            self.since = at
        elif own != self.seen and (change := _change(self.seen, own)):
            self.since, self.change = at, change
        self.before, self.seen = self.seen or (), own

    def rest(self, effects: Effects, ended: float, *, settled: bool) -> Settled:
        """What came of it."""
        if not settled:
            left = Counter(effect.key for effect in self.before)
            effects = tuple(effect for effect in self.seen or () if _is_left(left, effect.key))
        return Settled(effects, settled, began=self.began, since=self.since, ended=ended, change=self.change)


def _is_left(left: Counter[str | None], key: str | None) -> bool:
    """Whether there is one more of the key; it is taken away."""
    left[key] -= 1
    return left[key] >= 0


def _change(before: Effects, now: Effects) -> str:
    """One effect that is not as it was, and what of it changed; "" when nothing did that a verdict looks at."""
    old, new = _by_key(before), _by_key(now)
    for key in {**old, **new}:
        had, has = len(old.get(key, ())), len(new.get(key, ()))
        if had != has:
            return f"{_named(key)} was there {_times(had)}, then {_times(has)}"
    for key, values in new.items():
        if values != old[key] and (changed := _changed(old[key], values)):
            return f"{_named(key)} changed its {changed}"
    return ""


def _by_key(effects: Effects) -> dict[str | None, list[Any]]:
    values: dict[str | None, list[Any]] = {}
    for effect in effects:
        values.setdefault(effect.key, []).append(effect.value)
    return values


def _changed(before: Sequence[Any], now: Sequence[Any]) -> str:
    """Which of the fields that a verdict looks at are not the same, in any order."""
    fields = {CURRENT: lambda value: lookup.find(value, CURRENT), "payload": content.embedded_payload}
    return " and ".join(
        name
        for name, read in fields.items()
        if Counter(map(_told, map(read, before))) != Counter(map(_told, map(read, now)))
    )


def _told(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def _named(key: str | None) -> str:
    return f"the effect of {key}" if key is not None else "an effect"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
