"""One exploration, from the request to what was found: the command, `verify --explore`, pytest and `front` come here.

    corpus ──▶ schedules, drawn until the time is over ──▶ a finding: written and told at once ──▶ shrunk ──▶ report

A finding stands once it is judged. It is played again only to make it smaller, so Ctrl-C, a full disk or our own crash
keep it. After the first one the search goes on for as long again as it took, because a second bug may be near.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from frontsim.clock import RunTime, stopwatch
from frontsim.errors import Unusable
from frontsim.explore.drawing import HOLDS, Drawing
from frontsim.explore.found_files import keep, read_corpus, rewrite, story
from frontsim.explore.grammar import Vocabulary
from frontsim.explore.search import Tries, first_schedule, is_near_miss, vocabulary_of, why_not_tried
from frontsim.explore.shrinking import Key, Shrunk, shrink_all
from frontsim.hosting.simulator_process import SimulatorProcess
from frontsim.masking import NO_COMMAND, CommandLine, masked, masked_errors
from frontsim.report.model import EXPLORATION, Explored, FoundSchedule, RunResult, Trial
from frontsim.verdicts import Contract, Verdict, overall
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.effects.history import History
from frontsim.verification.judge.checks import receiver_contract, why_not_exercised
from frontsim.verification.played import Played, Report
from frontsim.verification.request import Address, Request
from frontsim.verification.result import result_of as result_of_run
from frontsim.verification.result import without_secrets
from frontsim.verification.run import OpenRun, open_run, starting
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.schedule import Pace

BUDGET_S = 60.0
JOBS = 8
"""Schedules that are played side by side, unless the user says otherwise: they mostly wait."""
_SEARCH = "exploration"
_NOT_EXERCISED = "not exercised by any schedule"
_BATCH_ALONE, _BATCH = 4, 16
_LEAST_AFTER_S = 3.0
"""The search goes on for so many seconds at least after a finding."""
_LEAST_SHRINKING_S = 30.0
_MOST_UNTRIED = 0.05
"""The part of schedules that may prove nothing; with more of them, nothing was verified."""


@dataclass(slots=True)
class Found:
    """A finding: its schedule as it was drawn or shrunk, and the file that has it.

    Attributes:
        played: the schedule as it was first found.
        key: its class and its clause.
        file: None where it could not be written; `failure` says why.
        shrunk: None before it was shrunk.
        is_known: it comes from the corpus.
        steps: of the smallest schedule so far that has shown it.
    """

    played: Played
    key: Key
    file: Path | None = None
    failure: str = ""
    shrunk: Shrunk | None = None
    is_known: bool = False
    steps: int = 0

    def __post_init__(self) -> None:
        self.steps = len(self.schedule.steps)

    @property
    def schedule(self) -> Scenario:
        return self.shrunk.schedule if self.shrunk else self.played.scenario

    @property
    def recurrence(self) -> str:
        """How surely it recurs: `10 of 10 tries`, "" before it was tried again."""
        if self.shrunk is None or not self.shrunk.tries:
            return ""
        if self.shrunk.seen == 1 and self.shrunk.tries != 1:
            return f"seen once in {self.shrunk.tries} tries"
        return f"{self.shrunk.seen} of {self.shrunk.tries} tries"


@dataclass(slots=True)
class Exploration:
    """An exploration as far as it got.

    Attributes:
        tried: schedules that were judged.
        untried: why others prove nothing, and how many.
        exercised: the clauses that some schedule has put to the test.
        pairs: pairs of things that schedules have tried, in their order.
        left_out: the types that the receiver acknowledged and did not book, which no schedule has.
        refused: entries of the corpus that cannot be read, with the reason.
        trouble: why the search ended early or proves nothing, "" where it does.
    """

    receiver: str
    seed: int
    contract: Contract
    found: list[Found] = field(default_factory=list)
    tried: int = 0
    exercised: set[str] = field(default_factory=set)
    untried: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    events: int = 0
    types: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    refused: list[str] = field(default_factory=list)
    trouble: str = ""
    interrupted: bool = False
    started_at: str = ""
    duration_s: float = 0.0

    @property
    def reason(self) -> str:
        """Why nothing was verified, "" when all was."""
        untried = self.untried.total()
        if self.trouble:
            return self.trouble
        if self.interrupted:
            return "interrupted"
        if not self.tried:
            return "no schedule could be judged" + (f": {next(iter(self.untried))}" if untried else "")
        if untried > _MOST_UNTRIED * (self.tried + untried):
            reason, number = self.untried.most_common(1)[0]
            return f"{untried} of {self.tried + untried} schedules prove nothing, {number} because: {reason}"
        return ""

    @property
    def verdict(self) -> Verdict:
        if self.found:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.reason else Verdict.VERIFIED


def result_of(exploration: Exploration, replay: Callable[[str], CommandLine]) -> RunResult:
    """The result for any form of a report: one trial for the whole search, and one for each finding.

    `replay` makes the command that plays the scenario of a file.
    """
    shown = [_shown(each) for each in exploration.found]
    files = {each.scenario.name: str(found.file or "") for each, found in zip(shown, exploration.found, strict=True)}
    report = Report(
        receiver=exploration.receiver,
        seed=exploration.seed,
        played=shown,
        contract=exploration.contract,
        interrupted=exploration.interrupted,
        version=version("frontsim"),
        started_at=exploration.started_at,
        duration_s=exploration.duration_s,
        replay=lambda name: replay(files.get(name, name)),
    )
    result = result_of_run(report)
    return replace(
        result,
        subject=EXPLORATION,
        verdict=exploration.verdict,
        trials=(_whole_search(exploration), *result.trials),
        explored=Explored(
            schedules=exploration.tried,
            untried=dict(exploration.untried),
            pairs=exploration.pairs,
            events=exploration.events,
            types=exploration.types,
            left_out=exploration.left_out,
            refused=tuple(exploration.refused),
            found=tuple(_found_schedule(each, replay) for each in exploration.found),
        ),
    )


def added_to(result: RunResult, exploration: Exploration, replay: Callable[[str], CommandLine]) -> RunResult:
    """The result of a run with that of the exploration after it."""
    explored = result_of(exploration, replay)
    number = len(result.causes)
    trials = [
        replace(each, findings=tuple(replace(one, cause=one.cause + number) for one in each.findings))
        for each in explored.trials
    ]
    return replace(
        result,
        verdict=overall([result.verdict, explored.verdict]),
        trials=(*result.trials, *trials),
        causes=(*result.causes, *explored.causes),
        interrupted=result.interrupted or explored.interrupted,
        explored=explored.explored,
    )


def _shown(found: Found) -> Played:
    """The finding as the report shows it: of the shrunk schedule, under its file's name."""
    played = (found.shrunk and found.shrunk.played) or found.played
    name = found.file.stem if found.file else found.schedule.name
    return replace(played, scenario=replace(found.schedule, name=name))


