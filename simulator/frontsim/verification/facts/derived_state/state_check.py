"""What comparing a receiver's derived state with the events has come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
