"""Which effects carry content that differs from what was sent: pure.

A receiver may rewrite a field in a way that loses nothing: amounts in cents, texts in upper case. Where every effect
shows the same rewriting of a field, that is a note. Where only some do, or a value was lost, the event is *corrupt*.
All this is for `ContentCheck.KNOWN`: with `EXACT` every difference is a finding, and with `OFF` nothing is compared.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from frontsim.verification.facts import content
from frontsim.verification.facts.classes import Class, Classified
from frontsim.verification.facts.columns import lost_columns
from frontsim.verification.facts.content import Pair
from frontsim.verification.facts.correlate import EventGroup
from frontsim.verification.facts.history import Column, ColumnCount, ContentCheck, EventFact

Field = tuple[str, str]
"""An event type and the path of a field in its payload."""
_Compared = tuple[EventFact, Any, list[Pair]]
"""An event, the copy of its payload in an effect, and what differs in it."""

_NO_LOSS = "nothing is lost"
_WHY = {content.MASKED: "it hides personal data on purpose"}


def corrupt(
    groups: Sequence[EventGroup],
    check: ContentCheck = ContentCheck.KNOWN,
    columns: Mapping[Column, ColumnCount] = MappingProxyType({}),
) -> list[Classified]:
    """The events whose effect carries the payload or fields of it, and not as they were sent.

    `columns`: those that are known to hold a field.
    """
    if check is ContentCheck.OFF:
        return []
    if check is ContentCheck.EXACT:
        inexact = ((event, content.first_inexact(event.payload, kept)) for event, kept in _copies(groups))
        return [Classified(event, Class.CORRUPT, difference) for event, difference in inexact if difference]
    compared = _compared(groups)
    rewritten = _rewritten(compared)
    found = []
    for event, _, different in compared:
        lost = next((pair for pair in different if not _is_rewritten(event, pair, rewritten)), None)
        if lost is not None:
            found.append(Classified(event, Class.CORRUPT, str(lost)))
    in_columns = [Classified(event, Class.CORRUPT, str(pair)) for event, pair in lost_columns(groups, columns)]
    return [*found, *in_columns]


def rewritings(groups: Sequence[EventGroup], check: ContentCheck = ContentCheck.KNOWN) -> list[str]:
    """The fields that every effect shows in another form, a sentence each."""
    if check is not ContentCheck.KNOWN:
        return []
    return [
        f"{event}: every effect shows {field} {rewriting}; {_WHY.get(rewriting, _NO_LOSS)}, so this is no finding"
        for (event, field), rewriting in _rewritten(_compared(groups)).items()
    ]


def _compared(groups: Sequence[EventGroup]) -> list[_Compared]:
    """The events whose effects can be told apart, with each copy of the payload and the pairs that differ in it."""
    return [(event, kept, content.different(event.payload, kept)) for event, kept in _copies(groups)]


def _copies(groups: Sequence[EventGroup]) -> list[tuple[EventFact, Any]]:
    """The same events, with the copy in each effect."""
    found = []
    for group in groups:
        event, *others = group.events
        if others or event.altered:
            continue
        for effect in group.effects:
            kept = content.embedded_payload(effect.value)
            if content.is_copy(event.payload, kept):
                found.append((event, kept))
    return found


def _rewritten(compared: Sequence[_Compared]) -> dict[Field, str]:
    """The one rewriting of each field that every effect shows rewritten."""
    seen: dict[Field, set[str]] = defaultdict(set)
    for event, _, different in compared:
        for pair in different:
            seen[event.event, pair.field].add(pair.rewriting)
    one = {field: next(iter(found)) for field, found in seen.items() if len(found) == 1 and "" not in found}
    for event, kept, _ in compared if one else ():
        for pair in content.pairs(event.payload, kept):
            rewriting = one.get((event.event, pair.field))
            if rewriting and pair.is_same and pair.kept is not None and content.would_change(rewriting, pair.sent):
                del one[event.event, pair.field]
    return one


def _is_rewritten(event: EventFact, pair: Pair, rewritten: Mapping[Field, str]) -> bool:
    return rewritten.get((event.event, pair.field)) == pair.rewriting
