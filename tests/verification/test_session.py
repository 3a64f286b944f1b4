import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge.clauses import load
from frontsim.verification.play.probes.key_probe import KeyProbe
from frontsim.verification.scenario.scenario import bundled_scenarios, chosen
from frontsim.verification.schedule import Pace
from frontsim.verification.session import play_all, seed_of
from tests.verification.laboratory import FEW

CONTRACT = load()
BUNDLED = bundled_scenarios()


@given(st.integers(0, 2**63 - 1))
def test_every_scenario_has_a_seed_of_its_own(seed):
    """No two scenarios of a run share ids, and each seed is one that a simulator takes."""
    seeds = {seed_of(seed, scenario.name) for scenario in BUNDLED}
    assert len(seeds) == len(BUNDLED)
    assert all(Settings(seed=each).seed == each for each in seeds)


SEVERAL = (
    "steady",
    "lost-response",
    "duplicate-race",
    "same-second",
    "entity-updated-twice",
    "malformed",
    "two-webhooks",
)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["webhookEventId", "business"])
@pytest.mark.parametrize("variant", ["reference", "inbox", "newest-state"])
def test_a_right_receiver_is_verified_by_scenarios_side_by_side(variant, key, receiver, requested, play):
    """What one scenario makes it book is strange to the others, and accuses it of nothing; no note counts it."""
    with receiver(variant) as url:
        played = play(requested(url, observe_key=key, events=FEW), *SEVERAL, pace=Pace(jobs=4, jobs_that_wait=4))
    assert list(SEVERAL) == [each.scenario.name for each in played]
    assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}, [each.judgement for each in played]
    assert not any("name no event of this scenario" in note for each in played for note in each.judgement.notes)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["reference", "forgets-in-time"])
def test_what_was_sent_first_is_sent_again_last(variant, receiver, requested):
    """The receiver's key says how long it remembers; the memory of the broken one lives for 0.8 s."""
    probe, names = KeyProbe(), ["steady", "lost-response", "same-second", "long-memory"]
    with (
        receiver(variant) as url,
        open_harnesses(requested(url), 1, pause=time.sleep) as open_harness,
    ):
        played = list(play_all(chosen(names), open_harness, CONTRACT, Pace(jobs=2), probe))
    assert names == [each.scenario.name for each in played]
    if variant == "reference":
        assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}
        assert "; remembers an event for at least " in str(probe.found)
    else:
        assert {"remembers-long"} == {each.clause for each in played[-1].judgement.findings}
        assert "; has forgotten an event after " in str(probe.found)


@pytest.mark.slow
def test_a_broken_receiver_is_found_by_the_same_scenarios_side_by_side(receiver, requested, play):
    """Each scenario that must find it does, and those that cannot find nothing."""
    with receiver("no-dedupe") as url:
        played = play(
            requested(url, events=FEW), "steady", "lost-response", "short-outage", "resend-delivered", pace=Pace(jobs=4)
        )
    found = {each.scenario.name for each in played if each.judgement.verdict is Verdict.VIOLATED}
    assert {"lost-response", "resend-delivered"} == found


@pytest.mark.slow
def test_what_the_budget_leaves_out_is_skipped(receiver, requested, play):
    """It was not played, which is said. What could not be played anyway says why not."""
    with receiver("reference") as url:
        played = play(requested(url, events=FEW), "steady", "storm", "crash-after-ack", pace=Pace(budget_s=0))
    assert [Verdict.SKIPPED] * 3 == [each.judgement.verdict for each in played]
    assert "not played: the budget of 0 s was used up before it (--budget)" == played[1].judgement.reason
    assert "it kills and restarts the receiver, which needs --receiver-cmd" == played[2].judgement.reason
