"""A contract clause by clause, the verdict that broken clauses make, and its exit code.

[[clause]]
id = "books-a-repeat-once"       # short, unique
sentence = "..."                 # what must hold
reason = "..."                   # why it costs money to break it
fix = "..."                      # what to change; optional
severity = "must"                # or "note": reported, but no violation
classes = ["duplicated"]         # the classes of finding that break it
scenarios = ["duplicate-race"]   # only in these; without: in all that no other clause names. A job's has `cases`
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from frontsim.errors import BadInput
from frontsim.user_input.configuration import read_toml
from frontsim.user_input.fields import Fields

MUST, NOTE = "must", "note"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise; `only_in` has the scenarios or cases that it is about, none for all."""

    id: str
    sentence: str
    reason: str
    fix: str
    severity: str
    classes: frozenset[str]
    only_in: frozenset[str]


class Contract:
    """All clauses, in the file's order.

    Args:
        clauses: for each class at least one that is about all scenarios.
        classes: every class that a finding can have.
    """

    def __init__(self, clauses: Sequence[Clause], classes: Collection[str]) -> None:
        self.clauses = tuple(clauses)
        self._classes = tuple(classes)

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.clauses)

    def broken_by(self, class_: str, scenario: str) -> Clause:
        """The clause that a finding of that class breaks in that scenario or case: its own there, else the general."""
        fitting = [clause for clause in self.clauses if class_ in clause.classes]
        own = [clause for clause in fitting if scenario in clause.only_in]
        return (own or [clause for clause in fitting if not clause.only_in])[0]

    def judged_in(self, scenario: str) -> list[Clause]:
        """The clauses that a scenario or case can break."""
        broken = {self.broken_by(class_, scenario).id for class_ in self._classes}
        return [clause for clause in self.clauses if clause.id in broken]


def read(path: Path, classes: Collection[str], *, plays: str) -> Contract:
    """The contract in a file.

    Args:
        path: the file.
        classes: every class that a finding can have.
        plays: the key of a clause that names what it is about: `scenarios` or `cases`.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """

    def contract(document: Mapping[str, Any]) -> Contract:
        clauses = [
            _clause(Fields(item, at=f"clause {number}"), classes, plays)
            for number, item in enumerate(document.get("clause", []), 1)
        ]
        _check_complete(clauses, classes, plays)
        return Contract(clauses, classes)

    return read_toml(path, contract)


def _clause(fields: Fields, classes: Collection[str], plays: str) -> Clause:
    fields.only("id", "sentence", "reason", "fix", "severity", "classes", plays)
    found = Clause(
        id=fields.text("id", required=True) or "",
        sentence=fields.text("sentence", required=True) or "",
        reason=fields.text("reason", required=True) or "",
        fix=fields.text("fix") or "",
        severity=fields.choice("severity", (MUST, NOTE)) or MUST,
        classes=frozenset(fields.items("classes", required=True) or ()),
        only_in=frozenset(fields.items(plays) or ()),
    )
    if found.classes - set(classes):
        fields.refuse("classes", f"some of {', '.join(sorted(classes))}")
    fields.check()
    return found


def _check_complete(clauses: Sequence[Clause], classes: Collection[str], plays: str) -> None:
    ids = [clause.id for clause in clauses]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise BadInput(f"expected each id once, got {', '.join(twice)} twice")
    general = {class_ for clause in clauses if not clause.only_in for class_ in clause.classes}
    if missing := sorted(set(classes) - general):
        raise BadInput(f"expected a clause without {plays} for every class, got none for {', '.join(missing)}")


class Verdict(StrEnum):
    """The verdict on one scenario or case, or on all of them."""

    VERIFIED = "verified"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "notApplicable"
    """It cannot concern this receiver, so it leaves no gap."""

    @property
    def words(self) -> str:
        """As people read it."""
        return "not applicable" if self is Verdict.NOT_APPLICABLE else str(self)


EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.VERIFIED: 0,
    Verdict.VIOLATED: 1,
    Verdict.UNKNOWN: 2,
    Verdict.SKIPPED: 2,
    Verdict.NOT_APPLICABLE: 2,
}


LEFT_OUT = (Verdict.SKIPPED, Verdict.NOT_APPLICABLE)
"""Verdicts that say nothing of the subject."""


def overall(verdicts: Sequence[Verdict], *, strict: bool = False) -> Verdict:
    """The verdict on everything: one violation is enough, one gap leaves it unknown, and nothing at all proves nothing.

    `strict` makes a skipped scenario or case a gap, but none that cannot concern the subject.
    """
    judged = [Verdict.UNKNOWN if strict and each is Verdict.SKIPPED else each for each in verdicts]
    judged = [each for each in judged if each not in LEFT_OUT]
    if Verdict.VIOLATED in judged:
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in judged or not judged else Verdict.VERIFIED
