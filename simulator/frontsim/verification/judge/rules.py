"""The rules by which events are accused, one after another.

Each rule takes the evidence and the opinion so far, and returns the opinion after it. The order matters: rules about
what effects show come first, so that the answers' own accusations are added after the rules that cast doubt on effects.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from frontsim.domain.model import StatusText
from frontsim.verification.compare.contents import Contents, contents
from frontsim.verification.compare.state_events import StateCheck, WrongState
from frontsim.verification.compare.wrong_state import check_state, tells_state
from frontsim.verification.effects import classes
from frontsim.verification.effects.account import (
    Sample,
    Unit,
    by_type,
    clean_singles,
    least_beside,
    most_beside,
    samples,
    sizes_of,
    units_of,
)
from frontsim.verification.effects.classes import (
    GOOD,
    Class,
    Classified,
    class_by_answers,
    class_by_effects,
    class_without_effects,
)
from frontsim.verification.effects.correlate import Correlation, EventGroup, correlate, replaced
from frontsim.verification.effects.history import Effect, EventFact, Expect, History
from frontsim.verification.judge.evidence import has_known_traits
from frontsim.wording import counted


def wrong_in(group: EventGroup) -> list[Classified]:
    """Each event that is not well; of siblings that have an effect too many together, one stands for all."""
    classified = [
        class_by_effects(event, effects=len(group.effects), least=group.least, most=group.most)
        for event in group.events
    ]
    wrong = [each for each in classified if each.class_ not in GOOD]
    return classified[:1] if len(group.effects) > group.most else wrong


def booked_early(history: History) -> list[Classified]:
    """Events with effects while only a broken body had arrived."""
    correlation = correlate(history, history.checkpoint)
    early = Counter(event.webhook_event_id for event, _ in correlation.beside)
    early += Counter(
        {group.events[0].webhook_event_id: len(group.effects) for group in correlation.groups if len(group.events) == 1}
    )
    reason = "expected no effect before a whole body had arrived"
    return [
        Classified(event, Class.UNEXPECTED, f"{reason}, got {early[event.webhook_event_id]}")
        for event in history.events
        if event.expect is Expect.REFUSED and event.webhook_event_id in early
    ]


def shown_by_entry(shown: Iterable[tuple[EventFact, Sequence[Effect]]]) -> Mapping[str, str]:
    """The types of which each event has as many effects as a list of its payload has entries, with that list's name.

    A receiver that books a repeat again has at most one effect for each run, so some event must have more than that.
    """
    by_type: dict[str, list[tuple[EventFact, int]]] = defaultdict(list)
    for event, effects in shown:
        if effects:
            by_type[event.event].append((event, len(effects)))
    found: dict[str, str] = {}
    for kind, events in by_type.items():
        names = set.intersection(
            *({name for name, size in sizes_of(each) if size == number} for each, number in events)
        )
        if names and any(number > len(each.runs) for each, number in events):
            found[kind] = min(names)
    return found


ABSENT = frozenset({Class.LOST, Class.LOST_AFTER_ACK, Class.BURNED})
"""An event is accused of these because no effect of it was seen.

