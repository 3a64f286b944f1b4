"""The one model of a result, whether of a receiver's run or a job's. The forms of a report read it and nothing else.

    verification.played.Report   -> verification/result.py -+
                                                            +-> RunResult -> terminal, JSON, JUnit XML, HTML, Markdown
    recovery.run.JobReport   -> recovery/run.py     -+

Exchanges stand in it as they were; `report/exchange.py` masks them where a form shows them.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import NamedTuple

from frontsim.clock import local_text
from frontsim.masking import NO_COMMAND, CommandLine, masked, printable
from frontsim.report.exchange import Exchange, answer_lines, request_lines
from frontsim.report.timeline import ShownEvent, TimeSpan
from frontsim.verdicts import LEFT_OUT, Clause, Verdict
from frontsim.wording import counted

_SHAPE = re.compile(r"with (--delivery-shape \S+) your receiver")
MOST_WRONG = 30
"""Findings of one trial, clause and class of which a report shows the event."""
MOST_RIGHT = 12
"""Events of a trial with nothing wrong that a report shows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a verification, in the words of its reports: the command, the noun, and the name of a trial."""

    command: str
    noun: str
    trial: str


RECEIVER = Subject("frontsim verify", "receiver", "scenario")
JOB = Subject("frontsim verify-recovery", "job", "case")
EXPLORATION = Subject("frontsim explore", "receiver", "schedule")


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One way in which the contract was broken. `event` and its id are "" where it is about no single event.

    Attributes:
        meaning: of the class, in a few words.
        cause: the place of its cause in `RunResult.causes`.
        shown: the event; None where it is one of too many.
        exchange: what was sent and answered, where it is known.
        is_about_answer: the answer is what the receiver is accused of.
    """

    class_: str
    clause: Clause
    event: str
    webhook_event_id: str
    detail: str
    cause: int
    meaning: str = ""
    shown: ShownEvent | None = None
    exchange: Exchange | None = None
    is_about_answer: bool = False

    def evidence(self) -> list[str]:
        """The event's story, the field on which the finding depends, and the exchange where it is about the answer."""
        lines = [*self.shown.story] if self.shown else []
        if self.exchange is None:
            return lines
        if self.exchange.provenance:
            lines.append(f"depends on: {printable(masked(self.exchange.provenance))}")
        if self.is_about_answer:
            lines += [*request_lines(self.exchange.request), *answer_lines(self.exchange.answer)]
        return lines


@dataclass(frozen=True, slots=True)
class Trial:
    """One scenario or case, as it was played and judged.

    Attributes:
        reason: why the verdict is unknown or skipped, or what could not be judged beside a violation.
        replay: the command that plays it again.
        clauses: those that it can break.
        not_exercised: why a clause was not put to the test, by its id.
        not_played: why it was not played that could have been, "" where it was or could not be.
        budget_s: the budget that was used up before it could be played, 0 if none was.
        exit_codes: of each start of a job.
        right: the first events with nothing wrong; `right_left_out` counts the others.
    """

    name: str
    breaks: str
    holds: str
    verdict: Verdict
    reason: str
    duration_s: float
    replay: CommandLine
    counts: Mapping[str, float]
    findings: tuple[ShownFinding, ...]
    clauses: tuple[Clause, ...]
    not_exercised: Mapping[str, str] = field(default_factory=dict)
    not_played: str = ""
    budget_s: float = 0.0
    notes: tuple[str, ...] = ()
    exit_codes: tuple[int | None, ...] = ()
    span: TimeSpan = field(default=TimeSpan())
    right: tuple[ShownEvent, ...] = ()
    right_left_out: int = 0

    @property
    def found(self) -> str:
        """How many events of each class were found wrong: `3 duplicated, 1 lost`."""
        return tally(finding.class_ for finding in self.findings)

    def by_clause(self) -> dict[str, list[ShownFinding]]:
        """The findings by the id of the clause that they break."""
        found: dict[str, list[ShownFinding]] = {}
        for finding in self.findings:
            found.setdefault(finding.clause.id, []).append(finding)
        return found


@dataclass(frozen=True, slots=True)
class Cause:
    """One mistake, where it shows, and in how many events.

    `sentence` needs no other to be understood. `explanation` says what usually is the cause, or what to change.
    """

    clause: Clause
    class_: str
    trials: tuple[str, ...]
    events: int
    sentence: str
    explanation: str


