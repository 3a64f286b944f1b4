r"""A receiver's run as the model of `report`: its trials, the causes of their findings, and stories of some events.

A cause takes together the findings that one mistake of the receiver explains. A kind of events that is never booked,
such as a type that the receiver does not know, is one cause of all findings in which its effect is missing:

    all acknowledged events --> those of a type               \
                            --> those whose field is blank    --> none is booked, others are, and not by chance

A kind is named only where the facts leave no doubt. Losses by chance, or by a kill in some scenario, hit a rare kind
alone, too. So its events must be more than chance explains, by the share of others that are lost: of those most like
them in the run, and of all others in the same scenario.

A cause is a clause and a class. A clause of some scenarios only (`books-copies-at-once-once`) narrows a general one
(`books-a-repeat-once`): a receiver that breaks the general clause breaks the narrow one too, so that one cause takes in
both. A receiver that breaks the narrow clause alone has its own cause.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from frontsim.domain.model import Outcome, Trigger
from frontsim.masking import NO_COMMAND, CommandLine, masked
from frontsim.report.as_json import document
from frontsim.report.model import (
    MOST_RIGHT,
    MOST_WRONG,
    RECEIVER,
    Cause,
    DerivedState,
    RunResult,
    ShownFinding,
    Trial,
    of_violated,
)
from frontsim.report.timeline import FaultSpan, ShownEvent, ShownRun, TimeSpan
from frontsim.verdicts import Contract
from frontsim.verification.effects.classes import GOOD, MEANING, USUAL_CAUSE, Class, describe_run
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import ContentCheck, EventFact, Expect, FaultFact, History, Run
from frontsim.verification.judge.checks import Finding, Judgement, why_not_exercised
from frontsim.verification.judge.evidence import ABOUT_ANSWERS, NULL, blanks, payload_in
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.played import UNBOOKED, Played, Report, acknowledged, missing_event, named
from frontsim.verification.scenario.scenario import Scenario
from frontsim.wording import counted, is_or_are

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
_MALFORMED = "refuses-malformed"
_PERHAPS_OF_KEYS = (Class.LOST_AFTER_ACK, Class.REJECTED)

_NOT_HANDLED = (
    "The receiver has no code that books these types and answers with a 2xx, or an exception in that code is caught "
    "and answered with a 2xx. Book them, or leave out the types that the receiver is not meant to take (--events)."
)
_NULL_NOT_HANDLED = (
    "The code that books such an event fails at the null, and the exception is caught and answered with a 2xx. The "
    "contract allows the null: book the event without the value."
)
_BLANK_NOT_HANDLED = (
    "The code takes a 0 or an empty text for a value that is missing, as `if not quantity` does, and answers with a "
    "2xx. Ask for null alone, and book the event with the value that it has."
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An event that a right receiver books. `payload` is None where it is not known what arrived."""

    scenario: str
    event: str
    payload: Any
    is_booked: bool


@dataclass(frozen=True, slots=True)
class NeverBooked:
    """A kind of events: of these types and, if there are `paths`, with the same blank (null, 0, empty) at each of them.

    `number` of them were acknowledged, none of which is booked; `others` are, of other types or of these types.
    """

    events: tuple[str, ...]
    paths: tuple[str, ...]
    number: int
    others: int
    blank: str = NULL

    def takes_in(self, event: str, payload: Any) -> bool:
        """An event is of this kind: its type and its blanks fit."""
        return event in self.events and {(path, self.blank) for path in self.paths} <= set(blanks(payload))

    def __str__(self) -> str:
        said = f"none of the {self.number:,} acknowledged {named(self.events)} events"
        if not self.paths:
            others = counted(self.others, "event of other types has", "events of other types have")
            return f"{said} has an effect, {others}"
        verb, others = is_or_are(len(self.paths)), counted(self.others, "other has", "others have")
        fields = named([f"`{path}`" for path in self.paths])
        return f"{said} whose {fields} {verb} {self.blank} has an effect, {others}"


