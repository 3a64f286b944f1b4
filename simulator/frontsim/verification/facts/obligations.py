"""What a right receiver has done with an event, by the answers in the log: pure."""

from frontsim.domain.model import Outcome
from frontsim.verification.facts.history import EventFact, Expect


def is_owed(event: EventFact) -> bool:
    """Whether a right receiver has applied it."""
    return event.acknowledged and event.expect is Expect.ONCE


def may_apply(event: EventFact) -> bool:
    """Whether a right receiver may have applied it: not one that it refused for good."""
    reached = [run for run in event.runs if run.outcome is not Outcome.NOT_SENT]
    return not all(run.status_code is not None and 400 <= run.status_code < 500 for run in reached)


def first_ms(event: EventFact) -> int:
    """When its first run began."""
    return min(run.at_ms for run in event.runs)


def last_ms(event: EventFact) -> int:
    """When its last run ended."""
    return max(run.at_ms + run.duration_ms for run in event.runs)
