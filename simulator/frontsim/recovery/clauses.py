"""What a list -> resend job owes, clause by clause, from `contracts/job.toml`; and which clause a finding breaks."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from frontsim import bundled
from frontsim.errors import BadInput, Unusable
from frontsim.fields import Fields

CLASSES = ("missed", "resent-delivered", "hammered", "endless", "gave-up-early", "silent", "leaked", "crashed")


@dataclass(frozen=True, slots=True)
class JobClause:
    """One promise of a job; `fix` says what to change when it is broken."""

    id: str
    sentence: str
    reason: str
    fix: str
    classes: frozenset[str]
    cases: frozenset[str]
    severity: str = "must"


class JobContract:
    """All clauses, in the file's order."""

    def __init__(self, clauses: Sequence[JobClause]) -> None:
        self.clauses = tuple(clauses)

    def __iter__(self) -> Iterator[JobClause]:
        return iter(self.clauses)

    def broken_by(self, class_: str, case: str) -> JobClause:
        """The clause that a finding of that class breaks in that case: its own there, else the general one."""
        fitting = [clause for clause in self.clauses if class_ in clause.classes]
        own = [clause for clause in fitting if case in clause.cases]
        return (own or [clause for clause in fitting if not clause.cases])[0]

    def judged_in(self, case: str) -> list[JobClause]:
        """The clauses that a case can break."""
        broken = {self.broken_by(class_, case).id for class_ in CLASSES}
        return [clause for clause in self.clauses if clause.id in broken]


def load(file: Path | None = None) -> JobContract:
    """The bundled contract, or a file of the same shape.

    Raises:
        Unusable: the file cannot be read or has another shape; the text names the file and the key.
    """
    path = file or bundled.folder("contracts") / "job.toml"
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: expected a file that can be read, got {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: expected TOML, got {error}") from None
    try:
        clauses = [_clause(number, item) for number, item in enumerate(document.get("clause", []), 1)]
    except BadInput as error:
        raise Unusable(f"{path}: {error}") from None
    general = {class_ for clause in clauses if not clause.cases for class_ in clause.classes}
    if missing := sorted(set(CLASSES) - general):
        raise Unusable(f"{path}: expected a clause without cases for every class, got none for {', '.join(missing)}")
    return JobContract(clauses)


def _clause(number: int, item: dict[str, object]) -> JobClause:
    fields = Fields(item, at=f"clause {number}")
    fields.only("id", "sentence", "reason", "fix", "severity", "classes", "cases")
    found = JobClause(
        id=fields.text("id", required=True) or "",
        sentence=fields.text("sentence", required=True) or "",
        reason=fields.text("reason", required=True) or "",
        fix=fields.text("fix", required=True) or "",
        classes=frozenset(fields.items("classes", required=True) or ()),
        cases=frozenset(fields.items("cases") or ()),
        severity=fields.choice("severity", ("must", "note")) or "must",
    )
    if found.classes - set(CLASSES):
        fields.refuse("classes", f"some of {', '.join(CLASSES)}")
    fields.check()
    return found
