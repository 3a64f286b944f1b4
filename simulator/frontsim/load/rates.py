"""How fast the receiver was, and how fast while nothing went wrong: pure counting over a run's facts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from frontsim.domain.model import Outcome
from frontsim.verification.facts.classes import GOOD, Class
from frontsim.verification.facts.history import EventFact, Run

WINDOW_S = 3
"""A rate is the mean of so many seconds: shorter ones show the batches of leases, not the receiver."""


def highest_rate(events: Sequence[EventFact], classes: Mapping[str, Class] | None) -> float:
    """Answered deliveries a second in the best window in which no event of a bad class was delivered; 0: there is none.

    `classes` None counts all windows alike; an event without a class was not judged. A run that is shorter
    than a window is one window.
    """
    answered: Counter[int] = Counter()
    bad: set[int] = set()
    for event in events:
        answered.update(_second(run) for run in event.runs if run.outcome is Outcome.ANSWERED)
        if classes is not None and classes.get(event.webhook_event_id, Class.OK) not in GOOD:
            bad.update(map(_second, event.runs))  # its unanswered runs too: they may be what was booked
    if not answered:
        return 0.0
    first, last = min(answered), max(answered)
    length = min(WINDOW_S, last - first + 1)
    windows = (range(start, start + length) for start in range(first, last - length + 2))
    clean = (window for window in windows if bad.isdisjoint(window))
    return max((sum(answered[second] for second in window) / length for window in clean), default=0.0)


def _second(run: Run) -> int:
    return run.at_ms // 1000
