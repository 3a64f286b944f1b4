"""The class of one event, and whether an older state overwrote a newer one.

no effect                          its effects     more
acknowledged        lost-after-ack, burned             ok, recovered   duplicated
not acknowledged    lost, rejected, crashed            rejected        duplicated

It can be judged only where the effects show which state counts. They can show it in two ways: each effect
carries `current` (true on the one that counts), or the list holds one effect for a whole series, as a table with one
row per customer does. A ledger shows neither, and is not judged, unless the receiver's derived state shows the order.
Effects are a ledger if they show two events of one series: there, a series with a single effect has lost the others.
A customer who is deleted may have no effect that counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects import content, correlate
from frontsim.verification.effects.history import Effect, EventFact, Expect, Run
from frontsim.wording import counted


class Class(StrEnum):
    """The classes of events: the vocabulary of a verdict."""

    OK = "ok"
    RECOVERED = "recovered"
    LOST = "lost"
    LOST_AFTER_ACK = "lost-after-ack"
    BURNED = "burned"
    DUPLICATED = "duplicated"
    UNEXPECTED = "unexpected"
    CORRUPT = "corrupt"
    STALE = "stale"
    WRONG_STATE = "wrong-state"
    REJECTED = "rejected"
    CRASHED = "crashed"
    LOOPED = "looped"
    UNSETTLED = "unsettled"


BOOKED_TOO_OFTEN = frozenset({Class.DUPLICATED, Class.UNEXPECTED})
LASTING = frozenset({*BOOKED_TOO_OFTEN, Class.CORRUPT})
"""These stay true however long one waits: an effect is there that must not be."""


GOOD = frozenset({Class.OK, Class.RECOVERED})

MEANING = {
    Class.OK: "acknowledged, and booked once",
    Class.RECOVERED: "a run failed, but the event was booked once",
    Class.LOST: "never acknowledged, and never booked",
    Class.LOST_AFTER_ACK: "acknowledged, but never booked, and never resent",
    Class.BURNED: "a run failed, its resend was acknowledged, but it was never booked",
    Class.DUPLICATED: "booked more than once",
    Class.UNEXPECTED: "booked although what arrived was broken",
    Class.CORRUPT: "booked with content that differs from what was sent",
    Class.STALE: "an older state overwrote a newer one",
    Class.WRONG_STATE: "booked once, but what the receiver derives, a level or a customer's row, is wrong",
    Class.REJECTED: "a valid event was refused at every try",
    Class.CRASHED: "the receiver broke or stopped answering",
    Class.LOOPED: "answered with a write that raises the next event, round after round",
    Class.UNSETTLED: "still changing when time ran out",
}

USUAL_CAUSE = {
    Class.LOST: "The receiver does not answer in time for this event, so the event can never be acknowledged.",
    Class.LOST_AFTER_ACK: "The 2xx leaves before the event is stored, or an exception is caught and answered with a "
    "2xx: store first, in one transaction with the work or in an inbox, and only then answer.",
    Class.BURNED: "The event's id is recorded as seen before the work is done, in a separate transaction; when the "
    "work fails, the resend looks like a repeat. Record the id in the same transaction as the effect. If no earlier "
    "run has reached the receiver, it takes another event's key for this one's, or answers an exception with a 2xx.",
    Class.DUPLICATED: "The receiver does not remember event ids, or it checks them before and writes them after the "
    "work, or loses them at a restart, or keeps too few. A unique index on the event's id, written with the effect, "
    "closes all of these gaps.",
    Class.UNEXPECTED: "The receiver acts on the body before it knows that the body is whole and valid JSON.",
    Class.CORRUPT: "A column or buffer is too short, a charset is not UTF-8, or a decimal went through a binary float.",
    Class.STALE: "The last event to arrive wins. Compare the payload's own time or version before overwriting.",
    Class.WRONG_STATE: "The level or the customer's row is changed outside the transaction that recognises a repeat, "
    "or two workers read, add and write it at once. Change it in the transaction that takes the event's id, with "
    "UPDATE ... SET level = level + ?, or derive it from the journal.",
    Class.REJECTED: "The receiver checks the payload more strictly than the contract says (unknown fields, nulls and "
    "new types must pass), or answers an event that it has seen before with an error.",
    Class.CRASHED: "An uncaught exception ends the request, or the process.",
    Class.LOOPED: "The receiver takes the event that its own write raised for news, and writes again. Give each write "
    "a reference of your own (extRef, extId, saleGuid), keep it with the write, and answer an event that carries it "
    "without a write.",
    Class.UNSETTLED: "Work goes on long after the last delivery; give it longer with --settle and --timeout.",
}

_BUSY = 503
ENOUGH = 3
"""Runs that must all have failed before an event counts as refused for ever: a receiver may be busy once or twice."""


@dataclass(frozen=True, slots=True)
class Classified:
    """An event's class, and the reason in a sentence.

    `without` is the webhookEventId of another event that has no effect, where the class follows from that.
    """

    event: EventFact
    class_: Class
    reason: str = ""
    without: str = ""


def class_by_answers(event: EventFact) -> tuple[Class, str] | None:
    """The answers alone prove a class, whatever the effects; None when they prove nothing."""
    if event.expect is Expect.REFUSED:
        return _mangled([run for run in event.runs if run.faulted])
    mutated = [run for run in event.runs if run.mutated]
    if event.expect is Expect.EITHER:
        return _broke_for_ever(mutated or _fair_tries(event))
    if len(mutated) >= ENOUGH and not any(run.acknowledged or run.outcome is not Outcome.ANSWERED for run in mutated):
        return (
            Class.REJECTED,
            f"expected a 2xx in {counted(len(mutated), 'run')} with harmless changes, got {describe_run(mutated[-1])}",
        )
    return None


def class_by_effects(event: EventFact, *, effects: int, least: int, most: int) -> Classified:
    """The class by effects: `effects` were booked, and `least` to `most` are right."""
    if effects > most:
        return Classified(event, Class.DUPLICATED, f"expected {_number(most)}, got {_number(effects)}")
    if event.expect is Expect.EITHER:
        return Classified(event, Class.OK)
    if effects < least:
        return _missing(event)
    if not event.acknowledged or _refused_in_the_end(event):
        return _unacknowledged(event, Class.REJECTED, "booked, yet ")
    return Classified(event, Class.OK if event.runs[0].acknowledged else Class.RECOVERED)


def class_without_effects(event: EventFact) -> Classified | None:
    """The class when effects cannot be seen: only an event that was refused for ever is known."""
    if event.acknowledged or event.expect is Expect.EITHER:
        return None
    found = _unacknowledged(event, Class.LOST, "")
    return found if found.class_ is Class.REJECTED else None


def describe_run(run: Run) -> str:
    """How a run ended, in the log's words: `500 Internal server error`, or `no answer (Timeout)`."""
    return f"{run.status_code} {run.status}" if run.status_code is not None else f"no answer ({run.status})"


