"""What the suite shares: outcomes, played once for all xdist workers of a run, and how a clause is asserted."""

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from frontsim.contract_suite.outcome import ContractOutcome, Play
from frontsim.contract_suite.outcomes import SharedOutcomes
from frontsim.errors import FrontsimError
from frontsim.recovery.case import Case
from frontsim.verification.scenario.scenario import Scenario


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


def assert_kept(outcome: ContractOutcome, clause_id: str, what: str) -> None:
    """The clause is not broken, and was checked; `what` stands before the findings."""
    if clause_id in outcome.broken:
        pytest.fail(f"{what}\n\n{outcome.broken[clause_id]}", pytrace=False)
    if outcome.verdict == "skipped":
        pytest.skip(outcome.reason)
    if outcome.reason:  # even of a violated scenario: one broken clause says nothing about those left unchecked
        pytest.fail(f"unknown, which is not passed: {outcome.reason}", pytrace=False)
    if clause_id in outcome.not_exercised:
        pytest.skip(outcome.not_exercised[clause_id])
