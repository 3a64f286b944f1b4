"""The outcome of a scenario or a case as text that pytest can show, and what plays one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ContractOutcome:
    """How a scenario or a case ended: its verdict, and for each broken clause what was seen; no secrets in either.

    `reason` says why the clauses that are not broken could not be judged, "" when they were; one that is violated can
    have one too. `not_exercised` has the clauses that it did not put to the test, each with the reason.
    """

    verdict: str
    reason: str
    broken: dict[str, str]
    not_exercised: dict[str, str] = field(default_factory=dict)


Pause = Callable[[float], None]
Play = Callable[[Sequence[str], Pause], Iterator[tuple[str, ContractOutcome]]]
"""Plays the scenarios or cases of those names, and gives each with its outcome as soon as it is known, in order."""