def _found_schedule(found: Found, replay: Callable[[str], CommandLine]) -> FoundSchedule:
    played = _shown(found)
    first = next(each for each in played.judgement.findings if (each.class_, each.clause) == found.key)
    return FoundSchedule(
        name=played.scenario.name,
        file=str(found.file or ""),
        class_=str(found.key[0]),
        clause=found.key[1],
        event=first.event,
        detail=first.detail,
        recurrence=found.recurrence,
        story=tuple(story(found.schedule)),
        replay=replay(str(found.file or "")),
        failure=found.failure,
        is_known=found.is_known,
    )


def _whole_search(exploration: Exploration) -> Trial:
    """The search as one trial, which passes each clause that some schedule has put to the test."""
    clauses = tuple(exploration.contract.judged_in(_SEARCH))
    verdict = Verdict.UNKNOWN if exploration.reason else Verdict.VERIFIED
    return Trial(
        name=_SEARCH,
        breaks="Outages are drawn, and played against the receiver.",
        holds=HOLDS,
        verdict=verdict,
        reason=exploration.reason,
        duration_s=exploration.duration_s,
        replay=NO_COMMAND,
        counts={"schedules": exploration.tried, "notTried": exploration.untried.total(), "events": exploration.events},
        findings=(),
        clauses=clauses,
        not_exercised={each.id: _NOT_EXERCISED for each in clauses if each.id not in exploration.exercised},
    )


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an exploration.

    Attributes:
        seed: repeats its schedules.
        budget_s: how long it searches, in seconds; shrinking may take as long again, or 30 s.
        corpus: a folder of schedules to try first, and to keep what is found.
        shrinks: findings are made smaller.
        save: the folder of the files.
    """

    seed: int
    budget_s: float = BUDGET_S
    corpus: Path | None = None
    shrinks: bool = True
    save: Path = Path()


def explore(
    request: Request,
    options: Options,
    *,
    pause: Callable[[float], None],
    pace: Pace | None = None,
    simulators: SimulatorProcess | Address | None = None,
    interruption: AbstractContextManager[object] | None = None,
    on_dependencies: Callable[[Dependencies], None] = lambda _: None,
    on_found: Callable[[Found], None] = lambda _: None,
    on_tried: Callable[[Exploration], None] = lambda _: None,
) -> Exploration:
    """Search for a schedule that the receiver does not survive.

    Args:
        request: the receiver and how its effects are read.
        options: what the user asks.
        pause: waits so many seconds.
        pace: how many schedules are played side by side.
        simulators: as `run` takes them.
        interruption: a block in which Ctrl-C ends the search with what is known.
        on_dependencies: called with the addresses that the receiver must connect to.
        on_found: called with each finding as it is written, and again once it was shrunk.
        on_tried: called as the search goes on.

    Raises:
        BadInput: something in the request cannot be used.
        Unusable: nothing listens at the receiver's URL, the corpus is no folder, or something else as with `run`.
    """
    run_time, contract = RunTime(), receiver_contract()
    corpus, refused = read_corpus(options.corpus)
    exploration = Exploration(
        masked(request.receiver), options.seed, contract, refused=refused, started_at=run_time.started_at
    )
    try:
        with ExitStack() as stack:
            stack.enter_context(interruption or nullcontext())
            stack.enter_context(masked_errors())
            opened = stack.enter_context(
                open_run(
                    request,
                    options.seed,
                    simulators=stack.enter_context(starting(simulators)),
                    pause=pause,
                    tries_types=True,
                    on_dependencies=on_dependencies,
                )
            )
            search = _Exploring(exploration, options, Tries(opened, contract, pace or Pace()), on_found, on_tried)
            search.run(opened, corpus, is_alone=(pace or Pace()).jobs == 1)
    except KeyboardInterrupt:
        if interruption is None:
            raise
        exploration.interrupted = True
    exploration.duration_s = run_time.duration_s()
    return exploration


@dataclass
class _Exploring:
    """Plays the corpus, then what is drawn, and shrinks what was found."""

    _exploration: Exploration
    _options: Options
    _tries: Tries
    _on_found: Callable[[Found], None]
    _on_tried: Callable[[Exploration], None]
    _near: list[Scenario] = field(default_factory=list)
    _is_ending: bool = False

    def __post_init__(self) -> None:
        self._began_s = stopwatch()
        self._ends_s = self._began_s + self._options.budget_s

    def run(self, opened: OpenRun, corpus: list[Scenario], *, is_alone: bool) -> None:
        vocabulary = self._vocabulary(opened)
        if corpus:
            self._note(self._tries.together(corpus, in_a_hurry=False), is_known=True)
        if vocabulary.types and not self._exploration.trouble:
            self._draw(vocabulary, _BATCH_ALONE if is_alone else _BATCH)
        self._note(self._tries.rest())
        new = [each for each in self._exploration.found if not each.is_known]
        if new and self._options.shrinks:  # also where a bug has blinded the observer for the rest of the search
            self._shrink(new, vocabulary)
        if self._exploration.trouble:
            return  # the receiver is gone, or shows nothing
        strangers = self._tries.strangers()
        if strangers and strangers.come_with_events:
            self._exploration.trouble = str(strangers)

    def _vocabulary(self, opened: OpenRun) -> Vocabulary:
        """Find the types that the receiver books without any fault; it must book all that the user has named."""
        first = first_schedule(opened, seed=self._options.seed)
        (played,) = self._tries.together([first], in_a_hurry=True)
        vocabulary = vocabulary_of(opened, played)
        named = opened.given.request.events
        wanted = [step.events[0] for step in first.steps if hasattr(step, "events")]
        self._exploration.types = vocabulary.types
        if named and not opened.given.request.is_auto:
            self._note([played])
        else:
            self._exploration.left_out = tuple(each for each in wanted if each not in vocabulary.types)
        if not vocabulary.types and not self._exploration.found:
            reason = played.judgement.reason or "no clean event of any type was booked"
            self._exploration.trouble = f"nothing to explore with: {reason}"
        return vocabulary

    def _draw(self, vocabulary: Vocabulary, number: int) -> None:
        drawing = Drawing(vocabulary, seed=self._options.seed)
        while stopwatch() < self._ends_s and not self._exploration.trouble:
            batch = [drawing.next() for _ in range(number)]
            self._exploration.pairs = len(drawing.covered)
            self._near.clear()
            self._note(self._tries.play([replace(each, breaks=" ".join(story(each))) for each in batch]))
            if self._tries.has_suspect:
                self._end_soon()
            for each in self._near:
                drawing.note_near_miss(each)

    def _note(self, played: Iterable[Played], *, is_known: bool = False) -> None:
        """Take in what was judged; each new class of a clause is written and told at once."""
        exploration = self._exploration
        for each in played:
            if each.not_played is not None:
                exploration.trouble = exploration.trouble or each.judgement.reason
            elif is_known and each.judgement.verdict is Verdict.SKIPPED:
                continue  # a corpus may be of several receivers
            elif reason := why_not_tried(each):
                exploration.untried[reason] += 1
            else:
                exploration.tried += 1
                exploration.events += len(each.history.events)
                self._note_exercised(each.history)
            if each.judgement.findings:
                self._found(each, is_known=is_known)
            elif is_near_miss(each.history):
                self._near.append(each.scenario)
            self._on_tried(exploration)

    def _note_exercised(self, history: History) -> None:
        known = self._exploration.exercised
        clauses = [each for each in self._exploration.contract.judged_in(_SEARCH) if each.id not in known]
        known |= {each.id for each in clauses if not why_not_exercised(each, history)}

    def _found(self, played: Played, *, is_known: bool) -> None:
        keys = [(each.class_, each.clause) for each in played.judgement.findings]
        known = [each.key for each in self._exploration.found]
        new = keys[:1] if is_known else [key for key in keys if key not in known][:1]
        for key in new:
            found = Found(replace(played, judgement=without_secrets(played.judgement)), key, is_known=is_known)
            if is_known:
                found.file = Path(played.scenario.file)
            else:
                self._keep(found)
            self._exploration.found.append(found)
            self._on_found(found)
            self._end_soon()

    def _end_soon(self) -> None:
        """Something was found: the search goes on for as long again, and not longer."""
        if not self._is_ending:
            self._is_ending, now_s = True, stopwatch()
            self._ends_s = min(self._ends_s, now_s + max(_LEAST_AFTER_S, now_s - self._began_s))

    def _keep(self, found: Found) -> None:
        """Write the schedule; a disk that is full costs the file and not the finding."""
        clause = next(each for each in self._exploration.contract if each.id == found.key[1])
        schedule = replace(found.schedule, holds=clause.sentence or HOLDS)
        try:
            found.file = keep(schedule, self._options.save)
            if self._options.corpus and self._options.corpus.resolve() != self._options.save.resolve():
                keep(schedule, self._options.corpus)
        except Unusable as error:
            found.failure = str(error)

    def _shrink(self, new: Sequence[Found], vocabulary: Vocabulary) -> None:
        def told_smaller(place: int, schedule: Scenario) -> None:
            new[place].steps = len(schedule.steps)
            self._on_tried(self._exploration)

        began_s, longest_s = stopwatch(), max(_LEAST_SHRINKING_S, self._options.budget_s)
        shrunk = shrink_all(
            [(each.schedule, each.key) for each in new],
            vocabulary,
            lambda schedules, hurry: self._tries.together(schedules, in_a_hurry=hurry),
            is_over=lambda share: stopwatch() > began_s + share * longest_s,
            on_smaller=told_smaller,
        )
        for found, each in zip(new, shrunk, strict=True):
            told = replace(each.schedule, breaks=" ".join(story(each.schedule)))
            found.shrunk, found.steps = replace(each, schedule=told), len(told.steps)
            if found.file is not None:
                with suppress(Unusable):  # the long story stays
                    rewrite(found.file, replace(told, holds=found.played.scenario.holds))
            self._on_found(found)
