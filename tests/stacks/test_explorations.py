"""`frontsim explore` finds what needs a combination, and accuses no right receiver: six receivers, one seed."""

import time

import pytest

from frontsim.explore.run import JOBS, Options, explore
from frontsim.explore.shrinking import size
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN
from frontsim.verdicts import Verdict
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import read
from frontsim.verification.schedule import usual_pace
from tests.explore.proof import explored
from tests.support.receiver import ChildReceiver
from tests.verification.laboratory import play

pytestmark = pytest.mark.long
SEED, BUDGET_S = 1, 60.0
RIGHT_S = 15.0


@pytest.mark.parametrize("name", ["reference", "newest-state"])
def test_a_right_receiver_survives_what_is_drawn(tmp_path, name):
    """Nothing is found, and nearly all schedules prove something."""
    with ChildReceiver(name, tmp_path / "receiver.db") as receiver:
        request = Request(receiver.hook, observe_url=receiver.effects)
        options = Options(SEED, RIGHT_S, save=tmp_path)
        found = explore(request, options, pause=time.sleep, pace=usual_pace(one_at_a_time=False, jobs=JOBS))
    assert (Verdict.VERIFIED, []) == (found.verdict, found.found), found.reason
    assert found.tried > 10


@pytest.mark.parametrize("name", ["keys-by-shape", "pins-repeated-entities", "memory-dedupe"])
def test_a_broken_receiver_is_found_and_shrunk(name):
    """With a class that the registry names, in at most six steps."""
    variant = {**BROKEN, **COMBINED}[name]
    line = explored(variant, SEED, BUDGET_S)
    assert variant.expected & set(line["found"]), line
    assert min(line["steps"]) <= 6, line


def test_what_is_found_is_a_scenario_that_verify_plays(tmp_path):
    """The shortest story against a receiver without a memory has two or three steps, and shows it again."""
    with ChildReceiver("no-dedupe", tmp_path / "receiver.db") as receiver:
        request = Request(receiver.hook, observe_url=receiver.effects)
        options = Options(SEED, BUDGET_S, save=tmp_path)
        pace = usual_pace(one_at_a_time=False, jobs=JOBS)
        (found, *_) = explore(request, options, pause=time.sleep, pace=pace).found
        assert found.schedule.steps == read(found.file).steps
        assert size(found.schedule)[0] <= 3
        (played,) = play(request, str(found.file), seed=SEED)
    assert Verdict.VIOLATED is played.judgement.verdict
