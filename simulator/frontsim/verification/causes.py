"""Causes: findings that one mistake of the receiver explains, taken together. Pure functions over a report.

A kind of events that is never booked, such as a type that the receiver does not know, is one cause of all findings in
which its effect is missing.

A cause is a clause and a class. A clause of some scenarios only (`books-copies-at-once-once`) narrows a general one
(`books-a-repeat-once`): a receiver that breaks the general clause breaks the narrow one too, so that one cause takes in
both. A receiver that breaks the narrow clause alone has its own cause.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frontsim.report.model import Cause, of_violated
from frontsim.verification.effects.classes import GOOD, MEANING, USUAL_CAUSE, Class
from frontsim.verification.effects.history import EventFact, Expect
from frontsim.verification.judge.checks import Finding
from frontsim.verification.judge.evidence import payload_in
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.judge.never_booked import Acknowledged, NeverBooked, never_booked
from frontsim.verification.played import Played, Report

_ABSENT = (Class.LOST_AFTER_ACK, Class.BURNED)

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
Found = tuple[str, Finding]
"""A finding with the name of its scenario."""


def causes(report: Report) -> list[tuple[Cause, list[Found]]]:
    """All causes with their findings, the one that explains most first."""
    never = kinds(report.played)
    general = {Class(class_): each.id for each in report.contract if not each.only_in for class_ in each.classes}
    broken = {finding.clause for played in report.played for finding in played.judgement.findings}
    found: dict[Key, list[Found]] = defaultdict(list)
    for played in report.played:
        for finding in played.judgement.findings:
            clause = general[finding.class_] if general[finding.class_] in broken else finding.clause
            key = kind_of(played, finding, never) or (clause, finding.class_)
            found[key].append((played.scenario.name, finding))
    explained = sorted(found.items(), key=lambda each: (-len(_names(each[1])), -len(each[1])))
    return [
        (
            _cause(key, findings, report, general, subject="Another explains" if place else "One cause explains"),
            findings,
        )
        for place, (key, findings) in enumerate(explained)
    ]


def _cause(key: Key, found: Sequence[Found], report: Report, general: Mapping[Class, str], *, subject: str) -> Cause:
    """The cause of these findings; for a kind that is never booked, against the general clause of most of them."""
    if isinstance(key, NeverBooked):
        classes = Counter(finding.class_ for _, finding in found).most_common()
        class_ = classes[0][0]
        clause, odd_key = general[class_], ""
        what = f"{key} ({', '.join(f'{number:,} {each}' for each, number in classes)})"
        explanation = _NULL_NOT_HANDLED if key.paths else _NOT_HANDLED
    else:
        clause, class_ = key
        what = f"{len(found):,} event{'' if len(found) == 1 else 's'} {class_} ({MEANING[class_]})"
        odd_key, explanation = _odd_key(class_, report.keys), _explanation(class_, report.keys)
    names = _names(found)
    where = of_violated(len(names), sum(bool(played.judgement.findings) for played in report.played))
    return Cause(
        clause=next(each for each in report.contract if each.id == clause),
        class_=str(class_),
        trials=names,
        events=len(found),
        sentence=f"{subject} {where}: {what}, against {clause}{odd_key}",
        explanation=explanation,
    )


def _names(found: Sequence[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in found))


def _odd_key(class_: Class, keys: Fingerprint | None) -> str:
    """What is odd about the receiver's key, if that may explain the findings."""
    is_told = keys and keys.is_known and not keys.is_usual and _may_explain(class_, keys)
    return f"; the receiver {keys.short}" if keys and is_told else ""


def _explanation(class_: Class, keys: Fingerprint | None) -> str:
    """The usual cause and what was seen of the key, which comes first only where it may explain the findings."""
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


def kinds(played: Sequence[Played]) -> tuple[NeverBooked, ...]:
    """The kinds of events that a run acknowledged and never booked; none if no missing effect accuses the receiver."""
    if not any(finding.class_ in _ABSENT for each in played for finding in each.judgement.findings):
        return ()
    return never_booked([row for each in played if not each.history.why_not_judged for row in _acknowledged(each)])


def kind_of(played: Played, finding: Finding, found: Sequence[NeverBooked]) -> NeverBooked | None:
    """The kind that explains a finding, None if its own effect is not what is missing or no kind takes it in."""
    if not found:
        return None
    event = _missing(played, finding)
    if event is None:
        return None
    payload = _payload(event, played)
    return next((kind for kind in found if kind.takes_in(event.event, payload)), None)


def _acknowledged(played: Played) -> Iterator[Acknowledged]:
    """The events of which it was seen whether they are booked, without those in whose place a newer state is shown."""
    effects, classes = played.judgement.effects, played.judgement.classes
    for event in played.history.events:
        number = effects.get(event.webhook_event_id)
        is_well = classes.get(event.webhook_event_id) in GOOD
        if number is None or not event.acknowledged or event.expect is Expect.EITHER or (not number and is_well):
            continue
        yield Acknowledged(played.scenario.name, event.event, _payload(event, played), bool(number))


def _payload(event: EventFact, played: Played) -> Any:
    """What arrived; None where it was broken, or was changed on the way and the log was not asked how."""
    if event.expect is Expect.REFUSED and any(run.faulted and run.acknowledged for run in event.runs):
        return None
    if not event.altered:
        return event.payload
    exchange = played.exchanges.get(event.webhook_event_id)
    return payload_in(exchange, event) if exchange else None


def _missing(played: Played, finding: Finding) -> EventFact | None:
    """The event whose effect is missing: the finding's, or for an older state that counts the newest of its series."""
    events = {event.webhook_event_id: event for event in played.history.events}
    event = events.get(finding.webhook_event_id)
    if finding.class_ in _ABSENT or event is None:
        return event
    if finding.class_ is not Class.STALE or not event.series:
        return None
    newest = max((each for each in events.values() if each.series == event.series), key=lambda each: each.rank)
    return newest if newest.webhook_event_id in played.judgement.missing else None
