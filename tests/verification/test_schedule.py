import threading
import time

import pytest

from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.schedule import Pace, Schedule, Stopped
from tests.support.patience import PATIENCE_S

BY_NAME = {each.name: each for each in bundled_scenarios()}
FOUR = [BY_NAME[name] for name in ("steady", "storm", "late-resend", "same-second")]


class Player:
    """Plays a scenario until as many are played at once as the test waits for."""

    def __init__(self, at_once=1):
        self.alone = {}
        self.barrier = threading.Barrier(at_once)

    def __call__(self, scenario, /, *, is_alone, rest):
        self.alone[scenario.name] = is_alone
        if not is_alone:
            self.barrier.wait(PATIENCE_S)
        return scenario.name


def names(scenarios):
    return [each.name for each in scenarios]


def test_the_first_is_alone_and_others_are_played_at_once():
    """Three meet at a barrier, which they pass only side by side; results come in the scenarios' order."""
    player = Player(3)
    assert names(FOUR) == list(Schedule(FOUR, Pace(jobs=3)).play(player, jobs=lambda: 3))
    assert {"steady": True, "storm": False, "late-resend": False, "same-second": False} == player.alone


def test_what_may_break_the_receiver_is_alone():
    """A scenario that kills it or sends broken bodies is beside no other; its place stays the same."""
    scenarios = [BY_NAME[name] for name in ("steady", "storm", "same-second", "malformed", "crash-after-ack")]
    player = Player(2)
    assert names(scenarios) == list(Schedule(scenarios, Pace(jobs=2)).play(player, jobs=lambda: 2))
    assert {"steady", "malformed", "crash-after-ack"} == {name for name, alone in player.alone.items() if alone}


def test_broken_bodies_are_sent_beside_others_where_all_wait():
    """A receiver that books late would make the run long: only a kill needs to be alone."""
    scenarios = [BY_NAME[name] for name in ("steady", "malformed", "storm", "crash-after-ack")]
    player = Player(2)
    assert names(scenarios) == list(Schedule(scenarios, Pace(1, 2)).play(player, jobs=lambda: 2))
    assert {"steady", "crash-after-ack"} == {name for name, alone in player.alone.items() if alone}


@pytest.mark.parametrize(("budget_s", "begun"), [(600, [1, 3, 0, 2]), (60, [0, 1, 2, 3])])
def test_the_longest_begin_first_where_all_have_time(budget_s, begun):
    """So none ends by itself; on a small budget the most telling ones begin first, as they stand."""
    batch = [BY_NAME[name] for name in ("short-outage", "storm", "same-second", "late-resend")]
    assert begun == list(Schedule(batch, Pace(jobs=2, budget_s=budget_s))._begun(batch))


def test_one_job_plays_one_after_another():
    """Each is alone then, and in this thread."""
    player = Player()
    assert names(FOUR) == list(Schedule(FOUR, Pace()).play(player, jobs=lambda: 1))
    assert all(player.alone.values())


def test_one_that_waits_for_the_end_begins_before_the_others_and_ends_after_them():
    """It is second to begin, whatever its place, and is told when all others are played."""
    scenarios = [BY_NAME[name] for name in ("steady", "storm", "long-memory", "same-second")]
    happened = []

    def one(scenario, /, *, is_alone, rest):
        happened.append(f"{scenario.name} begins")
        if scenario.waits_for_the_end:
            rest.wait(time.sleep, least_s=0)
        happened.append(f"{scenario.name} ends")
        return scenario.name

    ended = list(Schedule(scenarios, Pace()).play(one, jobs=lambda: 1))
    assert ["steady", "storm", "same-second", "long-memory"] == ended
    assert ["long-memory begins", "storm begins"] == happened[2:4]
    assert "long-memory ends" == happened[-1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_that_waits_need_not_wait_until_the_results_of_others_are_taken(jobs):
    """The caller takes its time for each, looks at its effects and shows it."""
    ended = threading.Event()

    def one(scenario, /, *, is_alone, rest):
        if scenario.waits_for_the_end:
            rest.wait(time.sleep, least_s=0)
            ended.set()
        return scenario.name

    scenarios = [BY_NAME[name] for name in ("steady", "long-memory", "storm", "same-second")]
    playing = Schedule(scenarios, Pace(jobs=jobs)).play(one, jobs=lambda: jobs)
    assert ["steady", "storm"] == [next(playing), next(playing)]
    assert jobs == 1 or ended.wait(PATIENCE_S)
    assert "same-second" == next(playing)
    assert ended.wait(PATIENCE_S)
    assert ["long-memory"] == list(playing)


def test_one_that_waits_ends_when_the_caller_stops_asking():
    """Its next pause raises, so that no thread stays behind."""
    schedule = Schedule([BY_NAME[name] for name in ("steady", "long-memory", "storm", "same-second")], Pace())
    pause, ended = schedule.pause(time.sleep), threading.Event()

    def one(scenario, /, *, is_alone, rest):
        try:
            if scenario.waits_for_the_end:
                rest.wait(pause, least_s=PATIENCE_S)
        except Stopped:
            ended.set()
            raise
        return scenario.name

    playing = schedule.play(one, jobs=lambda: 1)
    assert ["steady", "storm"] == [next(playing), next(playing)]
    playing.close()
    assert ended.wait(PATIENCE_S)


def test_one_that_waits_alone_has_nothing_to_wait_for():
    """Played by itself, as in a replay: only its own least time passes."""

    def one(scenario, /, *, is_alone, rest):
        return scenario.name, rest.wait(time.sleep, least_s=0) < PATIENCE_S

    assert [("long-memory", True)] == list(Schedule([BY_NAME["long-memory"]], Pace()).play(one, jobs=lambda: 1))


def test_a_caller_that_stops_asking_ends_what_is_played():
    """Scenarios that are played end at their next pause, and none that waits begins."""
    schedule = Schedule(FOUR, Pace(jobs=2))
    begun, pause = [], schedule.pause(lambda _: None)
    ended = threading.Semaphore(0)

    def one(scenario, /, *, is_alone, rest):
        begun.append(scenario.name)
        try:
            while not is_alone and scenario.name != "storm":
                pause(0)
        except Stopped:
            ended.release()
            raise
        return scenario.name

    playing = schedule.play(one, jobs=lambda: 2)
    assert ["steady", "storm"] == [next(playing), next(playing)]
    playing.close()
    assert ended.acquire(timeout=PATIENCE_S)
    with pytest.raises(Stopped):
        pause(0)


def test_what_a_scenario_raises_is_raised():
    """A fault of ours in a thread is not lost, and stops the others."""

    def one(scenario, /, *, is_alone, rest):
        if not is_alone:
            raise ValueError(scenario.name)
        return scenario.name

    with pytest.raises(ValueError, match="storm"):
        list(Schedule(FOUR, Pace(jobs=3)).play(one, jobs=lambda: 3))


def test_a_budget_ends():
    """After so many seconds the schedule is over; without a budget never."""
    assert Schedule(FOUR, Pace(budget_s=0)).is_over()
    assert not Schedule(FOUR, Pace()).is_over(reserve_s=1e9)
    assert Schedule(FOUR, Pace(budget_s=60)).is_over(reserve_s=60)
