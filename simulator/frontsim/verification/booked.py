"""Which types a receiver books, and which it only acknowledges. It is known once the last look has been taken at all.

    scenarios, in their order --> an effect of a type is missing that was never booked so far?
        no                            it goes out as it is
        yes                           it is kept back, and all after it, until the type is booked or the run ends
    end of the run --> booked types, acknowledged ones --> what was kept back, without what nobody owes

A type is acknowledged only if every event of it was acknowledged and none has an effect. The commonest receiver books a
few types and acknowledges the rest, so if at most half of all types are booked, the others are judged by their answers
alone. If more are booked, the receiver may lose a type: that is unknown until the user names the types that are meant.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.history import EventFact, Expect
from frontsim.verification.judge.checks import Finding, without
from frontsim.verification.played import EventTypes, Played
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import EVENTFUL

UNBOOKED = (Class.LOST_AFTER_ACK, Class.BURNED)
"""The classes of an acknowledged event whose effect is missing."""


def acknowledged(played: Played) -> Iterator[tuple[EventFact, bool]]:
    """The acknowledged events of which it was seen whether they are booked, and whether they are.

    Those in whose place a newer state is shown are left out, and those that a right receiver need not book.
    """
    effects, classes = played.judgement.effects, played.judgement.classes
    for event in played.history.events:
        number = effects.get(event.webhook_event_id)
        is_well = classes.get(event.webhook_event_id) in GOOD
        if number is None or not event.acknowledged or event.expect is Expect.EITHER or (not number and is_well):
            continue
        yield event, bool(number)


def missing_event(played: Played, finding: Finding) -> EventFact | None:
    """The event whose effect is missing: the finding's, or for an older state that counts the newest of its series."""
    events = {event.webhook_event_id: event for event in played.history.events}
    event = events.get(finding.webhook_event_id)
    if finding.class_ in UNBOOKED or event is None:
        return event
    if finding.class_ is not Class.STALE or not event.series:
        return None
    newest = max((each for each in events.values() if each.series == event.series), key=lambda each: each.rank)
    return newest if newest.webhook_event_id in played.judgement.missing else None


class TypesOfRun:
    """Learns from the scenarios of a run which types are booked, and keeps back those whose verdict depends on it.

    Args:
        selection: the types of the run.
        booked: those of which the clean round has shown an effect.
        probed: those of which the clean round has sent an event.
        demands_each: the user has named the types, so each must be booked.
        strict: a type that is only acknowledged leaves the run unknown.
    """

    def __init__(
        self,
        selection: Selection,
        *,
        booked: AbstractSet[str] = frozenset(),
        probed: Iterable[str] = (),
        demands_each: bool,
        strict: bool = False,
    ) -> None:
        self._selection = selection
        self._chosen = selection.types("all")
        self._booked = set(booked)
        self._seen = {*booked, *probed}
        self._acknowledged: set[str] = set()
        self._refused: set[str] = set()
        self._demands_each = demands_each
        self._is_strict = strict
        self._kept: list[Played] = []

    def take(self, played: Played) -> Iterator[Played]:
        """Take in a scenario; gives those whose verdict is known now, in their order."""
        self._note(played)
        self._kept.append(played)
        while self._kept and not self._is_open(self._kept[0]):
            yield self._kept.pop(0)

    def end(self, booked: AbstractSet[str], *, interrupted: bool = False) -> tuple[EventTypes, list[Played]]:
        """Return the types as they are known at the end, and judge by them the scenarios that were kept back.

        Args:
            booked: the types of which the clean round shows an effect now.
            interrupted: the run has ended early, so that what is missing may still have come.
        """
        self._booked |= booked
        found = self._found(interrupted=interrupted)
        kept, self._kept = self._kept, []
        return found, [self._judged(each, found) for each in kept]

    def _note(self, played: Played) -> None:
        if played.history.why_not_judged:
            return
        for event in played.history.events:
            if not event.acknowledged and event.expect is not Expect.EITHER:
                self._refused.add(event.event)
        for event, is_booked in acknowledged(played):
            (self._booked if is_booked else self._acknowledged).add(event.event)
        self._seen |= self._booked | self._acknowledged | self._refused

    @property
    def _only(self) -> frozenset[str]:
        """The types that are only acknowledged so far."""
        return frozenset() if self._demands_each else frozenset(self._acknowledged - self._booked - self._refused)

    def _is_open(self, played: Played) -> bool:
        return bool(_of(self._only, played))

    def _found(self, *, interrupted: bool) -> EventTypes:
        only = [each for each in self._chosen if each in self._only]
        booked = [each for each in self._chosen if each in self._booked]
        # a type of which nothing was sent may be booked
        most = len(booked) + sum(each not in self._seen for each in self._chosen)
        which, unknown = f"{named(only)} {'is' if len(only) == 1 else 'are'}", ""
        if only and interrupted:
            unknown = f"interrupted before it was known whether {which} booked"
        elif only and (self._is_strict or not booked or 2 * most > len(self._chosen)):
            unknown = f"{which} acknowledged and never booked: name what is meant with --events TYPE,... or all"
        return EventTypes(booked, only, unknown)

    def _judged(self, played: Played, found: EventTypes) -> Played:
        only = frozenset(found.acknowledged_only)
        judgement = without(played.judgement, _of(only, played), unknown=found.unknown)
        raised = [self._selection.types(each.events) for each in played.scenario.steps if isinstance(each, EVENTFUL)]
        types = dict.fromkeys(event for events in raised for event in events)
        if judgement.verdict in (Verdict.VERIFIED, Verdict.SKIPPED) and types and only.issuperset(types):
            which = f"{named(list(types))} {'is' if len(types) == 1 else 'are'}"
            reason = f"{which} acknowledged and never booked; --events all demands each type"
            judgement = replace(judgement, verdict=Verdict.SKIPPED, reason=reason)
        return replace(played, judgement=judgement)


def _of(types: AbstractSet[str], played: Played) -> list[Finding]:
    """The findings that say that an effect of one of these types is missing."""
    missing = ((each, missing_event(played, each)) for each in played.judgement.findings) if types else ()
    return [finding for finding, event in missing if event and event.event in types]


_NAMED = 3


def named(names: Sequence[str]) -> str:
    """The first names in a row, and how many more there are."""
    more = len(names) - _NAMED
    listed = [*names[:_NAMED], f"{more} more"] if more > 0 else list(names)
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))