COMPARED, GUESSED, EMPTY = "compared", "guessed", "empty"
"""A column's status: the user names it, it looks like a field, or it is always the same where its field varies."""


@dataclass(frozen=True, slots=True)
class ComparedColumn:
    """A column of effects that holds a field of the payload, or looks like one.

    Attributes:
        event: the type, "" for one that the user names and no effect has.
        path: of the field; "" for data of the receiver's own in a column with the name of a copy.
        agreeing: in how many events it showed what was sent, or a rewriting that explains all values; of `compared`.
        rewriting: that rewriting, "" without one.
        example: the first difference, "" without any.
    """

    event: str
    name: str
    path: str
    agreeing: int
    compared: int
    rewriting: str
    example: str
    status: str

    @property
    def is_open(self) -> bool:
        """It is to be looked at: no verdict is on what it lost."""
        return self.status == EMPTY or (self.status == GUESSED and self.agreeing < self.compared)

    def __str__(self) -> str:
        how = f"{self.rewriting or 'equal'} in {self.agreeing} of {self.compared}" if self.path else "not compared"
        example = f": {self.example}" if self.example else ""
        return f"{self.name} -> {self.path or 'the payload'}: {how}{example}"

    @property
    def lines(self) -> str:
        """The lines for --observe-map by which it is compared or left out."""
        name = self.name if re.fullmatch(r"[\w-]+", self.name, re.ASCII) else json.dumps(self.name)
        key = f"{self.event}.{name}" if self.event else name
        named = f'{key} = "{self.path}" compares it' if self.path else ""
        return ", ".join(filter(None, (named, f'{key} = "" leaves it out')))


@dataclass(frozen=True, slots=True)
class DerivedState:
    """A run's view of the levels and customers that the receiver keeps; `failure` says why they stay unknown."""

    observer: str
    columns: Mapping[str, str]
    lines: Sequence[str]
    items: int
    customers: int
    failure: str


@dataclass(frozen=True, slots=True)
class FoundSchedule:
    """A schedule that the receiver does not survive.

    Attributes:
        name: of its trial in the report.
        file: its scenario; "" where it could not be written, and `failure` says why.
        recurrence: how surely it shows the finding: `10 of 10 tries`; "" where it was not tried again.
        story: what happens in it, a sentence each.
        is_known: it comes from the corpus.
    """

    name: str
    file: str
    class_: str
    clause: str
    event: str
    detail: str
    recurrence: str
    story: tuple[str, ...]
    replay: CommandLine
    failure: str = ""
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Explored:
    """The number of schedules that an exploration has judged, and of those that prove nothing.

    Attributes:
        schedules: that were judged.
        untried: why others prove nothing, and how many.
        pairs: of things that schedules have tried, in their order.
        left_out: types that were acknowledged and not booked, so that no schedule has them.
        refused: entries of the corpus that cannot be read, with the reason.
    """

    schedules: int
    untried: Mapping[str, int]
    pairs: int
    events: int
    types: tuple[str, ...]
    left_out: tuple[str, ...]
    refused: tuple[str, ...]
    found: tuple[FoundSchedule, ...]

    def __str__(self) -> str:
        untried = sum(self.untried.values())
        words = [
            counted(self.schedules, "schedule"),
            *([f"{counted(untried, 'more proves', 'more prove')} nothing"] if untried else []),
            f"{counted(self.pairs, 'pair')} covered",
            f"{len(self.found)} found",
        ]
        return ", ".join(words)


