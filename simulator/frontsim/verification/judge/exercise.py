"""Whether a scenario put a clause to the test at all: a pure function of its history.

A scenario in which no event arrives twice says nothing about `books-a-repeat-once`. So a clause that is not broken has
either held or was not exercised, and only the first is a pass.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from frontsim.clauses import Clause
from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts import content
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.derived_state.wrong_state import check_state
from frontsim.verification.facts.history import ContentCheck, EventFact, Expect, History

_DUPLICATE = "duplicate"
"""The fault that sends copies of one run."""


def why_not_exercised(clause: Clause, history: History) -> str:
    """The reason in a sentence, "" when something happened that can break the clause."""
    if any(_TESTS[Class(class_)](history) for class_ in clause.classes):
        return ""
    wanting = " and ".join(dict.fromkeys(_WANTING[Class(class_)] for class_ in sorted(clause.classes)))
    return f"not exercised by {history.scenario}: {wanting}"


def _was_acknowledged(history: History) -> bool:
    return any(event.acknowledged for event in history.events)


def _was_resent_after_a_failure(history: History) -> bool:
    return any(
        run.trigger is Trigger.RESEND and not before.acknowledged
        for event in history.events
        for before, run in pairwise(event.runs)
    )


def _arrived_twice(history: History) -> bool:
    copies = any(fault.fault == _DUPLICATE for fault in history.faults)
    return copies or any(_arrivals(event) > 1 for event in history.events)


def _arrivals(event: EventFact) -> int:
    """How often it arrived, or may have."""
    return sum(run.outcome is not Outcome.NOT_SENT for run in event.runs)


def _arrived_broken(history: History) -> bool:
    return history.checkpoint is not None and any(event.expect is Expect.REFUSED for event in history.events)


def _content_was_shown(history: History) -> bool:
    effects = history.final.effects if history.final else ()
    has_copies = any(content.embedded_payload(effect.value) is not None for effect in effects)
    return history.check_content is not ContentCheck.OFF and (has_copies or bool(history.columns))


def _has_states(history: History) -> bool:
    return any(event.series and event.rank for event in history.events)


def _state_was_read(history: History) -> bool:
    return check_state(history).checked > 0


def _was_tried_fairly(history: History) -> bool:
    return any(not run.faulted for event in history.events for run in event.runs)


def _was_asked_for_liveness(history: History) -> bool:
    return history.liveness is not None


def _was_observed(history: History) -> bool:
    return history.final is not None


_TESTS: Mapping[Class, Callable[[History], bool]] = {
    Class.LOST_AFTER_ACK: _was_acknowledged,
    Class.BURNED: _was_resent_after_a_failure,
    Class.LOST: _was_resent_after_a_failure,
    Class.DUPLICATED: _arrived_twice,
    Class.UNEXPECTED: _arrived_broken,
    Class.CORRUPT: _content_was_shown,
    Class.STALE: _has_states,
    Class.WRONG_STATE: _state_was_read,
    Class.REJECTED: _was_tried_fairly,
    Class.CRASHED: _was_asked_for_liveness,
    Class.UNSETTLED: _was_observed,
}
"""For each class, whether a wrong receiver could have been found out."""

_WANTING: Mapping[Class, str] = {
    Class.LOST_AFTER_ACK: "no event was acknowledged",
    Class.BURNED: "no event was resent after a failure",
    Class.LOST: "no event was resent after a failure",
    Class.DUPLICATED: "no event arrived more than once",
    Class.UNEXPECTED: "no broken body arrived",
    Class.CORRUPT: "no effect carries a payload",
    Class.STALE: "no older state arrived after a newer one",
    Class.WRONG_STATE: "what the receiver derives from events was not read (--observe-state)",
    Class.REJECTED: "no event was sent without a fault",
    Class.CRASHED: "the receiver was not asked for a sign of life",
    Class.UNSETTLED: "no effects were observed",
}
