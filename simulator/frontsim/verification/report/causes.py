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

_MERGES_SOME = (
    "So it drops a second event that has the key of another: make the event's id its key. If it still loses events "
    "then: "
)
_NO_MEMORY = "So it does not remember event ids: write the id under a unique index, in one transaction with the effect."
_KNOWS_REPEATS = (
    "So it knows most repeats: it checks for the key before the work and writes it after, or in another transaction, "
    "or loses it at a restart, or keeps it for too short a time. A unique index on the event's id, written with the "
    "effect, closes all of these gaps."
)
_ABOUT_KEYS = (Class.DUPLICATED, Class.BURNED, Class.WRONG_STATE)
"""These always say something of how the receiver recognises a repeat; the next only if its key is an odd one."""
_PERHAPS_OF_KEYS = (Class.LOST_AFTER_ACK, Class.REJECTED)

Key = tuple[str, Class]
"""Identifies a cause: the id of its clause, and the class."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One mistake of the receiver, where it shows, and in how many events.

    `scenarios` are in the order in which they were played; `sentence` needs no other to be understood. `explanation`
    says what usually is the cause, and what was seen of the receiver's key: first where the key may explain the
    findings, last where it does not.
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
            _sentence(key, found[key], violated=violated, is_first=place == 0) + _short(key[1], report.keys),
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


def _short(class_: Class, keys: Fingerprint | None) -> str:
    """What is odd about the receiver's key, if that may explain the findings."""
    is_told = keys and keys.is_known and not keys.is_usual and _may_explain(class_, keys)
    return f"; the receiver {keys.short}" if keys and is_told else ""


def _explanation(class_: Class, keys: Fingerprint | None) -> str:
    if not keys or not keys.is_known:
        return USUAL_CAUSE[class_]
    if not _may_explain(class_, keys):
        return f"{USUAL_CAUSE[class_]} How it recognises a repeat does not explain this: it {keys.sentence}."
    return f"The receiver {keys.telling}. {_cause_by_key(class_, keys)}"


def _may_explain(class_: Class, keys: Fingerprint) -> bool:
    """Whether the receiver's key may be why events are of that class."""
    return class_ in _ABOUT_KEYS or (class_ in _PERHAPS_OF_KEYS and keys.merges_events)


def _cause_by_key(class_: Class, keys: Fingerprint) -> str:
    """The usual cause, as far as the key leaves it open."""
    if class_ is Class.DUPLICATED:
        return _KNOWS_REPEATS if keys.knows_repeats else _NO_MEMORY
    if class_ not in (Class.LOST_AFTER_ACK, Class.BURNED) or not keys.merges_events:
        return USUAL_CAUSE[class_]
    return f"{_TOO_COARSE if keys.is_too_coarse else _MERGES_SOME}{USUAL_CAUSE[class_]}"


def _violated(number: int, total: int) -> str:
    return f"{number} of {total} violated scenario{'' if total == 1 else 's'}"
