from frontsim.verification.judge.clauses import load
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.session import play_all


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