An older state is *stale* for the same reason where the newer one has no effect.
"""
_SILENT = frozenset({Class.LOST, Class.REJECTED, Class.CRASHED})
"""An event may be accused of these because no answer came."""
_PROVEN_BEFORE_REST = frozenset({Class.DUPLICATED, Class.UNEXPECTED, Class.REJECTED, Class.CRASHED})
"""More time cannot undo these, though effects still change."""


@dataclass(frozen=True)
class Evidence:
    """A scenario's history as the rules read it: which effects are whose, and what is in doubt.

    What follows from these is worked out once, however many rules ask.

    Attributes:
        correlation: which effects of the last look belong to which events.
        doubt: why an effect that is missing proves nothing, "" when it does.
        change: what still changed when the effects did not settle.
    """

    history: History
    correlation: Correlation
    doubt: str = ""
    change: str = ""

    @cached_property
    def effects(self) -> classes.EffectsByEvent:
        groups = self.correlation.groups
        return {event.webhook_event_id: group.effects for group in groups for event in group.events}

    @cached_property
    def replaced(self) -> frozenset[str]:
        """The events in whose place a newer state is shown."""
        return replaced(self.history.events, self.effects)

    @cached_property
    def contents(self) -> Contents:
        """How the effects agree with the payloads."""
        return contents(self.history, self.correlation)

    @cached_property
    def state(self) -> StateCheck:
        """The check of the levels and the customers that the receiver keeps."""
        return check_state(self.history)

    @cached_property
    def orders(self) -> classes.SeenOrders:
        """Of which types it was seen which of two states counts; empty where no effect was looked at."""
        if self.history.final is None:
            return {}
        _, orders = classes.stale(self.history.events, self.effects, self.state.compared)
        return orders


@dataclass(frozen=True, slots=True)
class Opinion:
    """The accusations so far, and why something stays unknown ("" when nothing does).

    `has_wrong_levels`: a level or a customer is not right yet, so that one more look may tell more.
    """

    accused: tuple[Classified, ...] = ()
    unknown: str = ""
    has_wrong_levels: bool = False


Rule = Callable[[Evidence, Opinion], Opinion]


def opinion_on(evidence: Evidence) -> Opinion:
    """The opinion after all rules."""
    opinion = Opinion()
    for rule in RULES:
        opinion = rule(evidence, opinion)
    return opinion


def missing_event_id(accusation: Classified) -> str:
    """The event whose missing effect is the reason for an accusation, "" when the reason is another."""
    return accusation.event.webhook_event_id if accusation.class_ in ABSENT else accusation.without


def effects_accuse(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Too many effects, too few, early ones, older ones that count, and changed ones."""
    if evidence.history.final is None:
        return opinion
    old, _ = classes.stale(evidence.history.events, evidence.effects)
    by_number = [each for group in evidence.correlation.groups for each in wrong_in(group)]
    found = [each for each in by_number + booked_early(evidence.history) if not _is_told_by(old, each)]
    return Opinion((*opinion.accused, *found, *old, *evidence.contents.wrong), opinion.unknown)


def effects_beside_are_second_bookings(evidence: Evidence, opinion: Opinion) -> Opinion:
    """An effect beside an event's own is a second booking, unless a clean single delivery of its type leaves one, too.

    If it does and there are more of them, they may be a row for each request. That is unknown, and so are fewer.
    """
    if evidence.history.final is None or not evidence.correlation.beside:
        return opinion
    units = units_of(evidence.correlation)
    own = samples(clean_singles(evidence.history), evidence.correlation.beside)
    known = by_type([*evidence.history.samples, *own])
    accused: list[Classified] = []
    unclear = ""
    for unit in units:
        most = most_beside(unit.events, known)
        accused += _in_part(unit, known.get(unit.events[0].event, ()), evidence.replaced)
        if unit.surplus(most or 0) <= 0 or all(event.expect is Expect.EITHER for event in unit.events):
            continue
        event, effect = unit.beside[-1]
        shown = f"under the key {effect.key}" if effect.key else "without a key"
        if most == 0:
            expected = "one effect" if unit.own <= 1 else counted(unit.own, "effect")
            reason = f"expected {expected}, got {unit.own + len(unit.beside)}: its content was booked again {shown}"
            accused.append(Classified(event, Class.DUPLICATED, reason))
        else:
            usual = "no clean single delivery shows how many" if most is None else f"a single delivery leaves {most}"
            unclear = (
                f"{counted(len(unit.beside), 'effect has', 'effects have')} the content of {event.event} "
                f"{event.webhook_event_id} and not its id, such as one {shown}, and {usual}: it was booked again, or "
                "the observer must leave out rows of another kind, such as one for each request"
            )
    return Opinion((*opinion.accused, *accused), opinion.unknown or ("" if accused else unclear))


def _in_part(unit: Unit, known: Sequence[Sample], replaced: AbstractSet[str]) -> Iterator[Classified]:
    """An event whose own effect is there without all that each clean delivery of its type leaves beside it.

    That is no loss for certain: by a trait that no clean one has, a receiver may leave some out.
    """
    event, *others = unit.events
    is_owed = event.acknowledged and event.expect is Expect.ONCE and event.webhook_event_id not in replaced
    is_as_sent = not event.altered and not any(run.mutated for run in event.runs)
    least = least_beside(event, known) if unit.own and not others and is_owed and is_as_sent else 0
    if len(unit.beside) < least and has_known_traits(event.payload, (each.payload for each, _ in known)):
        reason = (
            f"{event.event} {event.webhook_event_id} has its own effect and {len(unit.beside)} beside it; by each of "
            f"{len(known)} clean deliveries it should have {least}: it was booked in part, or not all are owed"
        )
        yield Classified(event, Class.UNSETTLED, reason, event.webhook_event_id)