Key = tuple[str, Class] | NeverBooked
"""Identifies a cause: the id of its clause, and the class; or the kind of events that is never booked."""
Found = tuple[str, Finding]
"""A finding with the name of its scenario."""


def causes(report: Report) -> list[tuple[Cause, list[Found]]]:
    """All causes with their findings, the one that most events show first."""
    never = kinds(report.played)
    general = {Class(class_): each.id for each in report.contract if not each.only_in for class_ in each.classes}
    broken = {finding.clause for played in report.played for finding in played.judgement.findings}
    found: dict[Key, list[Found]] = defaultdict(list)
    for played in report.played:
        for finding in played.judgement.findings:
            clause = general[finding.class_] if general[finding.class_] in broken else finding.clause
            key = kind_of(played, finding, never) or (clause, finding.class_)
            found[key].append((played.scenario.name, finding))
    explained = sorted(found.items(), key=lambda each: (-len(each[1]), -len(_names(each[1]))))
    return [(_cause(key, findings, report, general), findings) for key, findings in explained]


def _cause(key: Key, found: Sequence[Found], report: Report, general: Mapping[Class, str]) -> Cause:
    """The cause of these findings; for a kind that is never booked, against the general clause of most of them."""
    if isinstance(key, NeverBooked):
        classes = Counter(finding.class_ for _, finding in found).most_common()
        class_ = classes[0][0]
        clause, odd_key = general[class_], ""
        what = f"{key} ({', '.join(f'{number:,} {each}' for each, number in classes)})"
        explanation = (_NULL_NOT_HANDLED if key.blank == NULL else _BLANK_NOT_HANDLED) if key.paths else _NOT_HANDLED
    else:
        clause, class_ = key
        is_participle = MEANING[class_].startswith(("acknowledged", "booked", "never", "still"))
        events = f"{counted(len(found), 'event')}{'' if is_participle else ':'}"
        what = f"{events} {MEANING[class_]} ({class_})"
        keys = None if clause == _MALFORMED else report.keys  # no key makes a receiver acknowledge what it cannot read
        odd_key, explanation = _odd_key(class_, keys), _explanation(class_, keys)
    names = _names(found)
    number = sum(bool(played.judgement.findings) for played in report.played)
    where = names[0] if len(names) == 1 else of_violated(len(names), number)
    return Cause(
        clause=next(each for each in report.contract if each.id == clause),
        class_=str(class_),
        trials=names,
        events=len(found),
        sentence=f"{what}, in {where}, against {clause}{odd_key}",
        explanation=explanation,
    )


def _names(found: Sequence[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in found))


def _odd_key(class_: Class, keys: Fingerprint | None) -> str:
    """Says what is odd about the receiver's key, if that may explain the findings."""
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
    """The receiver's key may be why events are of that class."""
    return class_ in _ABOUT_KEYS or (class_ in _PERHAPS_OF_KEYS and keys.merges_events)


def _cause_by_key(class_: Class, keys: Fingerprint) -> str:
    """The usual cause, as far as the key leaves it open."""
    if class_ is Class.DUPLICATED:
        return _KNOWS_REPEATS if keys.knows_repeats else _NO_MEMORY
    if class_ not in (Class.LOST_AFTER_ACK, Class.BURNED) or not keys.merges_events:
        return USUAL_CAUSE[class_]
    return f"{_TOO_COARSE if keys.is_too_coarse else _MERGES_SOME}{USUAL_CAUSE[class_]}"


_CHANCE = 1e-4
"""Losses that chance explains with less than this are no chance: there are some 400 types and nullable fields."""
_ENOUGH_BOOKED = 3


