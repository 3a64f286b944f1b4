"""Which findings of a run a kind of events explains that is never booked: pure functions over what was played."""

from collections.abc import Iterator, Sequence
from typing import Any

from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.history import EventFact, Expect
from frontsim.verification.judge.checks import Finding
from frontsim.verification.judge.evidence import payload_in
from frontsim.verification.judge.never_booked import Acknowledged, NeverBooked, never_booked
from frontsim.verification.played import Played

_ABSENT = (Class.LOST_AFTER_ACK, Class.BURNED)


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
