"""The outcome of each scenario, played once however many tests and xdist workers ask for it.

Workers share a folder: who asks first for a scenario plays it, the others wait for what it writes down. With a command
that starts the receiver only one scenario at a time is played, for it kills the receiver that the others would use.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import clauses
from frontsim.verification.observe.settle import ReceiverLatency
from frontsim.verification.report.masking import masked, masked_errors, without_secrets
from frontsim.verification.report.story import story
from frontsim.verification.request import Request
from frontsim.verification.scenario import scenario
from frontsim.verification.session import Played, play_all

_POLL_S = 0.05
_MOST_FINDINGS = 10


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """How a scenario ended: its verdict, and for each broken clause what was seen, as text; no secrets in either.

    `reason` says why the clauses that are not broken could not be judged, "" when they were; a violated scenario can
    have one too.
    """

    verdict: str
    reason: str
    broken: dict[str, str]


class ScenarioOutcomes:
    """Plays scenarios on demand.

    Args:
        request: the receiver and how its effects are read.
        seed: of the run.
        folder: shared by all workers of the run.
        pause: waits so many seconds.
    """

    def __init__(self, request: Request, seed: int, folder: Path, *, pause: Callable[[float], None]) -> None:
        self._request = request
        self._seed = seed
        self._folder = folder
        self._pause = pause
        self._latency = ReceiverLatency()
        self._failure: FrontsimError | None = None
        self._patience_s = request.limits.timeout_s * len(scenario.bundled_scenarios())

    def of(self, name: str) -> ScenarioOutcome:
        """The outcome of a scenario.

        Raises:
            FrontsimError: it could not be played at all, such as when nobody listens at the receiver's URL. The others
                are not tried after it.
        """
        if self._failure is not None:
            raise self._failure
        try:
            with masked_errors():
                return self._outcome(name)
        except FrontsimError as error:
            self._failure = error
            raise

    def _outcome(self, name: str) -> ScenarioOutcome:
        file = self._folder / f"{name}.json"
        with self._lock("receiver" if self._request.receiver_cmd else name):
            if not file.exists():
                written = file.with_suffix(".new")
                written.write_text(json.dumps(asdict(self._play(name))))
                written.replace(file)
        return ScenarioOutcome(**json.loads(file.read_text()))

    def _play(self, name: str) -> ScenarioOutcome:
        with open_harnesses(self._request, self._seed, pause=self._pause, latency=self._latency) as open_harness:
            played = next(play_all(scenario.chosen([name]), open_harness, clauses.load()))
        if played.judgement.missing:  # it loses events, however long it is waited for: once is enough for that
            self._request = replace(self._request, limits=replace(self._request.limits, last_s=0))
        judgement = without_secrets(played.judgement)
        broken = dict.fromkeys(finding.clause for finding in judgement.findings)
        texts = {clause: masked("\n".join(_told(played, clause, self._seed))) for clause in broken}
        return ScenarioOutcome(str(judgement.verdict), judgement.reason, texts)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """Only one worker at a time; one that died in the middle of it is an error, not a wait for ever."""
        lock = self._folder / f"{name}.lock"
        began = stopwatch()
        while not _is_taken(lock):
            if stopwatch() - began > self._patience_s:
                raise FrontsimError(
                    f"{lock}: expected the worker that plays {name} to end, waited {self._patience_s:g} s"
                )
            self._pause(_POLL_S)
        try:
            yield
        finally:
            lock.unlink()


def _is_taken(lock: Path) -> bool:
    """Whether we have it now."""
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _told(played: Played, clause: str, seed: int) -> Sequence[str]:
    findings = [finding for finding in played.judgement.findings if finding.clause == clause]
    first = findings[0]
    shown = findings[:_MOST_FINDINGS]
    lines = [f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}" for each in shown]
    if len(findings) > len(shown):
        lines.append(f"... and {len(findings) - len(shown)} more")
    effects = played.judgement.effects.get(first.webhook_event_id)
    lines += ["", f"The story of {first.event} {first.webhook_event_id}:"]
    lines += [f"  {line}" for line in story(played.history, first.webhook_event_id, effects)]
    return [*lines, "", f"Again with: --receiver-seed {seed} -k {played.scenario.name}"]
