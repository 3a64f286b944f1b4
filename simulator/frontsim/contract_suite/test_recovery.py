"""One test for each case and clause of a list -> resend job; the first test that asks has all cases played in one run.

The job is started many times, each against a simulator with a prepared past. To run it with your own setup, make a
test module, and override `recovery_job` or `recovery_setup` beside it:

    from frontsim.contract_suite.test_recovery import *
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from frontsim.contract_suite.outcomes import SharedOutcomes, assert_kept, job_player, opened_outcomes, outcome_of
from frontsim.recovery import judge
from frontsim.recovery.case import Case, bundled_cases
from frontsim.recovery.play import JobSetup
from frontsim.verdicts import MUST, Clause

__all__ = ["recovery_outcomes", "recovery_setup", "test_job_keeps_the_contract"]

_CASES = [
    pytest.param(each, clause, id=f"{each.name}-{clause.id}")
    for contract in [judge.job_contract()]
    for each in bundled_cases()
    for clause in contract.judged_in(each.name)
    if clause.severity == MUST
]


@pytest.fixture(scope="session")
def recovery_setup(recovery_job: str) -> JobSetup:
    """The job under test; override it for another time limit."""
    if not recovery_job:
        pytest.skip("no --recovery-job: there is no list -> resend job to test")
    return JobSetup(recovery_job)


@pytest.fixture(scope="session")
def recovery_outcomes(
    recovery_setup: JobSetup,
    recovery_seed: int | None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SharedOutcomes]:
    """The outcomes of the cases, shared by all workers of this run."""
    player = partial(job_player, recovery_setup)
    with opened_outcomes(request, tmp_path_factory, Case, player, recovery_seed) as outcomes:
        yield outcomes


@pytest.mark.parametrize(("played", "clause"), _CASES)
def test_job_keeps_the_contract(
    played: Case, clause: Clause, recovery_outcomes: SharedOutcomes, record_property: Callable[[str, object], None]
) -> None:
    """The job keeps this clause of contracts/job.toml in this case."""
    outcome = outcome_of(recovery_outcomes, played.name)
    assert_kept(
        outcome, clause.id, f"{played.breaks} {played.holds}\n\n{clause.sentence} {clause.reason}", record_property
    )
