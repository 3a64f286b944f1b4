"""What is worth saying about a history without accusing the receiver."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from frontsim.verification.facts.correlate import BUSINESS, Correlation, EventGroup
from frontsim.verification.facts.derived_state.wrong_state import checks
from frontsim.verification.facts.history import History
from frontsim.verification.facts.staleness import SeenOrders
from frontsim.verification.judge.contents import rewritings

_DUPLICATE = "duplicate"
"""The fault that sends copies of one run."""


def sentences(
    history: History, correlation: Correlation, *, replaced: AbstractSet[str], orders: SeenOrders
) -> Sequence[str]:
    """The notes, one sentence each. `replaced`: the events in whose place a newer state is shown."""
    found = (
        _tries(history),
        _twins(correlation),
        _ambiguous(correlation),
        _replaced(correlation, replaced),
        _unseen_orders(orders),
        _strangers(correlation) if history.is_alone else "",
        _no_identity(history),
        history.limit,
        *_unclear_state(history),
        history.volume,
    )
    return [*filter(None, found), *rewritings(correlation.groups, history.check_content)]


def _unclear_state(history: History) -> list[str]:
    """Levels and customers that are not as expected, and that prove nothing."""
    levels, customers = checks(history)
    what = [
        *(("the levels", "stock item", number, reason) for reason, number in levels.unclear.items()),
        *(("the rows", "customer", number, reason) for reason, number in customers.unclear.items()),
    ]
    return [
        f"{rows} of {number} {thing}{'' if number == 1 else 's'} differ from the events, but prove nothing: {reason}"
        for rows, thing, number, reason in what
    ]


def _tries(history: History) -> str:
    """How often a race was tried, where a scenario is about nothing else: a rare one may need more tries."""
    if {fault.fault for fault in history.faults} != {_DUPLICATE}:
        return ""
    spans = [(fault.from_ms, fault.to_ms) for fault in history.faults]
    tries = sum(
        any(begin <= run.at_ms <= end for run in event.runs for begin, end in spans) for event in history.events
    )
    return f"{tries} events arrived as several copies at once: that many chances for a race" if tries else ""


def _twins(correlation: Correlation) -> str:
    double = sum(len(group.effects) > 1 for group in correlation.groups if _is_twin(group))
    if not double:
        return ""
    return (
        f"two webhooks reported {double} occurrences, and the receiver booked them once for each: two event ids, so no "
        "violation, but the business may see them twice"
    )


def _is_twin(group: EventGroup) -> bool:
    webhooks = {event.webhook_id for event in group.events}
    return len(webhooks) > 1 and len({event.entity for event in group.events}) == 1


def _ambiguous(correlation: Correlation) -> str:
    ambiguous = sum(group.ambiguous for group in correlation.groups)
    if not ambiguous:
        return ""
    return f"{ambiguous} entities had several events that no effect tells apart: one effect or more is right"


def _replaced(correlation: Correlation, replaced: AbstractSet[str]) -> str:
    older = sum(
        event.acknowledged and event.webhook_event_id in replaced and not group.effects
        for group in correlation.groups
        for event in group.events
    )
    if not older:
        return ""
    which = "1 older state has" if older == 1 else f"{older} older states have"
    return (
        f"{which} no effect: the effects keep one row for each customer, order or stock item, and the newest state is "
        "there; only a list that keeps each event shows whether an older one was booked"
    )


def _unseen_orders(orders: SeenOrders) -> str:
    """The types of which the order was not seen, beside others of which it was."""
    unseen = sorted(event for event, is_seen in orders.items() if not is_seen)
    if len(unseen) in (0, len(orders)):
        return ""
    return f"the order of {', '.join(unseen)} could not be seen: no effect shows which of two states counts"


def _strangers(correlation: Correlation) -> str:
    number = correlation.foreign + correlation.unkeyed
    return f"ignored {number} new effects that name no event of this scenario" if number else ""


def _no_identity(history: History) -> str:
    if history.observer_key != BUSINESS:
        return ""
    without = {event.event for event in history.events if event.entity is None}
    return f"not judged, because the catalogue knows no identity: {', '.join(sorted(without))}" if without else ""
