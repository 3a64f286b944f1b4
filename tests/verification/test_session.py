from hypothesis import given
from hypothesis import strategies as st

from frontsim.settings import Settings
from frontsim.verification.judge.checks import Verdict
from frontsim.verification.judge.clauses import load
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.session import Report, seed_of

CONTRACT = load()


@given(st.integers(0, 2**63 - 1))
def test_every_scenario_has_a_seed_of_its_own(seed):
    """No two scenarios of a run share ids, and each seed is one that a simulator takes."""
    seeds = {seed_of(seed, scenario.name) for scenario in bundled_scenarios()}
    assert len(seeds) == len(bundled_scenarios())
    assert all(Settings(seed=each).seed == each for each in seeds)


def test_an_interrupted_run_is_not_verified(report):
    """What was not played is not passed; a violation that was found stands."""
    right = [each for each in report.played if each.judgement.verdict is Verdict.VERIFIED]
    assert Report("http://shop", 1, right, CONTRACT).verdict is Verdict.VERIFIED
    assert Report("http://shop", 1, right, CONTRACT, interrupted=True).verdict is Verdict.UNKNOWN
    assert Report("http://shop", 1, report.played, CONTRACT, interrupted=True).verdict is Verdict.VIOLATED
