"""The receiver's highest rate, and its highest rate without a loss or a duplicate, counted from a run's facts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from frontsim.domain.model import Outcome
from frontsim.verification.facts.classes import GOOD, Class
from frontsim.verification.facts.history import EventFact, Run

WINDOW_S = 3
"""A rate is the mean over this many seconds; a shorter window shows the batches of leases, not the receiver."""


def highest_rate(events: Sequence[EventFact], classes: Mapping[str, Class] | None) -> float:
    """Answered deliveries a second in the best window without an event of a bad class; 0 when there is no such window.

    With `classes` None every window counts. An event without a class was not judged, and is not bad. A run that is
    shorter than a window is one window.
    """
    answered: Counter[int] = Counter()
    bad: set[int] = set()
    for event in events:
        answered.update(_second(run) for run in event.runs if run.outcome is Outcome.ANSWERED)
        if classes is not None and classes.get(event.webhook_event_id, Class.OK) not in GOOD:
            bad.update(map(_second, event.runs))  # its unanswered runs too: the receiver may have booked them
    if not answered:
        return 0.0
    first, last = min(answered), max(answered)
    length = min(WINDOW_S, last - first + 1)
    windows = (range(start, start + length) for start in range(first, last - length + 2))
    clean = (window for window in windows if bad.isdisjoint(window))
    return max((sum(answered[second] for second in window) / length for window in clean), default=0.0)


def _second(run: Run) -> int:
    return run.at_ms // 1000
