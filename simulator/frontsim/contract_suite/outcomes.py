"""The outcome of each scenario or case as text that pytest can show, played once for all xdist workers of a run.

All workers of a run share a folder. One of them leads: it holds a lock and plays all of them through `run()`, as
`frontsim verify` does, on a separate thread, so that its tests go on meanwhile. Each outcome becomes a file, and the
others wait for the files.

    worker 1   flock(run.lock) -> plays steady, storm, ... -> steady.json, storm.json, ...
    worker 2   waits for storm.json; takes the lock and plays what is left if worker 1 ends or dies

The kernel releases the lock of a process that dies, however it dies.
"""

import fcntl
import json
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from frontsim import catalog
from frontsim.errors import FrontsimError, plain
from frontsim.explore import run as exploring
from frontsim.masking import CommandLine, masked
from frontsim.pytest_plugin import CAUSE
from frontsim.recovery import run as recovery
from frontsim.recovery.case import Case, chosen
from frontsim.recovery.judge import job_contract
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import trial_of as case_trial_of
from frontsim.report.model import ShownFinding, Trial
from frontsim.report.text import lines
from frontsim.user_input.configuration import read_configuration
from frontsim.verdicts import LEFT_OUT
from frontsim.verification import run as verification
from frontsim.verification.judge.checks import receiver_contract
from frontsim.verification.played import EventTypes
from frontsim.verification.request import Request
from frontsim.verification.result import trial_of
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.schedule import usual_pace
from frontsim.wording import in_a_row

TYPES = "event-types"
"""In place of a scenario's name: which types were booked in the whole run."""
EXPLORED = "exploration"
"""In place of a scenario's name: what was drawn."""
_CLEAN = "steady"
_POLL_S = 0.02
_MOST_FINDINGS = 10


@dataclass(frozen=True, slots=True)
class ContractOutcome:
    """How a scenario or a case ended: its verdict, and for each broken clause what was seen; no secrets in either.

    `reason` says why the clauses that are not broken could not be judged, "" when they were; one that is violated can
    have one too. `not_exercised` has the clauses that it did not put to the test, each with the reason; `causes` has
    for each broken clause what its failure has in common with others: the class of its findings.
    """

    verdict: str
    reason: str
    broken: dict[str, str]
    not_exercised: dict[str, str] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)


Pause = Callable[[float], None]
Put = Callable[[str, ContractOutcome], None]
Play = Callable[[Sequence[str], Pause, Put], None]
"""Plays the scenarios or cases of those names, and puts each one's outcome as soon as it is known, in order."""


def player(request: Request, seed: int, *, explore_s: float = 0.0) -> Play:
    """Plays scenarios against a receiver, all in one run: they share its receiver process and its last look.

    What is drawn in `explore_s` is played after them, where it is asked for.
    """

    def play(names: Sequence[str], pause: Pause, put: Put) -> None:
        contract, outcomes = receiver_contract(), _Outcomes(f"Again with: --receiver-seed {seed} -k ")
        if EXPLORED in names:
            play([name for name in names if name != EXPLORED], pause, put)
            put(EXPLORED, _explored(request, exploring.Options(seed, explore_s), pause))
            return
        if not names:
            return
        played = [name for name in names if name != TYPES] or [_CLEAN]
        report = verification.run(
            request,
            scenario.chosen(played, scenario.configured_scenarios(read_configuration(Path.cwd()))),
            seed=seed,
            pause=pause,
            pace=usual_pace(one_at_a_time=bool(request.receiver_cmd)),
            on_played=lambda played: put(played.scenario.name, outcomes.of(trial_of(played, contract))),
        )
        put(TYPES, _types_outcome(report.types))

    return play