def never_booked(acknowledged: Sequence[Acknowledged]) -> tuple[NeverBooked, ...]:
    """The kinds that are never booked, whole types first: one for all types, and one for each field."""
    by_type: dict[str, list[Acknowledged]] = defaultdict(list)
    for each in acknowledged:
        by_type[each.event].append(each)
    mixed = {event: rows for event, rows in by_type.items() if _booked(rows)}
    pool = _Pool([each for rows in mixed.values() for each in rows])
    types = [event for event, rows in by_type.items() if event not in mixed and pool.is_beyond_chance(rows, pool.rows)]
    found = [_of_types(types, by_type, pool)] if types else []
    by_blanks: dict[tuple[tuple[str, ...], str], list[NeverBooked]] = defaultdict(list)
    for event, rows in mixed.items():
        for kind in _by_blanks(event, rows, pool):
            by_blanks[kind.paths, kind.blank].append(kind)
    return (*found, *map(_together, by_blanks.values()))


class _Pool:
    """The events of all types that are booked at all, by which chance is measured."""

    def __init__(self, rows: Sequence[Acknowledged]) -> None:
        self.rows = rows
        self._types = {each.event for each in rows}
        self._sent = Counter(each.scenario for each in rows)
        self._lost = Counter(each.scenario for each in rows if not each.is_booked)

    def is_beyond_chance(
        self, kind: Sequence[Acknowledged], others: Sequence[Acknowledged], explained: Sequence[Acknowledged] = ()
    ) -> bool:
        """So many losses of one kind are no chance, by those most like them; `explained` are lost otherwise."""
        lost = len(others) - _booked(others)
        usual = _share(lost, len(others))
        ours = Counter(each.scenario for each in (*kind, *explained) if each.event in self._types)
        beside = {
            name: _share(self._lost[name] - ours[name], self._sent[name] - ours[name])
            for name in {each.scenario for each in kind}
        }
        chance = math.prod(max(usual, beside[each.scenario]) for each in kind)
        return _booked(others) >= _ENOUGH_BOOKED and chance < _CHANCE


def _by_blanks(event: str, rows: Sequence[Acknowledged], pool: _Pool) -> Iterator[NeverBooked]:
    """The kinds of a type by the fields that are null, 0 or empty, the largest first; no event is of two."""
    known = [each for each in rows if each.payload is not None]
    explained: set[int] = set()
    for places, blank, paths in _always_lost(known):
        kind = [known[place] for place in places]
        others = [each for place, each in enumerate(known) if place not in places | explained]
        if explained.isdisjoint(places) and pool.is_beyond_chance(kind, others, [known[place] for place in explained]):
            explained |= places
            yield NeverBooked((event,), paths, len(kind), _booked(others), blank)


def _always_lost(known: Sequence[Acknowledged]) -> list[tuple[frozenset[int], str, tuple[str, ...]]]:
    """The fields that are blank in lost events only, and in which: fields that are null together are together."""
    found = [(each.is_booked, set(blanks(each.payload))) for each in known]
    harmless = set[tuple[str, str]]().union(*(paths for is_booked, paths in found if is_booked))
    where: dict[tuple[str, str], set[int]] = defaultdict(set)
    for place, (_, paths) in enumerate(found):
        for path in paths - harmless:
            where[path].add(place)
    together: dict[tuple[frozenset[int], str], list[str]] = defaultdict(list)
    for name, blank in sorted(where, key=lambda each: (each[1] != NULL, each[0].count("."), each)):
        together[frozenset(where[name, blank]), blank].append(name)
    kinds = [(places, blank, tuple(paths)) for (places, blank), paths in together.items()]
    return sorted(kinds, key=lambda each: -len(each[0]))


def _of_types(types: Sequence[str], by_type: Mapping[str, Sequence[Acknowledged]], pool: _Pool) -> NeverBooked:
    return NeverBooked(tuple(types), (), sum(len(by_type[each]) for each in types), _booked(pool.rows))


