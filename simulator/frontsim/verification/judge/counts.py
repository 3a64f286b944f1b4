"""What the events of a scenario add up to: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from frontsim.verification.facts.classes import GOOD, Class, Classified, class_by_effects
from frontsim.verification.facts.correlate import Correlation
from frontsim.verification.facts.history import History


def classes_of(
    history: History, correlation: Correlation, accused: Sequence[Classified], *, replaced: AbstractSet[str]
) -> dict[str, Class]:
    """The class of each event that was judged, by its webhookEventId: its first accusation, or how it ended well.

    `replaced`: the events in whose place a newer state is shown.
    """
    classes: dict[str, Class] = {}
    if history.final is not None and not history.why_not_judged:
        for group in correlation.groups:
            for event in group.events:
                found = class_by_effects(event, effects=len(group.effects), least=group.least, most=group.most)
                is_well = Class.OK if event.webhook_event_id in replaced else Class.UNSETTLED
                classes[event.webhook_event_id] = found.class_ if found.class_ in GOOD else is_well
    for each in reversed(accused):
        classes[each.event.webhook_event_id] = each.class_
    return classes


def counts_of(history: History, correlation: Correlation, classes: Mapping[str, Class]) -> dict[str, int]:
    """How many events, acknowledged events, resends, effects (where they were seen) and events of each class."""
    counts = {
        "events": len(history.events),
        "acknowledged": sum(event.acknowledged for event in history.events),
        "resent": sum(max(0, len(event.runs) - 1) for event in history.events),
    }
    if history.final is not None:
        counts["effects"] = sum(len(group.effects) for group in correlation.groups)
    return counts | {str(class_): number for class_, number in sorted(Counter(classes.values()).items())}
