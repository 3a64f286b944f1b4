"""Causes: findings that one mistake of the receiver explains, taken together. Pure functions over a report.

A cause is a clause and a class. A clause of some scenarios only (`books-copies-at-once-once`) narrows a general one
(`books-a-repeat-once`): a receiver that breaks the general clause breaks the narrow one too, so that one cause takes in
both. A receiver that breaks the narrow clause alone has its own cause.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from frontsim.clauses import Clause
from frontsim.verification.facts.classes import MEANING, USUAL_CAUSE, Class
from frontsim.verification.facts.fingerprint import Fingerprint
from frontsim.verification.judge.checks import Finding
from frontsim.verification.played import Played, Report

_TOO_COARSE = (
    "So it takes different events for one, and drops all but the first: make the event's id its key. If it still loses "
    "events then: "
)

Key = tuple[str, Class]
"""Identifies a cause: the id of its clause, and the class."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One mistake of the receiver, where it shows, and in how many events.

    `scenarios` are in the order in which they were played; `sentence` needs no other to be understood. `explanation`
    begins with what was seen of the receiver's key, and goes on with what usually is the cause.
    """

    clause: Clause
    class_: Class
    scenarios: tuple[str, ...]
    events: int
    sentence: str
    explanation: str


def causes(report: Report) -> tuple[Cause, ...]:
    """All causes, the one that explains most first."""
    found: dict[Key, list[tuple[str, Finding]]] = defaultdict(list)
    for key, played, finding in _explained(report):
        found[key].append((played.scenario.name, finding))
    order = sorted(found, key=lambda key: (-len(_names(found[key])), -len(found[key])))
    clauses = {clause.id: clause for clause in report.contract}
    violated = sum(bool(played.judgement.findings) for played in report.played)
    return tuple(
        Cause(
            clauses[key[0]],
            key[1],
            _names(found[key]),
            len(found[key]),
            _sentence(key, found[key], violated=violated, is_first=place == 0) + _short(report.keys),
            _explanation(key[1], report.keys),
        )
        for place, key in enumerate(order)
    )


def headline(found: tuple[Cause, ...]) -> str:
    """The causes in one line, "" without any."""
    if len(found) < 2:
        return found[0].sentence if found else ""
    violated = len({name for cause in found for name in cause.scenarios})
    return f"{len(found)} causes explain {_violated(violated, violated)}"


def cause_of(played: Played, finding: Finding, found: tuple[Cause, ...]) -> Cause:
    """The cause that explains a finding of that scenario."""
    fitting = [each for each in found if each.class_ == finding.class_ and played.scenario.name in each.scenarios]
    return next((each for each in fitting if each.clause.id == finding.clause), fitting[0])


def _explained(report: Report) -> list[tuple[Key, Played, Finding]]:
    """Each finding with its cause: the general clause of its class where that is broken too, else its own."""
    findings = [(played, finding) for played in report.played for finding in played.judgement.findings]
    general = _general(report)
    broken = {finding.clause for _, finding in findings}
    return [
        ((general[finding.class_] if general[finding.class_] in broken else finding.clause, finding.class_), *each)
        for each in findings
        for finding in [each[1]]
    ]


def _general(report: Report) -> Mapping[Class, str]:
    """The id of the clause that a class breaks in a scenario which no clause names."""
    return {Class(class_): clause.id for clause in report.contract if not clause.only_in for class_ in clause.classes}


def _names(findings: list[tuple[str, Finding]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in findings))


def _sentence(key: Key, findings: list[tuple[str, Finding]], *, violated: int, is_first: bool) -> str:
    clause, class_ = key
    events = f"{len(findings):,} event{'' if len(findings) == 1 else 's'} {class_}"
    subject = "One cause explains" if is_first else "Another explains"
    return f"{subject} {_violated(len(_names(findings)), violated)}: {events} ({MEANING[class_]}), against {clause}"


def _short(keys: Fingerprint | None) -> str:
    """What is odd about the receiver's key, if anything is."""
    return f"; the receiver {keys.short}" if keys and keys.is_known and not keys.is_usual else ""


def _explanation(class_: Class, keys: Fingerprint | None) -> str:
    seen = f"The receiver {keys.telling}. " if keys and keys.is_known else ""
    is_told = keys is not None and keys.is_too_coarse and class_ in (Class.LOST_AFTER_ACK, Class.BURNED)
    return f"{seen}{_TOO_COARSE if is_told else ''}{USUAL_CAUSE[class_]}"


def _violated(number: int, total: int) -> str:
    return f"{number} of {total} violated scenario{'' if total == 1 else 's'}"
