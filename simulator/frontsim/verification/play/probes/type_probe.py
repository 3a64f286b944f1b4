"""Which event types a receiver takes: one clean event of each type, before the first scenario.

A receiver that is made for some types often refuses all others with one and the same answer. That says nothing about
outages, so the user hears of it in the first seconds, and `--events auto` leaves those types out. A type stays in
when it got no answer, an answer that asks to try later, or another answer than the most common refusal.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from frontsim.client.control import STRICT
from frontsim.client.models import EventEntry
from frontsim.verification.play.harness import Harness

_TRY_LATER = (408, 425, 429, 502, 503, 504)
_MORE_S = 5.0  # beyond the time that the receiver has for an answer


@dataclass(frozen=True, slots=True)
class ProbedTypes:
    """The types in their order; `refused` has the answer to each that was refused as most others were.

    If every type was refused, `refused` is empty, because nothing would be left to play, and `to_all` has the most
    common answer. Then `statuses` has the last status of each.
    """

    types: Sequence[str]
    refused: Mapping[str, str]
    to_all: str = ""
    statuses: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def taken(self) -> list[str]:
        return [event for event in self.types if event not in self.refused]

    @property
    def hint(self) -> str:
        """What to tell the user; "" unless most types were refused."""
        if self.to_all:
            return (
                f"The receiver refused a clean event of each type, most with {self.to_all}. "
                "If it reads the event's type or id from the body, try --delivery-shape typed, event or envelope; "
                "a file for --delivery-shape adds headers, such as a key."
            )
        if not self.taken or 2 * len(self.refused) <= len(self.types):
            return ""
        answer = next(iter(self.refused.values()))
        return (
            f"{len(self.refused)} of {len(self.types)} types were answered {answer}. "
            f"Not yours? --events {','.join(self.taken)}"
        )


def probe(harness: Harness) -> ProbedTypes:
    """Send one clean event of each type, and those that are refused once more. Raises CallError."""
    types = harness.selection.types("all")
    webhooks = list(harness.pool.map(lambda event: harness.api.create_webhook(event, harness.receiver_url).id, types))
    try:
        now = str(harness.sim.clock().get("now"))
        raised = dict(zip(types, harness.pool.map(lambda event: _raise(harness, event, now=now), types), strict=True))
        harness.sim.drain(harness.limits.answer_s + _MORE_S)
        known = {event: ids for event, ids in raised.items() if ids}
        entries = dict(zip(known, harness.pool.map(lambda ids: harness.entry(*ids), known.values()), strict=True))
        suspects = [event for event, entry in entries.items() if _is_refused(entry)]
        harness.resend([ids for event in suspects if (ids := raised[event])])
        again = {event: harness.entry(*ids) for event in suspects if (ids := raised[event])}
    finally:
        for webhook_id in webhooks if harness.cleans_up else ():
            harness.api.delete_webhook(webhook_id)
    answers = {
        event: entry.outcome
        for event, entry in again.items()
        if _is_refused(entry) and entry.outcome == entries[event].outcome
    }
    alike = _alike(answers)
    if len(answers) == len(types):
        statuses = {event: entry.status_code for event, entry in again.items()}
        return ProbedTypes(types, {}, to_all=next(iter(alike.values())), statuses=statuses)
    return ProbedTypes(types, alike)


def _alike(answers: Mapping[str, str]) -> Mapping[str, str]:
    """Those that got the most common answer."""
    if not answers:
        return {}
    (common, _), *_ = Counter(answers.values()).most_common(1)
    return {event: answer for event, answer in answers.items() if answer == common}


def _raise(harness: Harness, event: str, *, now: str) -> tuple[str, str] | None:
    """A clean event about a new entity, that happens now; None when no webhook matches it."""
    moments = dict.fromkeys(harness.selection.datetime_fields(event), now)
    values = harness.selection.fitting(event, {**moments, **harness.fresh(event)})
    found = harness.sim.trigger(event, set_=values or None, payloads=STRICT).events
    return (found[0].webhook_id, found[0].webhook_event_id) if found else None


def _is_refused(entry: EventEntry) -> bool:
    status = entry.status_code
    return status is not None and 400 <= status < 600 and status not in _TRY_LATER
