"""What a receiver owes, clause by clause, from `contracts/receiver.toml`; and which clause a finding breaks.

[[clause]]
id = "books-a-repeat-once"       # short, unique
sentence = "..."                 # what must hold
reason = "..."                   # why a receiver that breaks it costs money
severity = "must"                # or "note": reported, but no violation
classes = ["duplicated"]         # the classes of event that break it
scenarios = ["duplicate-race"]   # only in these; without: in all that no other clause names
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontsim import bundled
from frontsim.errors import Unusable
from frontsim.verification.facts.classes import GOOD, Class

MUST, NOTE = "must", "note"
_KEYS = {"id": str, "sentence": str, "reason": str, "severity": str, "classes": list, "scenarios": list}


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise that a receiver keeps."""

    id: str
    sentence: str
    reason: str
    severity: str
    classes: frozenset[Class]
    scenarios: frozenset[str]


class Contract:
    """All clauses, in the file's order."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = tuple(clauses)

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.clauses)

    def broken_by(self, class_: Class, scenario: str) -> Clause:
        """The clause that an event of that class breaks in that scenario: one for both, else the general one."""
        fitting = [clause for clause in self.clauses if class_ in clause.classes]
        own = [clause for clause in fitting if scenario in clause.scenarios]
        return (own or [clause for clause in fitting if not clause.scenarios])[0]

    def judged_in(self, scenario: str) -> list[Clause]:
        """The clauses that a scenario can break."""
        broken = {self.broken_by(class_, scenario).id for class_ in Class if class_ not in GOOD}
        return [clause for clause in self.clauses if clause.id in broken]


def load(file: Path | None = None) -> Contract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    path = file or bundled.folder("contracts") / "receiver.toml"
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: expected a file that can be read, got {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: expected TOML, got {error}") from None
    clauses = [_clause(f"{path}: clause {number}", item) for number, item in enumerate(document.get("clause", []), 1)]
    _check_complete(path, clauses)
    return Contract(clauses)


def _clause(where: str, item: dict[str, Any]) -> Clause:
    for key, value in item.items():
        if key not in _KEYS:
            raise Unusable(f"{where}: expected one of the keys {', '.join(_KEYS)}, got {key!r}")
        if not isinstance(value, _KEYS[key]):
            raise Unusable(f"{where}.{key}: expected {'a list' if _KEYS[key] is list else 'text'}, got {value!r}")
    for key in ("id", "sentence", "reason", "severity", "classes"):
        if not item.get(key):
            raise Unusable(f"{where}: expected the key {key!r}, got none")
    if item["severity"] not in (MUST, NOTE):
        raise Unusable(f"{where}.severity: expected {MUST} or {NOTE}, got {item['severity']!r}")
    classes = set(item["classes"])
    known = {str(class_) for class_ in Class if class_ not in GOOD}
    if classes - known:
        raise Unusable(f"{where}.classes: expected some of {', '.join(sorted(known))}, got {sorted(classes - known)}")
    return Clause(
        id=item["id"],
        sentence=item["sentence"],
        reason=item["reason"],
        severity=item["severity"],
        classes=frozenset(Class(name) for name in classes),
        scenarios=frozenset(item.get("scenarios", ())),
    )


def _check_complete(path: Path, clauses: Sequence[Clause]) -> None:
    ids = [clause.id for clause in clauses]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise Unusable(f"{path}: expected each id once, got {', '.join(twice)} twice")
    general = {class_ for clause in clauses if not clause.scenarios for class_ in clause.classes}
    missing = sorted(str(class_) for class_ in Class if class_ not in GOOD and class_ not in general)
    if missing:
        raise Unusable(
            f"{path}: expected a clause without scenarios for every class, got none for {', '.join(missing)}"
        )