def _together(kinds: Sequence[NeverBooked]) -> NeverBooked:
    """One kind for a field that several types have."""
    events = tuple(event for each in kinds for event in each.events)
    number, others = sum(each.number for each in kinds), sum(each.others for each in kinds)
    return replace(kinds[0], events=events, number=number, others=others)


def _booked(rows: Iterable[Acknowledged]) -> int:
    return sum(each.is_booked for each in rows)


def _share(lost: int, sent: int) -> float:
    """The share that is lost, never quite none: few that are booked prove little."""
    return (lost + 1) / (sent + 1)


def kinds(played: Sequence[Played]) -> tuple[NeverBooked, ...]:
    """The kinds of events that a run acknowledged and never booked; none if no missing effect accuses the receiver."""
    if not any(finding.class_ in UNBOOKED for each in played for finding in each.judgement.findings):
        return ()
    return never_booked(
        [
            Acknowledged(each.scenario.name, event.event, _payload(event, each), is_booked)
            for each in played
            if not each.history.why_not_judged
            for event, is_booked in acknowledged(each)
        ]
    )


def kind_of(played: Played, finding: Finding, found: Sequence[NeverBooked]) -> NeverBooked | None:
    """The kind that explains a finding, None if its own effect is not what is missing or no kind takes it in."""
    if not found:
        return None
    event = missing_event(played, finding)
    if event is None:
        return None
    payload = _payload(event, played)
    return next((kind for kind in found if kind.takes_in(event.event, payload)), None)


def _payload(event: EventFact, played: Played) -> Any:
    """The payload that arrived; None where it was broken, or was changed on the way and the log was not asked how."""
    if event.expect is Expect.REFUSED and any(run.faulted and run.acknowledged for run in event.runs):
        return None
    if not event.altered:
        return event.payload
    exchange = played.exchanges.get(event.webhook_event_id)
    return payload_in(exchange, event) if exchange else None


_LINES = 14
_MARKS = 2
"""Kills and starts that are listed after a run: the kill, and the start that follows it."""


def result_of(report: Report) -> RunResult:
    """The result of a run, for any form of a report."""
    explained = causes(report)
    places = {found: place for place, (_, findings) in enumerate(explained) for found in findings}
    return RunResult(
        subject=RECEIVER,
        name=report.receiver,
        seed=report.seed,
        verdict=report.verdict,
        trials=tuple(
            trial_of(played, report.contract, replay=report.replay(played.scenario.name), places=places)
            for played in report.played
        ),
        causes=tuple(cause for cause, _ in explained),
        interrupted=report.interrupted,
        version=report.version,
        started_at=report.started_at,
        duration_s=report.duration_s,
        keys=str(report.keys) if report.keys else "",
        left_out=report.left_out,
        booked=tuple(report.types.booked),
        acknowledged_only=tuple(report.types.acknowledged_only),
        about_types=report.types.sentence,
        found_key=report.key,
        reading=report.reading,
        observe_key=report.observe_key,
        shape=report.shape,
        command=report.replay("").without("--scenario") if report.played else NO_COMMAND,
        columns=report.columns,
        is_content_compared=not any(each.history.check_content is ContentCheck.OFF for each in report.played),
        unaccounted=report.unaccounted,
        state=_derived_state(report),
    )


def trial_of(
    played: Played,
    contract: Contract,
    *,
    replay: CommandLine = NO_COMMAND,
    places: Mapping[tuple[str, Finding], int] = MappingProxyType({}),
) -> Trial:
    """One scenario; `places` has the place of the cause of each finding, without which each has the first."""
    scenario, history, judgement = played.scenario, played.history, played.judgement
    judged = tuple(contract.judged_in(scenario.name))
    accused = {finding.webhook_event_id for finding in judgement.findings}
    right = [each for each in history.events if each.webhook_event_id not in accused]
    right.sort(key=lambda each: judgement.classes.get(each.webhook_event_id, Class.OK) in GOOD)
    reasons = {clause.id: why_not_exercised(clause, history) for clause in judged}
    return Trial(
        name=scenario.name,
        breaks=scenario.breaks,
        holds=scenario.holds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        duration_s=history.duration_s,
        replay=replay,
        counts=judgement.counts,
        findings=tuple(_findings(played, contract, places)),
        clauses=judged,
        not_exercised={clause: reason for clause, reason in reasons.items() if reason},
        not_played=played.not_played.reason if played.not_played else "",
        budget_s=played.not_played.budget_s if played.not_played else 0.0,
        notes=judgement.notes,
        span=_span(history),
        right=tuple(
            _shown(each, played, str(judgement.classes.get(each.webhook_event_id, ""))) for each in right[:MOST_RIGHT]
        ),
        right_left_out=max(0, len(right) - MOST_RIGHT),
    )


