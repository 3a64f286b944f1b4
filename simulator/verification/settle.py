"""Waiting until effects have come to rest: unchanged for a quiet window, and longer while something is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.clock import stopwatch
from simulator.verification.history import Effect
from simulator.verification.observers import ObserverFailed

Effects = tuple[Effect, ...]

_SOON_S = 0.02
_OFTEN_S = 0.1
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Rest:
    """What was seen last; `failure` when it could not be seen, `settled` when it was at rest."""

    effects: Effects
    settled: bool
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long effects are waited for, in seconds.

    `quiet_s` unchanged is rest when nothing is missing. While something is, they must be unchanged for `missing_s`: a
    slow worker is not a loss. `most_s` ends it in any case.
    """

    quiet_s: float
    missing_s: float
    most_s: float

    def for_latency(self, latency_s: float) -> "Patience":
        """As long as a receiver needs that took `latency_s` to book one clean event."""
        quiet_s = max(self.quiet_s, 2 * latency_s)
        return Patience(quiet_s, max(self.missing_s, 10 * latency_s), max(self.most_s, 20 * latency_s))


def wait_for_rest(
    look: Callable[[], Effects],
    *,
    ours: Callable[[Effects], Effects],
    is_whole: Callable[[Effects], bool],
    patience: Patience,
    pause: Callable[[float], None],
) -> Rest:
    """Look until the effects are at rest: twice when nothing is missing, often while something is.

    Args:
        look: reads the effects; may raise `ObserverFailed`, which is tried again a few times.
        ours: leaves out what others book meanwhile: it may go on for ever.
        is_whole: nothing that is expected is missing.
        patience: how long.
        pause: waits so many seconds.
    """
    began = stopwatch()
    failed = 0
    seen: Effects | None = None
    since = began
    interval_s = _SOON_S
    while True:
        before = stopwatch()
        try:
            now = look()
        except ObserverFailed as error:
            failed += 1
            if failed >= _TRIES:
                return Rest((), settled=False, failure=str(error))
            pause(_OFTEN_S)
            continue
        failed = 0
        own = ours(now)
        if own != seen:
            seen, since = own, before
        quiet_s = before - since
        needed_s = patience.quiet_s if is_whole(now) else patience.missing_s
        if quiet_s >= needed_s:
            return Rest(now, settled=True)
        if stopwatch() - began >= patience.most_s:
            return Rest(now, settled=quiet_s >= patience.quiet_s)
        interval_s = min(_OFTEN_S, interval_s * 1.5)
        nothing_missing = needed_s == patience.quiet_s
        pause(max(_SOON_S, needed_s - quiet_s) if nothing_missing else max(interval_s, stopwatch() - before))