def rows_of_entries_are_no_copies(evidence: Evidence, opinion: Opinion) -> Opinion:
    """An observer that shows a row for each line of a sale does not show how often the sale was booked.

    It shows other types in the same way, also those of which no event has more rows than runs.
    """
    alone = ((group.events[0], group.effects) for group in evidence.correlation.groups if len(group.events) == 1)
    lists = shown_by_entry([*evidence.history.earlier, *alone])

    def is_by_entry(each: Classified) -> bool:
        sizes, shown = dict(sizes_of(each.event)), evidence.effects.get(each.event.webhook_event_id, ())
        return any(sizes.get(name) == len(shown) for name in lists.values())

    left = [each for each in opinion.accused if each.class_ is not Class.DUPLICATED or not is_by_entry(each)]
    if len(left) == len(opinion.accused):
        return opinion
    event, name = next(iter(lists.items()))
    unknown = f"the observer shows a row for each entry of {name} of a {event}; it must show one for each event"
    return Opinion(tuple(left), opinion.unknown or unknown)


def replaced_states_are_not_missing(evidence: Evidence, opinion: Opinion) -> Opinion:
    """A table that keeps the newest state of each entity shows no older one: that is neither a loss nor corrupt."""
    replaced = evidence.replaced
    left = [each for each in opinion.accused if missing_event_id(each) not in replaced]
    left = [each for each in left if each.class_ is not Class.CORRUPT or each.event.webhook_event_id not in replaced]
    return Opinion(tuple(left), opinion.unknown)


def a_doubted_look_shows_no_loss(evidence: Evidence, opinion: Opinion) -> Opinion:
    """An observer that shows less than before, or a wait that was cut short, proves no missing effect."""
    left = tuple(each for each in opinion.accused if not missing_event_id(each))
    return opinion if not evidence.doubt or left == opinion.accused else Opinion(left, evidence.doubt)