def without_secrets(judgement: Judgement) -> Judgement:
    """The judgement with its reason and notes masked; its findings stay as they are."""
    return replace(judgement, reason=masked(judgement.reason), notes=tuple(map(masked, judgement.notes)))


def scenarios_as_json(scenarios: Iterable[Scenario]) -> bytes:
    """The purpose and the needs of each scenario, as JSON (`--list --json`)."""
    listed = [
        {
            "name": each.name,
            "breaks": each.breaks,
            "holds": each.holds,
            "needsReceiverCmd": each.needs_process_control,
            "needsDependency": each.needs_dependency,
            "needsSink": each.needs_sink,
            "needsState": each.needs_state,
        }
        for each in scenarios
    ]
    return document({"scenarios": listed})


def story(event: EventFact, history: History, effects: int | None) -> list[str]:
    """When it was sent, what came back, which fault was on, what was booked: oldest first.

    `effects` None: they could not be seen.
    """
    lines = list(_happened(event, history))
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], f"... {len(lines) - _LINES} more ...", *lines[-_LINES // 2 :]]
    return [*lines, f"effects: {'could not be seen' if effects is None else effects}"]


def fault_of(run: Run, faults: tuple[FaultFact, ...]) -> str:
    """The fault on deliveries that was on when a run was made, "" when none was."""
    names = (each.fault for each in faults if not each.on_api and each.from_ms <= run.at_ms <= each.to_ms)
    return ", ".join(dict.fromkeys(names))


def _findings(played: Played, contract: Contract, places: Mapping[tuple[str, Finding], int]) -> Iterator[ShownFinding]:
    """All findings; with their events those that a form may show, which are the first ones, and each cause's first."""
    clauses = {clause.id: clause for clause in contract}
    numbers: Counter[tuple[str, Class]] = Counter()
    caused: set[int] = set()
    for finding in played.judgement.findings:
        cause, group = places.get((played.scenario.name, finding), 0), (finding.clause, finding.class_)
        is_shown = numbers[group] < MOST_WRONG or cause not in caused
        numbers[group] += 1
        caused.add(cause)
        yield ShownFinding(
            class_=str(finding.class_),
            clause=clauses[finding.clause],
            event=finding.event,
            webhook_event_id=finding.webhook_event_id,
            detail=finding.detail,
            cause=cause,
            meaning=MEANING[finding.class_],
            shown=_accused(finding, played) if is_shown else None,
            exchange=played.exchanges.get(finding.webhook_event_id),
            is_about_answer=finding.class_ in ABOUT_ANSWERS,
        )


def _accused(finding: Finding, played: Played) -> ShownEvent:
    """The event of a finding, without story and runs where the finding is about no single event."""
    id_ = finding.webhook_event_id
    event = next((each for each in played.history.events if each.webhook_event_id == id_), None)
    fact = event or EventFact("", id_, finding.event, ())
    return _shown(fact, played, str(finding.class_), with_story=event is not None)


def _shown(event: EventFact, played: Played, class_: str, *, with_story: bool = False) -> ShownEvent:
    history, effects = played.history, played.judgement.effects.get(event.webhook_event_id)
    early = history.checkpoint.effects if history.checkpoint and history.observer_key != BUSINESS else ()
    return ShownEvent(
        event=event.event,
        webhook_event_id=event.webhook_event_id,
        class_=class_,
        story=tuple(story(event, history, effects)) if with_story else (),
        runs=tuple(
            ShownRun(
                number=run.number,
                is_resend=run.trigger is Trigger.RESEND,
                at=run.at,
                at_ms=run.at_ms,
                duration_ms=run.duration_ms,
                answer=describe_run(run),
                ending="good" if run.acknowledged else "open" if run.status_code is None else "bad",
                fault=fault_of(run, history.faults),
            )
            for run in event.runs
        ),
        effects=effects,
        early_effects=sum(effect.key == event.webhook_event_id for effect in early),
        payload=event.payload,
    )


def _span(history: History) -> TimeSpan:
    moments = [run.at_ms for event in history.events for run in event.runs]
    moments += [fault.from_ms for fault in history.faults] + [at_ms for at_ms, _ in history.marks]
    first_ms = min(moments, default=0)
    return TimeSpan(
        first_ms=first_ms,
        last_ms=max([*moments, first_ms + 1]),
        faults=tuple(
            FaultSpan(each.fault, f"{each.fault} {each.detail}".strip(), each.from_ms, each.to_ms)
            for each in history.faults
        ),
        marks=history.marks,
        checkpoint_ms=history.checkpoint.at_ms if history.checkpoint else 0,
    )


def _happened(event: EventFact, history: History) -> Iterator[str]:
    """Each run, and what was done to the receiver between it and the next one of this event."""
    runs = sorted(event.runs, key=lambda run: run.at_ms)
    ends = [run.at_ms for run in runs[1:]] + [None]
    for run, end in zip(runs, ends, strict=True):
        yield _run_line(run, history)
        marks = [mark for mark in history.marks if run.at_ms <= mark[0] and (end is None or mark[0] < end)]
        for at_ms, text in marks[:_MARKS]:
            yield f"{_time_of(at_ms, run)} {text}"
        if len(marks) > _MARKS and end is not None:
            yield f"... {len(marks) - _MARKS} more kills and starts ..."


def _time_of(at_ms: int, run: Run) -> str:
    """A moment of the scenario as a run of it is told; without one to go by, ms from the start."""
    try:
        moment = datetime.fromisoformat(f"2000-01-01T{run.at}") + timedelta(milliseconds=at_ms - run.at_ms)
    except ValueError:
        return f"+{at_ms} ms"
    return moment.isoformat(timespec="milliseconds").partition("T")[2]


def _run_line(run: Run, history: History) -> str:
    verb = "resent" if run.trigger is Trigger.RESEND else "sent"
    broken = fault_of(run, history.faults)
    fault = f" [fault on: {broken}]" if broken else ""
    sure = " (it may have arrived)" if run.outcome is Outcome.UNKNOWN else ""
    return f"{verb} {run.at or f'+{run.at_ms} ms'} run {run.number} -> {describe_run(run)}{sure}{fault}"


def _derived_state(report: Report) -> DerivedState | None:
    """The state as all scenarios have shown it; None without a way to read it."""
    states = [played.history.state for played in report.played if played.history.state]
    if not states:
        return None
    shape = next((state.shape for state in states if state.shape), None)
    people = next((state.customers for state in states if state.customers), None)
    items = sum(played.judgement.items for played in report.played)
    customers = sum(played.judgement.customers for played in report.played)
    failure = next((state.failure for state in states if state.failure), "")
    lines = [
        *([f"{shape}: {items} stock items"] if shape else []),
        *([f"{people}: {customers} customers"] if people else []),
    ]
    columns = {
        **(shape.columns if shape else {}),
        **({column: " and ".join(paths) for column, paths in people.columns.items()} if people else {}),
    }
    return DerivedState(states[0].observer, columns, lines or [failure], items, customers, failure)
