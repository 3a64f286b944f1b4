"""What comparing a receiver's derived state with the events has come to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.history import EventFact


@dataclass(frozen=True, slots=True)
class WrongState:
    """A level or a customer that is not right.

    Attributes:
        shown: what is shown instead; None where no row is there.
        accused: the event that was applied again, not at all, or too late; None where nothing explains what is shown.
        events: the webhookEventIds of all events about the stock item or the customer.
    """

    shown: Any
    reason: str
    class_: Class = Class.WRONG_STATE
    accused: EventFact | None = None
    events: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One stock item, or one customer, beside the events about it.

    Attributes:
        events: the webhookEventIds of all of them.
        wrong: what is not right.
        unclear: why what is not right proves nothing; "" where it does.
        tells_order: whether what is shown would tell the order of the events in time.
    """

    events: frozenset[str]
    wrong: Sequence[WrongState] = ()
    unclear: str = ""
    tells_order: bool = True


@dataclass(frozen=True, slots=True)
class StateCheck:
    """What a check of the levels, or of the customers, came to.

    Attributes:
        wrong: what is not right.
        checked: how many stock items or customers were compared.
        unclear: why some were not, each reason with their number.
        compared: the webhookEventIds of all events whose order in time what is shown would tell.
    """

    wrong: Sequence[WrongState] = ()
    checked: int = 0
    unclear: Mapping[str, int] = field(default_factory=dict)
    compared: frozenset[str] = frozenset()


def check_of(comparisons: Iterable[Comparison]) -> StateCheck:
    """All comparisons together; one that proves nothing only counts under its reason."""
    wrong: list[WrongState] = []
    unclear: dict[str, int] = defaultdict(int)
    compared: set[str] = set()
    checked = 0
    for each in comparisons:
        if each.unclear:
            unclear[each.unclear] += 1
            continue
        checked += 1
        compared.update(each.events if each.tells_order else ())
        wrong += [replace(found, events=each.events) for found in each.wrong]
    return StateCheck(wrong, checked, unclear, frozenset(compared))
