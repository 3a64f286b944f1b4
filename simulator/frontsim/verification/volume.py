"""How many events a scenario raises: fewer for a receiver that takes few a second, so that a run fits its budget. Pure.

A scenario keeps its steps and types, and at least two events where it has several; a note in its report says with how
many it was played. What the receiver takes is counted while a delivery is under way, not while nothing is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from frontsim.verification.facts.history import History
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Clear, InjectFault, Raise, Resend, WaitForEnd

MOST_S = 6.0
"""Seconds that the first deliveries of a scenario's events may take."""
_FEWEST = 2
_BEFORE, _AFTER = 3, 1
"""Clean events that are sent before a scenario's own and after them."""
_COPIES = 1  # the simulator's own number of copies, where a fault does not say

NumberOfTypes = Callable[[str | Sequence[str]], int]
"""How many of the run's types `all`, `some`, `one` or a list stands for."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A scenario at a volume.

    Attributes:
        scenario: with the counts that fit.
        note: of how many events it was played with, "" for all.
        expected_s: how long its deliveries take at the receiver's rate, about.
        end_s: how long those take that it makes after it has waited for the end of the run.
    """

    scenario: Scenario
    note: str = ""
    expected_s: float = 0.0
    end_s: float = 0.0


def deliveries_per_s(history: History) -> float:
    """How many deliveries the receiver acknowledges a second, while any is under way; 0 where that is not known."""
    runs = [run for event in history.events for run in event.runs if run.acknowledged]
    busy_ms, until_ms = 0, 0
    for begin, end in sorted((run.at_ms, run.at_ms + run.duration_ms) for run in runs):
        busy_ms += max(0, end - max(begin, until_ms))
        until_ms = max(until_ms, end)
    return 1000 * len(runs) / busy_ms if busy_ms else 0.0


def fitted(scenario: Scenario, *, per_s: float, number_of: NumberOfTypes, pasts_of: NumberOfTypes) -> Volume:
    """The scenario with as many events as the receiver takes in `MOST_S`.

    `pasts_of`: of how many of these types the receiver hears first by another event.
    """
    events, deliveries = _size(scenario, number_of)
    part = min(1.0, per_s * MOST_S / deliveries) if deliveries else 1.0
    steps = tuple(
        replace(step, count=max(min(step.count, _FEWEST), int(step.count * part)))
        if isinstance(step, Raise) and part < 1
        else step
        for step in scenario.steps
    )
    fewer = replace(scenario, steps=steps)
    left, _ = _size(fewer, number_of)
    note = f"played with {left} of {events} events, because the receiver takes about {per_s:.2g} deliveries a second"
    before, after = _deliveries(fewer, number_of, pasts_of)
    is_all = left == events
    return Volume(
        scenario if is_all else fewer, "" if is_all else note, expected_s=(before + after) / per_s, end_s=after / per_s
    )


def _deliveries(scenario: Scenario, number_of: NumberOfTypes, pasts_of: NumberOfTypes) -> tuple[float, float]:
    """How many deliveries it makes, about: those before it waits for the end of the run, and those after that.

    Each event that a fault may have broken is sent again by the list -> resend job.
    """
    _, made = _size(scenario, number_of)
    raises = [step for step in scenario.steps if isinstance(step, Raise)]
    own = sum(step.count * number_of(step.events) for step in raises) * scenario.webhooks
    pasts = sum(step.count * pasts_of(step.events) for step in raises) * scenario.webhooks
    again = own if any(isinstance(step, InjectFault) for step in scenario.steps) else 0
    resends = [step for step in scenario.steps if isinstance(step, Resend)]
    resent = sum(step.times for step in resends) * (
        own if any(step.label for step in resends) else _BEFORE + pasts + own
    )
    before = _BEFORE + pasts + made + again
    if any(isinstance(step, WaitForEnd) for step in scenario.steps):
        return before, resent + _AFTER
    return before + resent + _AFTER, 0


def _size(scenario: Scenario, number_of: NumberOfTypes) -> tuple[int, float]:
    """How many events its steps raise, and how many deliveries these make at first: a fault may send copies."""
    events, deliveries, copies = 0, 0.0, 0.0
    for step in scenario.steps:
        if isinstance(step, Clear):
            copies = 0.0
        elif isinstance(step, InjectFault) and step.fault == "duplicate":
            copies += step.probability * step.params.get("copies", _COPIES)
        elif isinstance(step, Raise):
            raised = step.count * number_of(step.events) * scenario.webhooks
            events += raised
            deliveries += raised * (1 + copies)
    return events, deliveries