def _broke_for_ever(runs: Sequence[Run]) -> tuple[Class, str] | None:
    """An event that may be accepted or refused, but was answered with a 5xx or not at all at every try."""
    broken = [run for run in runs if run.outcome is not Outcome.NOT_SENT]
    if len(broken) < ENOUGH or any(run.status_code is not None and run.status_code < 500 for run in broken):
        return None
    last = broken[-1]
    class_ = Class.CRASHED if last.status_code is None else Class.REJECTED
    return class_, f"expected an answer below 500 in {counted(len(broken), 'run')}, got {describe_run(last)}"


def _mangled(runs: Sequence[Run]) -> tuple[Class, str] | None:
    """A broken body must be refused: the vendor keeps the sound body, so a refusal costs nothing.

    A receiver that answers 5xx may be busy, and a 503 says so. Only when every try ends in another 5xx, the body is the
    cause.
    """
    answered = [(run, run.status_code) for run in runs if run.status_code is not None]
    for run, _ in answered:
        if run.acknowledged:
            return (
                Class.LOST_AFTER_ACK,
                f"expected a 4xx for a broken body, got {describe_run(run)}: it will never be resent",
            )
    codes = [code for _, code in answered]
    if len(codes) >= ENOUGH and min(codes) >= 500 and _BUSY not in codes:
        return (
            Class.CRASHED,
            f"expected a 4xx for a broken body in {counted(len(codes), 'run')}, got {describe_run(answered[-1][0])}",
        )
    return None


def _missing(event: EventFact) -> Classified:
    if not event.acknowledged:
        return _unacknowledged(event, Class.LOST, "")
    run = next(run for run in event.runs if run.acknowledged)
    if run.trigger is Trigger.RESEND:
        earlier = event.runs[: event.runs.index(run)]
        is_first = all(each.outcome is Outcome.NOT_SENT for each in earlier)
        first = "; no earlier run had reached the receiver" if is_first else ""
        reason = f"expected one effect after the resend was answered {describe_run(run)}, got none{first}"
        return Classified(event, Class.BURNED, reason)
    return Classified(
        event, Class.LOST_AFTER_ACK, f"expected one effect after it was answered {describe_run(run)}, got none"
    )


def _unacknowledged(event: EventFact, otherwise: Class, prefix: str) -> Classified:
    fair = _fair_tries(event)
    if not fair:
        return Classified(
            event,
            Class.UNSETTLED,
            f"{prefix}no run was made without a fault before time was over (--timeout): nothing is proven",
        )
    last = fair[-1]
    tries = f"{counted(len(fair), 'run')} without a fault"
    if last.outcome is Outcome.ANSWERED:
        return Classified(event, Class.REJECTED, f"{prefix}expected a 2xx in {tries}, got {describe_run(last)}")
    return Classified(event, otherwise, f"{prefix}expected a 2xx in {tries}, got {describe_run(last)}")


