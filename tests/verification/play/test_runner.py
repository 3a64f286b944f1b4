"""A scenario whose time is over: judged if all of it was played, unknown if not."""

import time

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario import scenario
from frontsim.verification.session import play_all
from tests.verification.laboratory import CONTRACT

pytestmark = pytest.mark.slow

LONG_S = 500
WAIT = f'[[step]]\ndo = "wait"\nseconds = {LONG_S}\n'
RAISE = '[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\n'


@pytest.fixture
def played(shop, requested, tmp_path, monkeypatch):
    """What came of these steps, of which a long wait uses up the time."""

    def play(*steps):
        late = []
        monkeypatch.setattr(ScenarioState, "is_late", lambda _: bool(late))
        file = tmp_path / "late.toml"
        file.write_text("\n".join(['breaks = "Nothing."', 'holds = "All."', *steps]))

        def pause(seconds):
            late.extend([seconds] if seconds == LONG_S else [])
            time.sleep(0 if seconds == LONG_S else seconds)

        with open_harnesses(requested(shop.url), 1, pause=pause) as open_harness:
            (each,) = play_all(scenario.chosen([str(file)]), open_harness, CONTRACT)
        return each.judgement

    return play


def test_what_was_played_to_its_end_is_judged_though_late(played):
    """Nothing is left to be played, so the time that it took is no reason to throw away what was seen."""
    judgement = played(RAISE, WAIT)
    assert (Verdict.VERIFIED, "") == (judgement.verdict, judgement.reason)


def test_a_step_that_was_not_played_leaves_it_unknown(played):
    judgement = played(RAISE, WAIT, RAISE)
    assert Verdict.UNKNOWN is judgement.verdict
    assert judgement.reason.startswith("expected an end within 120 s (--timeout), got none: the receiver or")


def test_deliveries_that_are_still_due_leave_it_unknown(played, monkeypatch):
    """What the simulator has not sent yet is no loss."""
    monkeypatch.setattr(ScenarioState, "is_drained", lambda _: False)
    assert "(--timeout)" in played(RAISE, WAIT).reason
