"""Causes: findings that one mistake of the receiver explains, taken together. Pure functions over a report.

A cause is a clause and a class. A clause of some scenarios only (`books-copies-at-once-once`) narrows a general one
(`books-a-repeat-once`): a receiver that breaks the general clause breaks the narrow one too, so that one cause takes in
both. A receiver that breaks the narrow clause alone has its own cause.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from frontsim.verdicts import Clause
from frontsim.verification.effects.classes import MEANING, USUAL_CAUSE, Class
from frontsim.verification.judge.checks import Finding
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.judge.never_booked import NeverBooked
from frontsim.verification.played import Played, Report
from frontsim.verification.report.missing_effects import kind_of, kinds

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

_NOT_HANDLED = (
    "The receiver has no code that books these types and answers with a 2xx, or an exception in that code is caught "
    "and answered with a 2xx. Book them, or leave out the types that the receiver is not meant to take (--events)."
)
_NULL_NOT_HANDLED = (
    "The code that books such an event fails at the null, and the exception is caught and answered with a 2xx. The "
    "contract allows the null: book the event without the value."
)

Key = tuple[str, Class] | NeverBooked
"""Identifies a cause: the id of its clause, and the class; or the kind of events that is never booked."""
_Found = tuple[Played, Finding]


@dataclass(frozen=True, slots=True)
class Cause:
    """One mistake of the receiver, where it shows, and in how many events.

    `scenarios` are in the order in which they were played; `sentence` needs no other to be understood. `explanation`
    says what usually is the cause, and what was seen of the receiver's key: first where the key may explain the
    findings, last where it does not. `class_` is that of most `findings`, which are with their scenarios' names.
    """

    clause: Clause
    class_: Class
    scenarios: tuple[str, ...]
    events: int
    sentence: str
    explanation: str
    findings: frozenset[tuple[str, Finding]] = field(default=frozenset(), compare=False, repr=False)


def causes(report: Report) -> tuple[Cause, ...]:
    """All causes, the one that explains most first."""
    found: dict[Key, list[_Found]] = defaultdict(list)
    for key, played, finding in _explained(report):
        found[key].append((played, finding))
    order = sorted(found, key=lambda key: (-len(_names(found[key])), -len(found[key])))
    violated = sum(bool(played.judgement.findings) for played in report.played)
    return tuple(_cause(key, found[key], report, violated, is_first=place == 0) for place, key in enumerate(order))


def headline(found: tuple[Cause, ...]) -> str:
    """The causes in one line, "" without any."""
    if len(found) < 2:
        return found[0].sentence if found else ""
    violated = len({name for cause in found for name in cause.scenarios})
    return f"{len(found)} causes explain {_violated(violated, violated)}"


def cause_of(played: Played, finding: Finding, found: tuple[Cause, ...]) -> Cause:
    """The cause that explains a finding of that scenario."""
    return next(each for each in found if (played.scenario.name, finding) in each.findings)


def _explained(report: Report) -> list[tuple[Key, Played, Finding]]:
    """Each finding with its cause: a kind that is never booked, the general clause if that is broken, or its own."""
    never_booked = kinds(report.played)
    findings = [(played, finding) for played in report.played for finding in played.judgement.findings]
    general = _general(report)
    broken = {finding.clause for _, finding in findings}

    def key_of(played: Played, finding: Finding) -> Key:
        kind = kind_of(played, finding, never_booked)
        return kind or (_clause_of(finding, general, broken), finding.class_)

    return [(key_of(*each), *each) for each in findings]


def _clause_of(finding: Finding, general: Mapping[Class, str], broken: AbstractSet[str]) -> str:
    return general[finding.class_] if general[finding.class_] in broken else finding.clause


def _general(report: Report) -> Mapping[Class, str]:
    """The id of the clause that a class breaks in a scenario which no clause names."""
    return {Class(class_): clause.id for clause in report.contract if not clause.only_in for class_ in clause.classes}


def _cause(key: Key, found: Sequence[_Found], report: Report, violated: int, *, is_first: bool) -> Cause:
    clause, class_ = _most_frequent(found, _general(report)) if isinstance(key, NeverBooked) else key
    subject = "One cause explains" if is_first else "Another explains"
    where = _violated(len(_names(found)), violated)
    return Cause(
        next(each for each in report.contract if each.id == clause),
        class_,
        _names(found),
        len(found),
        f"{subject} {where}: {_what(key, found)}, against {clause}{_short(key, report.keys)}",
        _explanation(key, report.keys),
        frozenset((played.scenario.name, finding) for played, finding in found),
    )


def _most_frequent(found: Sequence[_Found], general: Mapping[Class, str]) -> tuple[str, Class]:
    """The class that most findings have, and its general clause."""
    class_ = Counter(finding.class_ for _, finding in found).most_common(1)[0][0]
    return general[class_], class_


def _names(found: Sequence[_Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(played.scenario.name for played, _ in found))


def _what(key: Key, found: Sequence[_Found]) -> str:
    """What the findings have in common."""
    if isinstance(key, NeverBooked):
        classes = Counter(finding.class_ for _, finding in found)
        return f"{key} ({', '.join(f'{number:,} {class_}' for class_, number in classes.most_common())})"
    _, class_ = key
    return f"{len(found):,} event{'' if len(found) == 1 else 's'} {class_} ({MEANING[class_]})"


def _short(key: Key, keys: Fingerprint | None) -> str:
    """What is odd about the receiver's key, if that may explain the findings."""
    if isinstance(key, NeverBooked):
        return ""
    _, class_ = key
    is_told = keys and keys.is_known and not keys.is_usual and _may_explain(class_, keys)
    return f"; the receiver {keys.short}" if keys and is_told else ""


def _explanation(key: Key, keys: Fingerprint | None) -> str:
    if isinstance(key, NeverBooked):
        return _NULL_NOT_HANDLED if key.paths else _NOT_HANDLED
    _, class_ = key
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