def _explored(request: Request, options: exploring.Options, pause: Pause) -> ContractOutcome:
    """Explore, as an outcome of one clause; each finding stands in found-NAME.toml, which verify plays."""
    pace = usual_pace(one_at_a_time=bool(request.receiver_cmd), jobs=exploring.JOBS)
    found = exploring.explore(request, options, pause=pause, pace=pace)
    result = exploring.result_of(
        found, lambda file: CommandLine(("frontsim", "verify", "--scenario", file, "--seed", str(options.seed)))
    )
    told = "\n".join(lines(result))
    return ContractOutcome(str(found.verdict), found.reason, {EXPLORED: told} if found.found else {})


def _types_outcome(types: EventTypes) -> ContractOutcome:
    """Which types were booked, as the clauses of an outcome: each that was not has the reason."""
    reasons = dict.fromkeys(types.acknowledged_only, types.unknown or types.sentence)
    others = [each.name for each in catalog.load() if each.name not in (*types.booked, *types.acknowledged_only)]
    reasons |= dict.fromkeys(others, "no event of the type was seen to be booked")
    return ContractOutcome("", "", {}, reasons)


def job_player(setup: JobSetup, seed: int) -> Play:
    """Plays cases against a job, some at the same time."""

    def play(names: Sequence[str], pause: Pause, put: Put) -> None:
        contract, outcomes = job_contract(), _Outcomes(f"Again with: --recovery-seed {seed} -k ")
        recovery.run(
            setup,
            chosen(names),
            seed=seed,
            is_cancelled=partial(_is_over, pause),
            on_played=lambda played: put(played.case.name, outcomes.of(case_trial_of(played, contract))),
        )

    return play


def _is_over(pause: Pause) -> bool:
    """No test asks any more: a pause then raises, which a thread that watches a process must not meet."""
    try:
        pause(0)
    except _Closed:
        return True
    return False


class _Outcomes:
    """Puts trials in words. A cause has its story in the first trial that shows it; others name that trial.

    `again`: how one trial is played again, without its name.
    """

    def __init__(self, again: str) -> None:
        self._again = again
        self._told: dict[str, str] = {}

    def of(self, trial: Trial) -> ContractOutcome:
        """The outcome of the next trial."""
        broken = trial.by_clause()
        return ContractOutcome(
            str(trial.verdict),
            masked(trial.reason),
            {clause: masked("\n".join(self._explanation(trial, found))) for clause, found in broken.items()},
            dict(trial.not_exercised),
            {clause: f"{found[0].class_}: {found[0].meaning}" for clause, found in broken.items()},
        )

    def _explanation(self, trial: Trial, findings: Sequence[ShownFinding]) -> Iterator[str]:
        first, told = findings[0], {self._told.setdefault(each.class_, trial.name) for each in findings}
        most = _MOST_FINDINGS if trial.name in told else 1
        for each in findings[:most]:
            yield f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}"
        if len(findings) > most:
            yield f"... and {len(findings) - most:,} more"
        if trial.name in told:
            yield from ("", f"The story of {first.event} {first.webhook_event_id}:")
            yield from (f"  {line}" for line in first.evidence())
            yield from ("", *([f"Fix: {first.clause.fix}"] if first.clause.fix else []))
        else:
            yield f"The cause is the same as in {in_a_row(sorted(told))}, which has the story."
        yield f"{self._again}{trial.name}"