class FindingKey(NamedTuple):
    """Two runs have the same finding if all of these are equal."""

    scenario: str
    class_: str
    clause: str
    event: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The differences to the run of which `file` is the report.

    Attributes:
        unbooked: types that were booked then, and are acknowledged only now.
        left_out: what was not compared, with the reason.
    """

    file: str
    new: tuple[FindingKey, ...]
    fixed: tuple[FindingKey, ...]
    same: tuple[FindingKey, ...]
    unbooked: tuple[str, ...]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        numbers = f"{len(self.new) + len(self.unbooked)} new, {len(self.fixed)} fixed, {len(self.same)} the same"
        left_out = f", {len(self.left_out)} not compared" if self.left_out else ""
        return f"Against {self.file}: {numbers}{left_out}"

    @property
    def lines(self) -> Iterator[str]:
        """What is new, fixed and the same, and what was not compared."""
        yield from (f"new: {event} was booked then, and is acknowledged only now" for event in self.unbooked)
        yield from self.about()
        yield from (f"not compared: {each}" for each in self.left_out)

    def about(self, scenario: str = "", clause: str = "") -> Iterator[str]:
        """The findings, all or those of one scenario and clause: a line for each class, with its event types."""
        for word, found in (("new", self.new), ("fixed", self.fixed), ("same", self.same)):
            events: dict[str, list[str]] = {}
            for each in found:
                if not scenario or (each.scenario, each.clause) == (scenario, clause):
                    events.setdefault(f"{each.scenario}: {each.class_} ({each.clause})", []).append(each.event)
            yield from (f"{word}: {what}: {', '.join(names)}".rstrip(": ") for what, names in events.items())


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run as far as it got.

    Attributes:
        name: the receiver's URL, or the job's command.
        version: of frontsim; it and `started_at`, an ISO moment with its zone, are "" where they are not known.
        causes: the one that explains most first.
        keys: how the receiver recognises a repeat, "" where that was not probed.
        left_out: the event types that `--events auto` left out, each with the receiver's answer.
        booked: the event types of which an event had an effect.
        acknowledged_only: those of which every event was acknowledged and none had an effect; `about_types` says so.
        found_key: by which key effects were found to be tied to events, "" where the user's was used: `observe_key`.
        reading: what looks at many effects have cost, "" where they cost little.
        shape: of deliveries.
        command: plays all of it again; empty where that is not known.
        explored: what an exploration has tried; None for other runs.
        against: what changed since an earlier run; None where there is none to compare with.
        unaccounted: how many effects are of no event; None where effects were not read.
    """

    subject: Subject
    name: str
    seed: int
    verdict: Verdict
    trials: tuple[Trial, ...]
    causes: tuple[Cause, ...]
    interrupted: bool
    version: str
    started_at: str
    duration_s: float
    keys: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    booked: tuple[str, ...] = ()
    acknowledged_only: tuple[str, ...] = ()
    about_types: str = ""
    unaccounted: int | None = None
    found_key: str = ""
    reading: str = ""
    observe_key: str = ""
    shape: str = ""
    command: CommandLine = NO_COMMAND
    columns: tuple[ComparedColumn, ...] = ()
    is_content_compared: bool = True
    state: DerivedState | None = None
    explored: Explored | None = None
    against: Compared | None = None

    @property
    def played_at(self) -> str:
        """When it began, in the user's zone with its offset: `2026-01-31 15:06:10+01:00`."""
        return (
            local_text(datetime.fromisoformat(self.started_at), "seconds").replace("T", " ") if self.started_at else ""
        )

    @property
    def open_columns(self) -> list[ComparedColumn]:
        """The columns to look at."""
        return [each for each in self.columns if each.is_open]

    @property
    def headline(self) -> str:
        """The causes in one line, "" without any."""
        if len(self.causes) < 2:
            return self.causes[0].sentence if self.causes else ""
        return f"{len(self.causes)} causes, the one that most events show first: {self.causes[0].sentence}"

    @property
    def counted(self) -> str:
        """How many trials ended how: `23 scenarios: 16 verified, 3 skipped, 4 not played (why)`."""
        if self.explored and self.subject is EXPLORATION:
            return str(self.explored)
        number = len(self.trials)
        tried = [each.verdict for each in self.trials if not each.not_played]
        ends = [f"{tried.count(verdict)} {verdict.words}" for verdict in Verdict if verdict in tried]
        trials = counted(number, self.subject.trial)
        if self.subject is JOB:
            return f"{trials}, {', '.join(ends) or 'none played'}"
        explored = f"; explored {self.explored}" if self.explored else ""
        return f"{trials}: {', '.join([*ends, *self.not_played()]) or 'none'}{explored}"

    @property
    def next(self) -> str | None:
        """The command to run now: the first finding again, or the run with what its verdict asks for; or None."""
        found = next((str(each.replay) for each in self.trials if each.findings), "")
        if found or not self.command.words:
            return found or None
        if shape := _SHAPE.match(self.why_none_played):
            return f"{self.command} {shape[1]}"
        if self.acknowledged_only and self.booked:
            return f"{self.command} --events {','.join(self.booked)}"
        unknown = next((str(each.replay) for each in self.trials if each.verdict is Verdict.UNKNOWN), "")
        return str(self.command) if self.why_none_played else unknown or None

    @property
    def why_none_played(self) -> str:
        """Why no trial was played although some could have been, "" where any was or the budget is the reason."""
        left = [each for each in self.trials if each.not_played and not each.budget_s]
        others = [each for each in self.trials if each not in left and each.verdict not in LEFT_OUT]
        return left[0].not_played if left and not others else ""

    @property
    def conclusion(self) -> str:
        """The verdict in a sentence."""
        name = f"{self.name}: " if self.subject is not JOB else ""
        types = f" for {', '.join(self.booked)}" if self.acknowledged_only and self.verdict is Verdict.VERIFIED else ""
        about = f"{'; ' if types else ': '}{self.about_types}" if self.about_types else ""
        number = len(self.left_out)
        left_out = f"; {counted(number, 'type')} left out" if number else ""
        cut = " (interrupted: the others were not played)" if self.interrupted and self.subject is RECEIVER else ""
        if self.why_none_played:
            none = f"{name}none of {counted(len(self.trials), self.subject.trial)} played"
            return f"{self.verdict.upper()}: {self.why_none_played}; {none}"
        columns = len(self.open_columns)
        look = f", {counted(columns, 'column')} to look at" if columns else ""
        off = "" if self.is_content_compared else "; contents not compared (--check-content off)"
        verdict = f"{self.verdict.upper()}{types}{look}{about}{'; ' if about else ': '}"
        return f"{verdict}{name}{self.counted}{left_out}{off}; seed {self.seed}{cut}"

    def not_played(self) -> Iterator[str]:
        """How many trials were not played that could have been, for each reason, and what to do about it."""
        found = Counter((each.not_played, each.budget_s) for each in self.trials if each.not_played)
        for (reason, budget_s), number in found.items():
            hint = f"; --budget {self._ample_s(budget_s)} should play them" if budget_s else ""
            yield f"{number} not played ({reason}{hint})"

    def _ample_s(self, budget_s: float) -> int:
        """A budget for all trials if the others take as long as those that were played, and at least twice as long."""
        left = sum(each.not_played != "" for each in self.trials)
        played = sum(not each.not_played and each.verdict not in LEFT_OUT for each in self.trials)
        return 10 * ceil(budget_s / 10 * max(2, 1 + left / max(1, played)))

    def examples(self) -> list[tuple[Cause, Trial, ShownFinding]]:
        """Each cause with the first finding that shows it."""
        first: dict[int, tuple[Trial, ShownFinding]] = {}
        for trial in self.trials:
            for finding in trial.findings:
                first.setdefault(finding.cause, (trial, finding))
        return [(cause, *first[place]) for place, cause in enumerate(self.causes)]

    def listings(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Lines under a title say what was compared and what was left out."""
        if self.explored and self.explored.untried:
            yield "Schedules that prove nothing", [f"{n}: {why}" for why, n in self.explored.untried.items()]
        if self.explored and self.explored.left_out:
            yield "Not explored, because clean events were not booked (--events)", [", ".join(self.explored.left_out)]
        if self.explored and self.explored.refused:
            yield "Refused in the corpus", self.explored.refused
        if self.left_out:
            answers = ", ".join(dict.fromkeys(self.left_out.values()))
            yield f"Left out by --events auto (answered {answers})", [", ".join(self.left_out)]
        if self.found_key or self.reading:
            yield "Effects and events", [*filter(None, (self.found_key, self.reading))]
        if self.acknowledged_only:
            yield "Acknowledged and never booked", [", ".join(self.acknowledged_only)]
        if self.open_columns:
            title = "Columns to look at: they look like fields of the payload, and differ (--observe-map)"
            told = ((f"{each.event or 'no type'}: {each}", f"  {each.lines}") for each in self.open_columns)
            yield title, [line for lines in told for line in lines]
        by_event: dict[str, list[str]] = {}
        for each in self.columns:
            if not each.is_open:
                by_event.setdefault(each.event, []).append(str(each))
        if by_event:
            lines = [f"{event}: {', '.join(texts)}" for event, texts in by_event.items()]
            yield "Columns compared with the payload", lines
        if self.state:
            yield "Derived state compared with the events", self.state.lines
        if self.against:
            yield str(self.against), list(self.against.lines)


def tally(classes: Iterable[str]) -> str:
    """How many there are of each, in the order in which they come: `3 duplicated, 1 lost`."""
    return ", ".join(f"{number} {class_}" for class_, number in Counter(map(str, classes)).items())


def of_violated(number: int, total: int) -> str:
    """`3 of 5 violated scenarios`."""
    return f"{number} of {counted(total, 'violated scenario')}"
