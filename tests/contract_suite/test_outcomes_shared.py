"""The suite's assertions about an outcome, and the run that all workers share."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.contract_suite.outcomes import ContractOutcome, assert_kept, opened_outcomes, outcome_of
from frontsim.errors import Unusable
from frontsim.recovery.case import Case

FAILED, SKIPPED = pytest.fail.Exception, pytest.skip.Exception


@pytest.mark.parametrize(
    ("outcome", "ends", "told"),
    [
        (ContractOutcome("violated", "", {"once": "it was booked twice"}), FAILED, "it was booked twice"),
        (ContractOutcome("skipped", "needs --receiver-cmd", {}), SKIPPED, "needs --receiver-cmd"),
        (ContractOutcome("unknown", "no observer", {}), FAILED, "unknown, which is not passed: no observer"),
        (ContractOutcome("violated", "no observer", {"other": "x"}), FAILED, "no observer"),
        (ContractOutcome("verified", "", {}, {"once": "no copy was sent"}), SKIPPED, "no copy was sent"),
    ],
)
def test_a_clause_that_was_not_seen_to_be_kept_does_not_pass(
    outcome: ContractOutcome, ends: type[BaseException], told: str
) -> None:
    """A check that could not run never counts as passed."""
    with pytest.raises(ends, match=told):
        assert_kept(outcome, "once", "steady breaks once")


@pytest.mark.parametrize("broken", [{}, {"other": "x"}])
def test_a_clause_that_is_kept_passes(broken: dict[str, str]) -> None:
    """Also where another one is broken."""
    assert_kept(ContractOutcome("violated" if broken else "verified", "", broken), "once", "")


def test_a_users_mistake_needs_no_traceback() -> None:
    class Failing:
        def of(self, name: str) -> None:
            raise Unusable(f"nothing listens: {name}")

    with pytest.raises(FAILED, match="nothing listens: steady") as told:
        outcome_of(Failing(), "steady")
    assert not told.value.pytrace


@pytest.mark.parametrize(("given", "workers"), [(7, ["gw0"]), (None, ["gw0", "gw1"])])
def test_workers_of_a_run_share_a_folder_and_a_seed(tmp_path: Path, given: int | None, workers: list[str]) -> None:
    """The seed that the user gave, else one that follows from the run."""
    seeds: list[int] = []

    def player(seed: int) -> Any:
        seeds.append(seed)
        return lambda names, pause, put: None

    for worker in workers:
        config = SimpleNamespace(workerinput={"testrunuid": "one run"})
        request = SimpleNamespace(config=config, session=SimpleNamespace(items=[]))
        factory = SimpleNamespace(getbasetemp=lambda worker=worker: tmp_path / worker)
        with opened_outcomes(request, factory, Case, player, given):
            pass
    assert 1 == len(set(seeds))
    assert given in (None, seeds[0])
    assert [tmp_path / "frontsim-cases"] == list(tmp_path.iterdir())
