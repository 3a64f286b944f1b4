"""One test for each scenario and clause; the first test that asks has all scenarios played in one run.

To run it with your own fixtures (a receiver that your conftest starts, another observer), make a test module:

    from frontsim.contract_suite.test_contract import *

and override `receiver_url`, `receiver_observe_url` or `receiver_request` beside it.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from frontsim import catalog
from frontsim.contract_suite.outcomes import (
    EXPLORED,
    TYPES,
    SharedOutcomes,
    assert_kept,
    opened_outcomes,
    outcome_of,
    player,
)
from frontsim.user_input.configuration import delivery_settings, read_configuration
from frontsim.user_input.fields import read_assignments
from frontsim.verdicts import MUST, Clause
from frontsim.verification.dependency.breakage import read_addresses
from frontsim.verification.effects.history import ContentCheck
from frontsim.verification.judge import checks
from frontsim.verification.request import Request
from frontsim.verification.scenario import scenario

__all__ = [
    "contract_outcomes",
    "receiver_request",
    "test_receiver_books_the_type",
    "test_receiver_keeps_the_contract",
    "test_receiver_survives_what_is_drawn",
]

_CASES = [
    pytest.param(each, clause, id=f"{each.name}-{clause.id}")
    for contract in [checks.receiver_contract()]
    for each in scenario.chosen([], scenario.configured_scenarios(read_configuration(Path.cwd())))
    for clause in contract.judged_in(each.name)
    if clause.severity == MUST
]


@pytest.fixture(scope="session")
def receiver_request(
    receiver_url: str,
    receiver_observe_url: str,
    receiver_observe_sql: tuple[str, str] | None,
    receiver_observe_key: str,
    receiver_observe_ignore: list[str],
    receiver_observe_state: str,
    receiver_check_content: str,
    receiver_cmd: str,
    receiver_dependencies: list[str],
    receiver_events: list[str],
    receiver_payloads: str,
    receiver_set: list[str],
    receiver_delivery_shape: str,
) -> Request:
    """The receiver under test and how its effects are read; override it for what has no option."""
    if not receiver_url:
        pytest.skip("no --receiver-url: there is no receiver to test")
    delivery = delivery_settings(read_configuration(Path.cwd()), os.environ, "verify")
    configured_shape = delivery.pop("delivery_shape", "bare")
    if receiver_payloads:
        delivery["payloads"] = receiver_payloads
    return Request(
        receiver=receiver_url,
        observe_url=receiver_observe_url,
        observe_sql=receiver_observe_sql,
        observe_key=receiver_observe_key,
        observe_ignore=receiver_observe_ignore,
        observe_state=receiver_observe_state,
        check_content=ContentCheck(receiver_check_content),
        receiver_cmd=receiver_cmd,
        dependencies=read_addresses(receiver_dependencies),
        events=receiver_events,
        changes=read_assignments(receiver_set),
        delivery_shape=receiver_delivery_shape or configured_shape,
        delivery=delivery,
    )


@pytest.fixture(scope="session")
def contract_outcomes(
    receiver_request: Request,
    receiver_seed: int | None,
    receiver_explore_s: float,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SharedOutcomes]:
    """The outcomes of the scenarios, shared by all workers of this run."""
    player_of = partial(player, receiver_request, explore_s=receiver_explore_s)
    with opened_outcomes(request, tmp_path_factory, scenario.Scenario, player_of, receiver_seed) as outcomes:
        yield outcomes


@pytest.mark.parametrize("event", [each.name for each in catalog.load()])
def test_receiver_books_the_type(event: str, contract_outcomes: SharedOutcomes) -> None:
    """The receiver books events of this type; one that it only acknowledges is skipped, as the verdict says."""
    assert_kept(outcome_of(contract_outcomes, TYPES), event, event)


def test_receiver_survives_what_is_drawn(receiver_explore_s: float, contract_outcomes: SharedOutcomes) -> None:
    """No outage that is drawn in the time of --receiver-explore makes the receiver break its contract."""
    if not receiver_explore_s:
        pytest.skip("no --receiver-explore: nothing is drawn")
    assert_kept(
        outcome_of(contract_outcomes, EXPLORED), EXPLORED, "An outage was drawn that the receiver does not survive"
    )


@pytest.mark.parametrize(("played", "clause"), _CASES)
def test_receiver_keeps_the_contract(
    played: scenario.Scenario,
    clause: Clause,
    contract_outcomes: SharedOutcomes,
    record_property: Callable[[str, object], None],
) -> None:
    """The receiver keeps this clause of contracts/receiver.toml in this scenario."""
    outcome = outcome_of(contract_outcomes, played.name)
    assert_kept(
        outcome, clause.id, f"{played.breaks} {played.holds}\n\n{clause.sentence} {clause.reason}", record_property
    )
