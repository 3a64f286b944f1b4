import itertools
import math
from contextlib import contextmanager

import orjson
import pytest

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification import first_passes
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.first_passes import FirstPasses
from frontsim.verification.judge.checks import Judgement, receiver_contract
from frontsim.verification.play.harness import Given, Harness, RestOfRun
from frontsim.verification.play.runner import Recording
from frontsim.verification.played import NotPlayed
from frontsim.verification.request import Request
from frontsim.verification.run import play_all
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.schedule import Pace
from tests.verification.laboratory import CATALOG


class GivenForNothing(Given):
    """The things that a run was given; a test says why they do not suffice."""

    reason = ""

    def skip_reason(self, scenario):
        return self.reason and f"{scenario.name} {self.reason}"


class NoSimulator:
    """A run that opens no harness; with `reason`, nothing can be played with what was given."""

    def __init__(self, reason="", began_s=0.0):
        self.given = GivenForNothing(Request("http://127.0.0.1:1"), Selection(CATALOG), began_s=began_s)
        object.__setattr__(self.given, "reason", reason)

    def harness(self, name):
        raise AssertionError(name)


def late():
    """A run whose probes have taken 100 s."""
    return NoSimulator(began_s=stopwatch() - 100)


def passes_of(opened, pace):
    return FirstPasses(opened.given, opened.harness, receiver_contract(), pace, None)


def test_what_is_skipped_starts_no_simulator():
    """All of them come in their order, with the reason."""
    played = list(play_all(bundled_scenarios(), NoSimulator("needs more"), receiver_contract()))
    assert [(each.name, f"{each.name} needs more") for each in bundled_scenarios()] == [
        (each.scenario.name, each.judgement.reason) for each in played
    ]


def test_the_probes_before_the_first_scenario_count_within_the_budget():
    """A scenario that does not fit is not played, and starts no simulator."""
    played = list(play_all(bundled_scenarios()[:3], late(), receiver_contract(), Pace(budget_s=100)))
    told = "not played: the budget of 100 s was used up before it (--budget)"
    assert [(Verdict.SKIPPED, told)] * 3 == [(each.judgement.verdict, each.judgement.reason) for each in played]
    assert {NotPlayed("the budget of 100 s was used up", 100)} == {each.not_played for each in played}


def test_time_is_left_for_what_waits_for_the_end_of_the_run():
    """Its deliveries at the end take part of the budget, as does a scenario that would begin now."""
    passes = passes_of(late(), Pace(budget_s=200))
    assert "" == passes._no_time(90)
    assert passes._no_time(101)
    passes._reserved_s = 20
    assert passes._no_time(90)


def test_what_would_not_end_within_the_budget_starts_no_simulator():
    """How long it takes is known before, by the rate that the receiver has shown."""
    passes = passes_of(late(), Pace(budget_s=105))
    passes._answer_ms, passes._per_s = 1000, 1.0
    (storm,) = (each for each in bundled_scenarios() if each.name == "storm")
    assert Verdict.SKIPPED is passes._one(storm, is_alone=True, rest=RestOfRun()).played.judgement.verdict


@pytest.mark.parametrize(("answer_ms", "is_fewer"), [(20, False), (300, True)])
def test_a_slow_receiver_gets_fewer_events(answer_ms, is_fewer):
    """The first scenario shows how fast it is: one that answers at once gets all, however few were sent."""
    passes = passes_of(NoSimulator(), Pace())
    storm = next(each for each in bundled_scenarios() if each.name == "storm")
    assert "" == passes._volume(storm, Selection(CATALOG)).note
    runs = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0, duration_ms=answer_ms),)
    history = History("steady", (EventFact("w", "e", "SaleCreated", runs),))
    passes._note(history, Judgement(Verdict.VERIFIED), can_restart=False)
    volume = passes._volume(storm, Selection(CATALOG))
    assert is_fewer is bool(volume.note)
    assert is_fewer is (volume.scenario != storm)


@pytest.mark.parametrize(
    ("busy", "longest_s", "answer_ms", "jobs"),
    [("", 0, 20, 4), ("", 2, 20, 16), ("", 2, 300, 1), ("; overloaded", 0, 20, 1), ("; overloaded", 2, 20, 4)],
)
def test_fewer_scenarios_are_played_at_once_on_an_overloaded_machine(monkeypatch, busy, longest_s, answer_ms, jobs):
    """More of them would make late answers later; those that mostly wait for the receiver need less of the machine."""
    monkeypatch.setattr(first_passes, "overload", lambda: busy)
    passes = passes_of(NoSimulator(), Pace(4, 16))
    passes._answer_ms = answer_ms
    passes._receiver.note(longest_s)
    assert jobs == passes._jobs()


class Untouched(NoSimulator):
    """A run whose scenarios reach neither a simulator nor a receiver."""

    def __init__(self):
        super().__init__(began_s=stopwatch())

    @contextmanager
    def harness(self, _):
        yield Harness(None, None, self.given, pause=lambda _: None)


@pytest.mark.parametrize(("budget_s", "kills_s"), [(60, 15.0), (math.inf, math.inf)])
def test_a_scenario_may_kill_for_a_quarter_of_the_budget(monkeypatch, budget_s, kills_s):
    """A receiver that starts slowly would else be killed for as long as the budget is in the first of four."""
    given = []

    def play(scenario, harness):
        given.append(harness.limits.kills_s)
        return Recording(History(scenario.name), skipped="enough is known")

    monkeypatch.setattr(first_passes, "play", play)
    list(play_all(bundled_scenarios()[:1], Untouched(), receiver_contract(), Pace(budget_s=budget_s)))
    assert [kills_s] == given


@pytest.mark.long
@pytest.mark.slow
def test_two_unsettled_scenarios_end_the_run_with_the_effect_that_changes(shop, requested, play, limits):
    """Two in a row never come to rest: the reason names an effect, and the third is not tried."""
    looks = itertools.count()

    def shows():
        flag = next(looks) % 2 == 0
        return 200, orjson.dumps([{**each, "current": flag} for each in shop.effects])

    shop.shows = shows
    request = requested(shop.url, limits=limits())
    first, second, third = play(request, "short-outage", "steady", "storm")
    assert "changed its current" in first.judgement.reason
    assert [Verdict.UNKNOWN] * 3 == [each.judgement.verdict for each in (first, second, third)]
    assert third.judgement.reason == "not tried: the effects did not come to rest in steady"


@pytest.mark.slow
def test_an_observer_that_stays_down_ends_the_run(shop, requested, play, limits):
    """Two scenarios in a row without it: the third is not tried."""
    shop.shows = lambda: (502, b"")
    *_, third = play(requested(shop.url, limits=limits()), "steady", "short-outage", "storm")
    assert third.judgement.reason == "not tried: the observer did not answer in short-outage"
    assert NotPlayed("the observer did not answer in short-outage") == third.not_played