def answers_accuse(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Accuses events of what their answers alone prove, whatever the effects."""
    events = evidence.history.events
    found = tuple(Classified(event, *bad) for event in events if (bad := class_by_answers(event)))
    return Opinion((*found, *opinion.accused), opinion.unknown)


def unseen_effects_are_unknown(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Without a look at the effects, only an event that was refused for ever is known."""
    history = evidence.history
    if history.final is not None:
        return opinion
    found = tuple(each for event in history.events if (each := class_without_effects(event)))
    reason = history.observer_failure or "no way to read effects was given, so nothing is known about them"
    return Opinion((*opinion.accused, *found), reason)


def the_stronger_accusation_stands(evidence: Evidence, opinion: Opinion) -> Opinion:  # noqa: ARG001 - a rule's signature
    """A broken body that was booked is *unexpected*; that it was also acknowledged is then no further finding."""
    booked = {each.event.webhook_event_id for each in opinion.accused if each.class_ is Class.UNEXPECTED}
    strong = (Class.UNEXPECTED, Class.DUPLICATED)
    left = [each for each in opinion.accused if each.class_ in strong or each.event.webhook_event_id not in booked]
    return Opinion(tuple(left), opinion.unknown)


def changing_effects_prove_little(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Effects that still changed at the end make the scenario unknown; what more time cannot undo remains."""
    if evidence.history.final is None or evidence.history.settled:
        return opinion
    change = f": {evidence.change}" if evidence.change else ""
    return Opinion(
        tuple(map(_if_settled, opinion.accused)), f"the effects were still changing when time ran out{change}"
    )


def an_unseen_order_is_unknown(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Where nothing shows, of no type, which of two states counts, that is unknown; a note tells of some types only."""
    if evidence.history.final is None or opinion.unknown:
        return opinion
    orders = evidence.orders
    return opinion if any(orders.values()) or not orders else Opinion(opinion.accused, classes.UNSEEN)


def an_unfinished_job_proves_no_refusal(evidence: Evidence, opinion: Opinion) -> Opinion:
    """When time ended the list -> resend job while it made progress, a refused event might have been next."""
    if not evidence.history.unfinished:
        return opinion
    return Opinion(tuple(map(_if_finished, opinion.accused)), opinion.unknown)


def a_silent_receiver_has_crashed(evidence: Evidence, opinion: Opinion) -> Opinion:
    """The receiver gave no sign of life at the end: its last event is accused of that."""
    history = evidence.history
    last = max(history.events, key=lambda event: event.runs[-1].at_ms if event.runs else 0, default=None)
    if last is None or history.liveness is None or not history.liveness.failure:
        return opinion
    crashed = Classified(last, Class.CRASHED, f"{history.liveness.failure}; this was the last event before")
    return Opinion((*opinion.accused, crashed), opinion.unknown)


def an_endless_echo_is_a_loop(evidence: Evidence, opinion: Opinion) -> Opinion:
    """The receiver answers the events that its own writes raise with writes, in each round."""
    looped = tuple(
        Classified(
            event,
            Class.LOOPED,
            "expected an end of the writes, got events of theirs in each round, this one in the last",
        )
        for event in evidence.history.events
        if event.webhook_event_id == evidence.history.endless
    )
    return Opinion((*opinion.accused, *looped), opinion.unknown)


def an_overloaded_machine_proves_no_silence(evidence: Evidence, opinion: Opinion) -> Opinion:
    """Where far more programs want to run than can, a receiver whose answers all came too late may be a right one."""
    history = evidence.history
    if not history.overload:
        return opinion
    is_silent = history.liveness is not None and StatusText.TIMEOUT in history.liveness.failure
    return Opinion(
        tuple(
            replace(each, class_=Class.UNSETTLED, reason=f"{each.reason}{history.overload}")
            if (each.class_ in _SILENT and _is_only_late(each.event)) or (each.class_ is Class.CRASHED and is_silent)
            else each
            for each in opinion.accused
        ),
        opinion.unknown,
    )


def wrong_levels_accuse(evidence: Evidence, opinion: Opinion) -> Opinion:
    """A level or a customer that does not follow from the events, where the journal has nothing against these.

    Where it has, what is derived is wrong for the same reason.
    """
    history, state = evidence.history, evidence.history.state
    if state is None or history.final is None or not history.settled or evidence.doubt:
        return opinion
    if state.after is None:
        reason = state.failure if tells_state(history) else ""
        return Opinion(opinion.accused, opinion.unknown or reason)
    accused = {each.event.webhook_event_id for each in opinion.accused}
    wrong = [each for each in evidence.state.wrong if not each.events & accused]
    found = tuple(
        Classified(each.accused, each.class_, each.reason)
        for each in wrong
        if each.accused and _is_proven(each, evidence)
    )
    unclear = [each.reason for each in wrong if each.accused is None]
    if wrong and not state.settled:
        found, unclear = (), ["it was still changing when time ran out"]
    unknown = opinion.unknown or (f"{state.observer}: {unclear[0]}" if unclear else "")
    return Opinion((*opinion.accused, *found), unknown, has_wrong_levels=bool(wrong))


RULES: Sequence[Rule] = (
    effects_accuse,
    effects_beside_are_second_bookings,
    rows_of_entries_are_no_copies,
    replaced_states_are_not_missing,
    a_doubted_look_shows_no_loss,
    answers_accuse,
    unseen_effects_are_unknown,
    the_stronger_accusation_stands,
    changing_effects_prove_little,
    an_unseen_order_is_unknown,
    an_unfinished_job_proves_no_refusal,
    a_silent_receiver_has_crashed,
    an_endless_echo_is_a_loop,
    an_overloaded_machine_proves_no_silence,
    wrong_levels_accuse,
)


def _is_told_by(old: Sequence[Classified], accusation: Classified) -> bool:
    """An older state that stands explains an accusation in its series, or of an event missing in the same row."""
    row = _row(accusation.event) if accusation.class_ in ABSENT else None
    return any(accusation.event.series == each.event.series or (row and row == _row(each.event)) for each in old)


def _row(event: EventFact) -> tuple[str, str] | None:
    return (event.state.table, event.state.row) if event.state else None


def _is_proven(wrong: WrongState, evidence: Evidence) -> bool:
    """A wrong row proves an accusation; a missing one does so only if the journal has the event."""
    if wrong.accused is None:
        return False
    return wrong.shown is not None or bool(evidence.effects.get(wrong.accused.webhook_event_id))


def _if_settled(each: Classified) -> Classified:
    if each.class_ in _PROVEN_BEFORE_REST:
        return each
    return Classified(each.event, Class.UNSETTLED, f"{each.reason}, but the effects were still changing")


def _is_only_late(event: EventFact) -> bool:
    """No answer to a sound run came in time, and none said no."""
    fair = [run for run in event.runs if not run.faulted]
    return bool(fair) and all(run.status in (StatusText.TIMEOUT, StatusText.CONNECT_TIMEOUT) for run in fair)


def _if_finished(each: Classified) -> Classified:
    last = each.event.runs[-1] if each.event.runs else None
    if each.class_ not in (Class.REJECTED, Class.LOST) or last is None or last.acknowledged:
        return each
    reason = f"{each.reason}; others were still being taken when time was over (--timeout)"
    return Classified(each.event, Class.UNSETTLED, reason)