def _fair_tries(event: EventFact) -> list[Run]:
    return [run for run in event.runs if not run.faulted]


def _refused_in_the_end(event: EventFact) -> bool:
    """Its newest run, made without a fault, was answered, but not with a 2xx: it stays on the list of failures."""
    last = event.runs[-1]
    return not last.faulted and last.outcome is Outcome.ANSWERED and not last.acknowledged


def _number(effects: int) -> str:
    return "one effect" if effects == 1 else f"{effects} effects" if effects else "no effect"


CURRENT = "current"

UNSEEN = (
    f"no effect shows which of two states counts: it needs a field {CURRENT!r} (true or false), or a list with one "
    "effect per customer, order or stock item; or --observe-state shows what it derives"
)

EffectsByEvent = Mapping[str, Sequence[Effect]]
"""The effects of each event, by its webhookEventId."""
SeenOrders = Mapping[str, bool]
"""Of each type of which events are states of one thing: whether the order of every series could be judged."""


def stale(
    events: Sequence[EventFact], effects: EffectsByEvent, compared: AbstractSet[str] = frozenset()
) -> tuple[list[Classified], SeenOrders]:
    """The older events whose state counts, and the types of which the order could be judged.

    Where that of others of the type could, that of a deleted customer need not: a derived state has nothing to compare.

    `compared`: the webhookEventIds of events whose order the receiver's derived state shows.
    """
    series: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        if event.series:
            series[event.series].append(event)
    ledgers = _ledgers(series.values(), effects)
    found: list[Classified] = []
    seen: dict[str, list[bool]] = defaultdict(list)
    for states in series.values():
        counting = _counting(states, effects, is_ledger=_table(states) in ledgers)
        newest = max(states, key=lambda event: event.rank)
        if counting is None:
            is_compared = all(event.webhook_event_id in compared for event in states)
            is_seen = is_compared or _is_gone(newest, states, effects)
            seen[newest.event] += [is_seen] if is_seen or not correlate.is_deletion(newest) else []
            continue
        seen[newest.event].append(True)
        if counting.rank < newest.rank:
            newer = newest.webhook_event_id
            without = "" if effects.get(newer) else newer
            found.append(Classified(counting, Class.STALE, f"it is older than {newer}, which it replaced", without))
    return found, {event: all(judged) and bool(judged) for event, judged in seen.items()}


def _ledgers(series: Iterable[Sequence[EventFact]], effects: EffectsByEvent) -> frozenset[str]:
    """The tables that keep every event: several records of one series, and none of them says whether it counts."""
    return frozenset(_table(states) for states in series if _is_ledger(_shown(states, effects)))


def _is_ledger(shown: Sequence[tuple[EventFact, Sequence[Effect]]]) -> bool:
    records = {id(effect): effect for _, these in shown for effect in these}
    return len(shown) > 1 and len(records) > 1 and all(_flag(effect) is None for effect in records.values())


def _table(states: Sequence[EventFact]) -> str:
    """Names the table of the series, "" where the events do not say."""
    return next((event.state.table for event in states if event.state), "")


def _shown(states: Sequence[EventFact], effects: EffectsByEvent) -> list[tuple[EventFact, Sequence[Effect]]]:
    return [(event, effects[event.webhook_event_id]) for event in states if effects.get(event.webhook_event_id)]


def _counting(states: Sequence[EventFact], effects: EffectsByEvent, *, is_ledger: bool) -> EventFact | None:
    """The event whose state counts, None when that cannot be seen."""
    shown = _shown(states, effects)
    flagged = [event for event, these in shown if any(_flag(effect) for effect in these)]
    not_superseded = [event for event, these in shown if not _is_superseded(these)]
    for candidates in (flagged,) if is_ledger else (flagged, not_superseded):
        if len(candidates) == 1:
            return candidates.pop()
    return None


def _is_gone(newest: EventFact, states: Sequence[EventFact], effects: EffectsByEvent) -> bool:
    """A series is gone if its newest state is a deletion, and each row that is left says that it is not current."""
    left = [effects[event.webhook_event_id] for event in states if effects.get(event.webhook_event_id)]
    return correlate.is_deletion(newest) and all(map(_is_superseded, left))


def _is_superseded(effects: Sequence[Effect]) -> bool:
    return all(_flag(effect) is False for effect in effects)


def _flag(effect: Effect) -> bool | None:
    """An effect may say of itself that its state counts, or does not; None where it says nothing."""
    value = content.find(effect.value, CURRENT)
    return bool(value) if isinstance(value, bool | int) else None