class SharedOutcomes:
    """Gives outcomes, and plays scenarios where no other worker does.

    Args:
        names: the scenarios that the run's tests are about, in the order in which they are played.
        play: plays scenarios.
        folder: shared by all workers of the run.
        pause: waits so many seconds.
    """

    def __init__(self, names: Sequence[str], play: Play, folder: Path, *, pause: Callable[[float], None]) -> None:
        self._names = names
        self._play = play
        self._folder = folder
        self._pause = pause
        self._leading: threading.Thread | None = None
        self._closed = threading.Event()
        self._failure: BaseException | None = None

    def of(self, name: str) -> ContractOutcome:
        """The outcome of a scenario, as soon as it is known.

        Raises:
            FrontsimError: nothing can be played, such as when nothing listens at the receiver's URL. This worker does
                not try again.
        """
        file = self._file(name)
        while not file.exists():
            if self._failure is not None:
                raise self._failure
            if self._leading is None or not self._leading.is_alive():
                self._leading = self._lead(name)
            self._pause(_POLL_S)
        return ContractOutcome(**json.loads(file.read_text()))

    def close(self) -> None:
        """Stop playing; another worker that waits for an outcome goes on with it."""
        self._closed.set()
        if self._leading is not None:
            self._leading.join()

    def _lead(self, name: str) -> threading.Thread | None:
        """Start to play what has no outcome, unless another worker does."""
        lock = (self._folder / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        thread = threading.Thread(target=self._play_what_is_left, args=[lock, name])
        thread.start()
        return thread

    def _play_what_is_left(self, lock: IO[str], asked: str) -> None:
        with lock:  # closing the file releases it
            left = [name for name in dict.fromkeys([*self._names, asked]) if not self._file(name).exists()]
            try:
                if left:
                    self._play(left, self._pause_unless_closed, self._write)
            except _Closed:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks
                self._failure = error

    def _write(self, name: str, outcome: ContractOutcome) -> None:
        file = self._file(name)
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps(asdict(outcome)))
        whole.replace(file)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _pause_unless_closed(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise _Closed


class _Closed(Exception):
    """Nothing more is asked for."""


def _shared_folder(config: pytest.Config, factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that all workers of this run have in common."""
    base = factory.getbasetemp()
    folder = (base.parent if hasattr(config, "workerinput") else base) / name
    folder.mkdir(exist_ok=True)
    return folder


def _shared_seed(config: pytest.Config) -> int:
    """One seed for all workers of a run."""
    run = getattr(config, "workerinput", {}).get("testrunuid") or os.urandom(8).hex()
    return zlib.crc32(run.encode())


def _selected_names(session: pytest.Session, kind: type[Scenario] | type[Case]) -> list[str]:
    """The names in all tests that are left after -k and the like, in order; a worker of xdist has all tests."""
    calls = [item.callspec for item in session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    played = [call.params.get("played") for call in calls]
    return list(dict.fromkeys(each.name for each in played if isinstance(each, kind)))


@contextmanager
def opened_outcomes(
    request: pytest.FixtureRequest,
    factory: pytest.TempPathFactory,
    kind: type[Scenario] | type[Case],
    player: Callable[[int], Play],
    seed: int | None,
) -> Iterator[SharedOutcomes]:
    """The outcomes of all that the tests name, shared by all workers of this run; `player` gets the seed."""
    folder = _shared_folder(request.config, factory, f"frontsim-{kind.__name__.lower()}s")
    play = player(_shared_seed(request.config) if seed is None else seed)
    outcomes = SharedOutcomes(_selected_names(request.session, kind), play, folder, pause=time.sleep)
    yield outcomes
    outcomes.close()


def outcome_of(outcomes: SharedOutcomes, name: str) -> ContractOutcome:
    """The outcome; a user's mistake, such as a wrong URL, needs no traceback."""
    try:
        return outcomes.of(name)
    except FrontsimError as error:
        pytest.fail(str(error), pytrace=False)


def assert_kept(
    outcome: ContractOutcome, clause_id: str, what: str, record: Callable[[str, object], None] = lambda *_: None
) -> None:
    """The clause is not broken, and was checked; `what` stands before the findings, and `record` gets their cause."""
    if clause_id in outcome.broken:
        record(CAUSE, outcome.causes.get(clause_id, ""))
        pytest.fail(plain(f"{what}\n\n{outcome.broken[clause_id]}"), pytrace=False)
    if outcome.verdict in LEFT_OUT:
        pytest.skip(plain(outcome.reason))
    if outcome.reason:  # even of a violated scenario: one broken clause says nothing about those left unchecked
        pytest.fail(plain(f"unknown, which is not passed: {outcome.reason}"), pytrace=False)
    if clause_id in outcome.not_exercised:
        pytest.skip(plain(outcome.not_exercised[clause_id]))
