"""One test for each scenario and clause; the first test that asks has all scenarios played in one run.

To run it with fixtures of your own (a receiver that your conftest starts, another observer), make a test module:

    from frontsim.contract_suite.test_contract import *

and override `receiver_url`, `receiver_observe_url` or `receiver_request` beside it.
"""

import os
import time
import zlib
from collections.abc import Iterator

import pytest

from frontsim.contract_suite.outcomes import ScenarioOutcomes
from frontsim.contract_suite.playing import ScenarioOutcome, player
from frontsim.errors import FrontsimError
from frontsim.verification.facts.history import ContentCheck
from frontsim.verification.judge import clauses
from frontsim.verification.judge.clauses import Clause
from frontsim.verification.request import Request
from frontsim.verification.scenario import scenario

__all__ = ["contract_outcomes", "receiver_request", "test_receiver_keeps_the_contract"]

_CASES = [
    pytest.param(each, clause, id=f"{each.name}-{clause.id}")
    for contract in [clauses.load()]
    for each in scenario.bundled_scenarios()
    for clause in contract.judged_in(each.name)
    if clause.severity == clauses.MUST
]


@pytest.fixture(scope="session")
def receiver_request(
    receiver_url: str,
    receiver_observe_url: str,
    receiver_observe_sql: tuple[str, str] | None,
    receiver_observe_key: str,
    receiver_check_content: str,
    receiver_cmd: str,
    receiver_events: list[str],
) -> Request:
    """The receiver under test and how its effects are read; override it for what has no option."""
    if not receiver_url:
        pytest.skip("no --receiver-url: there is no receiver to test")
    return Request(
        receiver=receiver_url,
        observe_url=receiver_observe_url,
        observe_sql=receiver_observe_sql,
        observe_key=receiver_observe_key,
        check_content=ContentCheck(receiver_check_content),
        receiver_cmd=receiver_cmd,
        events=receiver_events,
    )


@pytest.fixture(scope="session")
def contract_outcomes(
    receiver_request: Request,
    receiver_seed: int | None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ScenarioOutcomes]:
    """The outcomes of the scenarios, shared by all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "frontsim-contract"
    folder.mkdir(exist_ok=True)
    seed = _shared_seed(request.config) if receiver_seed is None else receiver_seed
    outcomes = ScenarioOutcomes(_selected(request.session), player(receiver_request, seed), folder, pause=time.sleep)
    yield outcomes
    outcomes.close()


@pytest.mark.parametrize(("played", "clause"), _CASES)
def test_receiver_keeps_the_contract(
    played: scenario.Scenario, clause: Clause, contract_outcomes: ScenarioOutcomes
) -> None:
    """The receiver keeps this clause of contracts/receiver.toml in this scenario."""
    outcome = _outcome(contract_outcomes, played.name)
    if clause.id in outcome.broken:
        what = f"{played.breaks} {played.holds}\n\n{clause.sentence} {clause.reason}"
        pytest.fail(f"{what}\n\n{outcome.broken[clause.id]}", pytrace=False)
    if outcome.verdict == "skipped":
        pytest.skip(outcome.reason)
    if outcome.reason:  # even of a violated scenario: one broken clause says nothing about those left unchecked
        pytest.fail(f"unknown, which is not passed: {outcome.reason}", pytrace=False)
    if clause.id in outcome.not_exercised:
        pytest.skip(outcome.not_exercised[clause.id])


def _selected(session: pytest.Session) -> list[str]:
    """The scenarios of all tests that are left after -k and the like, in order; a worker of xdist has all tests."""
    calls = [item.callspec for item in session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    played = [call.params.get("played") for call in calls]
    return list(dict.fromkeys(each.name for each in played if isinstance(each, scenario.Scenario)))


def _outcome(outcomes: ScenarioOutcomes, name: str) -> ScenarioOutcome:
    """The outcome; a mistake of the user's, such as a wrong URL, needs no traceback of ours."""
    try:
        return outcomes.of(name)
    except FrontsimError as error:
        pytest.fail(str(error), pytrace=False)


def _shared_seed(config: pytest.Config) -> int:
    """One seed for all workers of a run."""
    run = getattr(config, "workerinput", {}).get("testrunuid") or os.urandom(8).hex()
    return zlib.crc32(run.encode())
