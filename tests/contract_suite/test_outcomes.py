import threading
from contextlib import nullcontext

import pytest

from frontsim.contract_suite import outcomes
from frontsim.contract_suite.outcomes import ScenarioOutcome, ScenarioOutcomes
from frontsim.errors import Unusable
from frontsim.verification.facts.history import History
from frontsim.verification.judge.checks import Judgement, Verdict
from frontsim.verification.request import Request
from frontsim.verification.scenario import scenario
from frontsim.verification.session import Played


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """Outcomes whose scenarios are not played but counted; two of them share a folder, as two workers do."""
    played = []

    def play(self, name):
        played.append(name)
        return ScenarioOutcome("verified", "", {"a-clause": "a text"})

    monkeypatch.setattr(ScenarioOutcomes, "_play", play)
    workers = [
        ScenarioOutcomes(Request("http://shop/hook"), 1, tmp_path, pause=threading.Event().wait) for _ in range(2)
    ]
    return workers, played


def test_a_scenario_is_played_once_for_all_workers(counted):
    """However often and by whomever it is asked for, it is played once, and all get the same."""
    workers, played = counted
    found = []
    threads = [threading.Thread(target=lambda each=each: found.append(each.of("steady"))) for each in workers * 4]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert played == ["steady"]
    assert found == [ScenarioOutcome("verified", "", {"a-clause": "a text"})] * 8


def test_each_scenario_is_played(counted):
    """Another scenario is another outcome."""
    workers, played = counted
    workers[0].of("steady")
    workers[1].of("storm")
    assert played == ["steady", "storm"]


def test_a_failure_leaves_no_lock_behind(tmp_path, monkeypatch):
    """A scenario that could not be played is tried again by the next who asks, and not waited for."""
    monkeypatch.setattr(outcomes, "open_harnesses", lambda *_, **__: 1 / 0)
    asked = ScenarioOutcomes(Request("http://shop/hook"), 1, tmp_path, pause=threading.Event().wait)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asked.of("steady")
    assert list(tmp_path.iterdir()) == []


def test_who_cannot_play_one_scenario_does_not_try_the_others(tmp_path, monkeypatch):
    """Nobody at the receiver's URL is found out once, and told for each scenario."""
    tried = []

    def play(_, name):
        tried.append(name)
        raise Unusable("nobody is there")

    monkeypatch.setattr(ScenarioOutcomes, "_play", play)
    asked = ScenarioOutcomes(Request("http://shop/hook"), 1, tmp_path, pause=threading.Event().wait)
    for name in ("steady", "storm", "steady"):
        with pytest.raises(Unusable, match="nobody is there"):
            asked.of(name)
    assert ["steady"] == tried


@pytest.mark.parametrize(("missing", "last_s"), [(frozenset(), [15.0, 15.0]), (frozenset({"an event"}), [15.0, 0])])
def test_who_loses_events_is_waited_for_once(tmp_path, monkeypatch, missing, last_s):
    """The long last look of a scenario alone is taken until it was in vain; what was seen of the speed is kept."""
    asked = []
    played = Played(scenario.chosen(["steady"])[0], History("steady"), Judgement(Verdict.VIOLATED, missing=missing))
    monkeypatch.setattr(
        outcomes, "open_harnesses", lambda *given, **named: nullcontext(asked.append((*given, named["latency"])))
    )
    monkeypatch.setattr(outcomes, "play_all", lambda *_: iter([played]))
    suite = ScenarioOutcomes(Request("http://shop/hook"), 1, tmp_path, pause=threading.Event().wait)
    for name in ("steady", "storm"):
        suite.of(name)
    assert last_s == [request.limits.last_s for request, _, _ in asked]
    assert asked[0][2] is asked[1][2]
