"""How many effects events have, and how many are right: pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from frontsim.verification.facts.classes import GOOD, Class, Classified, class_by_effects
from frontsim.verification.facts.correlate import EventGroup, correlate
from frontsim.verification.facts.history import Expect, History


def wrong_in(group: EventGroup) -> list[Classified]:
    """Each event that is not well; of siblings that have an effect too many together, one stands for all."""
    classified = [
        class_by_effects(event, effects=len(group.effects), least=group.least, most=group.most)
        for event in group.events
    ]
    wrong = [each for each in classified if each.class_ not in GOOD]
    return classified[:1] if len(group.effects) > group.most else wrong


def booked_early(history: History) -> list[Classified]:
    """Events with effects while only a broken body had arrived."""
    early = {
        event.webhook_event_id: len(group.effects)
        for group in correlate(history, history.checkpoint).groups
        for event in group.events
        if group.effects and len(group.events) == 1
    }
    reason = "expected no effect before a whole body had arrived"
    return [
        Classified(event, Class.UNEXPECTED, f"{reason}, got {early[event.webhook_event_id]}")
        for event in history.events
        if event.expect is Expect.REFUSED and event.webhook_event_id in early
    ]


def shown_by_entry(groups: Iterable[EventGroup]) -> Mapping[str, str]:
    """The types of which each event has as many effects as a list of its payload has entries, with that list's name.

    A receiver that books a repeat again has at most one effect for each run, so some event must have more than that.
    """
    by_type: dict[str, list[EventGroup]] = defaultdict(list)
    for group in groups:
        first, *_ = group.events
        if group.effects and isinstance(first.payload, dict):
            by_type[first.event].append(group)
    found = ((event, _common_list(each)) for event, each in by_type.items() if any(map(_has_more_than_runs, each)))
    return {event: name for event, name in found if name}


def _has_more_than_runs(group: EventGroup) -> bool:
    return len(group.effects) > sum(len(event.runs) for event in group.events)


def _common_list(groups: Sequence[EventGroup]) -> str:
    """The list that has an entry for each effect of each event, "" when there is none."""
    [first, *_], *_ = (group.events for group in groups)
    return next((name for name in first.payload if all(_has_an_effect_for_each(name, group) for group in groups)), "")


def _has_an_effect_for_each(name: str, group: EventGroup) -> bool:
    event, *others = group.events
    entries = event.payload.get(name)
    return not others and isinstance(entries, list) and len(entries) == len(group.effects)
