import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.facts.history import EventFact, History, Run
from frontsim.verification.first_passes import FirstPasses
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.judge.clauses import load
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.schedule import Pace
from frontsim.verification.session import play_all
from tests.verification.laboratory import CATALOG


class NoSimulator:
    """Gives no harness: every scenario is skipped."""

    def skip_reason(self, scenario):
        return f"{scenario.name} needs more"

    def __call__(self, scenario):
        raise AssertionError(scenario.name)


def test_what_is_skipped_starts_no_simulator():
    """All of them come in their order, with the reason."""
    played = list(play_all(bundled_scenarios(), NoSimulator(), load()))
    assert [(each.name, f"{each.name} needs more") for each in bundled_scenarios()] == [
        (each.scenario.name, each.judgement.reason) for each in played
    ]


@pytest.mark.parametrize(("answer_ms", "is_fewer"), [(20, False), (300, True)])
def test_a_slow_receiver_gets_fewer_events(answer_ms, is_fewer):
    """The first scenario shows how fast it is: one that answers at once gets all, however few were sent."""
    passes = FirstPasses([], NoSimulator(), load(), Pace(), None)
    storm = next(each for each in bundled_scenarios() if each.name == "storm")
    assert "" == passes._volume(storm, Selection(CATALOG)).note
    runs = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0, duration_ms=answer_ms),)
    history = History("steady", (EventFact("w", "e", "SaleCreated", runs),))
    passes._note(history, Judgement(Verdict.VERIFIED), can_restart=False)
    volume = passes._volume(storm, Selection(CATALOG))
    assert is_fewer is bool(volume.note)
    assert is_fewer is (volume.scenario != storm)
