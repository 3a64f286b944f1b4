"""How many events a scenario raises: fewer for a receiver that takes few a second, so that a run fits its budget. Pure.

A scenario keeps its steps and types, and at least two events where it has several; a note in its report says with how
many it was played. What the receiver takes is counted while a delivery is under way, not while nothing is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from frontsim.verification.facts.history import History
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Clear, InjectFault, Raise

MOST_S = 6.0
"""Seconds that the first deliveries of a scenario's events may take."""
_FEWEST = 2
_WITH_THE_REST = 2.0
"""A scenario makes about as many deliveries again: its control events, their pasts, and the resends."""
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
    """

    scenario: Scenario
    note: str = ""
    expected_s: float = 0.0


def deliveries_per_s(history: History) -> float:
    """How many deliveries the receiver acknowledges a second, while any is under way; 0 where that is not known."""
    runs = [run for event in history.events for run in event.runs if run.acknowledged]
    busy_ms, until_ms = 0, 0
    for begin, end in sorted((run.at_ms, run.at_ms + run.duration_ms) for run in runs):
        busy_ms += max(0, end - max(begin, until_ms))
        until_ms = max(until_ms, end)
    return 1000 * len(runs) / busy_ms if busy_ms else 0.0


def fitted(scenario: Scenario, *, per_s: float, number_of: NumberOfTypes) -> Volume:
    """The scenario with as many events as the receiver takes in `MOST_S`."""
    events, deliveries = _size(scenario, number_of)
    part = per_s * MOST_S / deliveries if deliveries else 1.0
    if part >= 1:
        return Volume(scenario, expected_s=_WITH_THE_REST * deliveries / per_s)
    steps = tuple(
        replace(step, count=max(min(step.count, _FEWEST), int(step.count * part))) if isinstance(step, Raise) else step
        for step in scenario.steps
    )
    fewer = replace(scenario, steps=steps)
    left, sent = _size(fewer, number_of)
    if left == events:
        return Volume(scenario, expected_s=_WITH_THE_REST * sent / per_s)
    note = f"played with {left} of {events} events, because the receiver takes about {per_s:.2g} deliveries a second"
    return Volume(fewer, note, _WITH_THE_REST * sent / per_s)


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
