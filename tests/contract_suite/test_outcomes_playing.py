from dataclasses import replace

import pytest

from frontsim.contract_suite import outcomes
from frontsim.domain.model import Outcome, Trigger
from frontsim.explore import run as exploring
from frontsim.explore.run import Exploration
from frontsim.verification import run as verification
from frontsim.verification.effects.history import Effect, EventFact, History, Liveness, Observation, Run
from frontsim.verification.judge.checks import judge
from frontsim.verification.played import Played, Report
from frontsim.verification.request import Request
from frontsim.verification.scenario import scenario
from tests.verification.laboratory import CONTRACT

REQUEST = Request("http://user:hunter2@shop/hook")
REPORT = Report(REQUEST.receiver, 7, [], CONTRACT)


@pytest.fixture
def plays(monkeypatch):
    """`plays(history)` gives what the suite makes of a history, `plays(one, two)` what it makes of two in one run."""

    def outcomes_of(*histories):
        names = [each.scenario for each in histories]
        run = [Played(scenario.chosen([each.scenario])[0], each, judge(each, CONTRACT)) for each in histories]
        monkeypatch.setattr(verification, "run", lambda *_, on_played, **__: [*map(on_played, run)] and REPORT)
        found = {}
        outcomes.player(REQUEST, 7)(names, lambda _: None, found.__setitem__)
        told = [found[name] for name in names]
        return told if len(told) > 1 else told[0]

    return outcomes_of


def sent(*, times):
    runs = tuple(Run(each, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, each) for each in range(1, times + 1))
    return EventFact("w", "0192-sale", "SaleCreated", runs)


def test_a_broken_clause_has_its_story_and_its_replay(plays):
    """The text has the finding, the story of the first event, and the command that shows it again."""
    twice = Observation(9, (Effect("0192-sale"), Effect("0192-sale")))
    outcome = plays(History("steady", (sent(times=2),), observer="a list", final=twice, liveness=Liveness()))
    assert "violated" == outcome.verdict
    (text,) = outcome.broken.values()
    assert "duplicated: SaleCreated 0192-sale: expected one effect, got 2 effects" in text
    assert "effects: 2" in text
    assert "Again with: --receiver-seed 7 -k steady" in text


def test_a_cause_has_one_story(plays):
    """Twenty tests fail of one mistake: each names its events and how it is played alone, one has the story."""
    twice = Observation(9, (Effect("0192-sale"), Effect("0192-sale")))
    shown = {"observer": "a list", "final": twice, "liveness": Liveness()}
    first, second = plays(History("steady", (sent(times=2),), **shown), History("storm", (sent(times=2),), **shown))
    (story,), (text,) = first.broken.values(), second.broken.values()
    assert "The story of SaleCreated 0192-sale:" in story
    assert [
        "duplicated: SaleCreated 0192-sale: expected one effect, got 2 effects",
        "The cause is the same as in steady, which has the story.",
        "Again with: --receiver-seed 7 -k storm",
    ] == text.splitlines()
    assert ["duplicated: booked more than once"] * 2 == [*first.causes.values(), *second.causes.values()]


def test_a_clause_that_the_scenario_did_not_exercise_is_named(plays):
    """Nothing was repeated, so nothing is known of repeats; what was acknowledged was booked."""
    once = Observation(9, (Effect("0192-sale"),))
    outcome = plays(History("steady", (sent(times=1),), observer="a list", final=once, liveness=Liveness()))
    assert "not exercised by steady: no event arrived more than once" == outcome.not_exercised["books-a-repeat-once"]
    assert "books-what-it-acknowledges" not in outcome.not_exercised


def test_what_is_drawn_is_played_after_the_scenarios(monkeypatch):
    """Its outcome is of one clause, and nothing else is played for it alone."""
    asked = []
    found = Exploration("http://shop/hook", 7, CONTRACT, tried=3)
    monkeypatch.setattr(verification, "run", lambda *args, **_: asked.append([each.name for each in args[1]]) or REPORT)
    monkeypatch.setattr(exploring, "explore", lambda _, options, **__: asked.append(options.budget_s) or found)
    outcome = {}
    outcomes.player(REQUEST, 7, explore_s=60)(["steady", outcomes.EXPLORED], lambda _: None, outcome.__setitem__)
    assert [["steady"], 60] == asked
    assert ("verified", "", {}) == (
        outcome["exploration"].verdict,
        outcome["exploration"].reason,
        outcome["exploration"].broken,
    )
    outcomes.player(REQUEST, 7, explore_s=60)([outcomes.EXPLORED], lambda _: None, outcome.__setitem__)
    assert [["steady"], 60, 60] == asked


@pytest.mark.parametrize(("more", "jobs"), [({}, 4), ({"receiver_cmd": "python app.py"}, 1)])
def test_scenarios_are_played_side_by_side(monkeypatch, more, jobs):
    """As `frontsim verify` plays them: a receiver that is killed takes one at a time."""
    asked = []
    monkeypatch.setattr(verification, "run", lambda *_, pace, **__: asked.append(pace.jobs) or REPORT)
    outcomes.player(replace(REQUEST, **more), 7)(["steady"], lambda _: None, lambda *_: None)
    assert [jobs] == asked


def test_a_reason_has_no_secret(plays):
    assert "hunter2" not in plays(History("steady", trouble="no answer from http://user:hunter2@shop/hook")).reason
