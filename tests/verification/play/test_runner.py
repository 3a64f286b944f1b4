"""A scenario whose time is over: judged if all of it was played, unknown if not."""

import itertools
import json
import threading
import time
from dataclasses import replace

import pytest

from frontsim.clock import stopwatch
from frontsim.hosting.serving import run_in_thread
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.play import runner, scenario_state
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario import scenario
from tests.support.patience import PATIENCE_S
from tests.verification.laboratory import CONTRACT, FEW, QUICK, ending

pytestmark = pytest.mark.slow

LONG_S = 500
WAIT = f'[[step]]\ndo = "wait"\nseconds = {LONG_S}\n'
RAISE = '[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\n'


@pytest.fixture
def played(shop, requested, tmp_path, monkeypatch):
    """Play these steps, of which a long wait uses up the time."""

    def play(*steps):
        late = []
        monkeypatch.setattr(ScenarioState, "is_late", lambda _: bool(late))
        file = tmp_path / "late.toml"
        file.write_text("\n".join(['breaks = "Nothing."', 'holds = "All."', *steps]))

        def pause(seconds):
            late.extend([seconds] if seconds == LONG_S else [])
            time.sleep(0 if seconds == LONG_S else seconds)

        with open_run(requested(shop.url), 1, simulators=run_in_thread, pause=pause) as opened:
            (each,) = play_all(scenario.chosen([str(file)]), opened, CONTRACT)
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
    """An event that the simulator has not sent yet is no loss."""
    monkeypatch.setattr(ScenarioState, "is_drained", lambda _: False)
    assert "(--timeout)" in played(RAISE, WAIT).reason


def test_a_right_receiver_is_verified(shop, requested, play):
    """A receiver that books each event once is verified, with every event counted."""
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])
    # 4 types x 4 occurrences, refused and resent; 4 orders that are created before; three controls and the sign of life
    assert played.judgement.counts == {
        "events": 24, "acknowledged": 24, "resent": 16, "effects": 24, "ok": 8, "recovered": 16
    }  # fmt: skip


def test_the_big_payload_is_over_the_default_limit_of_a_proxy(shop, requested, play):
    """A receiver behind nginx, which takes bodies up to 1 MiB, refuses it; others get it whole."""
    (played,) = play(requested(shop.url), "big-payload")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert 2**20 < max(map(len, shop.bodies.values())) < 2 * 2**20


@pytest.mark.parametrize("status", [500, 503, 429, 409])
def test_a_receiver_that_is_overloaded_is_asked_again(shop, requested, play, status):
    """It turns everything away for a while when it has taken ten: nothing is refused for ever."""
    taken, closed_until = itertools.count(1), [0.0]

    def answer(_):
        if stopwatch() < closed_until[0]:
            return status
        if next(taken) % 10 == 0:
            closed_until[0] = stopwatch() + 0.4
        return 200

    shop.answers = answer
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert played.judgement.counts["recovered"] >= 16


def test_a_receiver_that_lets_few_through_is_not_accused_of_the_others(shop, requested, play, limits):
    """Time is over while it still takes an event now and then: unknown."""
    began = []

    def answer(_):
        began.append(stopwatch())
        due = 2 + 4 * (began[-1] - began[0])
        return 200 if len(shop.effects) < min(due, 14) else 429  # of 18 events

    shop.answers = answer
    (played,) = play(requested(shop.url, limits=replace(QUICK, timeout_s=2.5, last_s=60)), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "(--timeout)" in played.judgement.reason


def test_a_receiver_that_refuses_when_time_is_over_is_not_accused(shop, requested, play, limits):
    """It took the control and has refused ever since, but for less long than anything missing is waited for."""
    shop.answers = lambda _: 503 if shop.seen else 200
    (played,) = play(requested(shop.url, limits=replace(QUICK, timeout_s=4, last_s=60)), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "(--timeout)" in played.judgement.reason


def test_what_is_refused_for_ever_is_found_and_not_waited_for_again(shop, requested, limits):
    """503 for as long as a scenario waits proves it; the next scenario knows."""
    shop.answers = lambda event: 200 if event in shop.seen or len(shop.seen) % 4 < 3 else 503
    shop.books("from-before")
    with open_run(requested(shop.url, limits=limits()), 1, simulators=run_in_thread, pause=time.sleep) as opened:
        first, second = scenario.chosen(["short-outage", "steady"])
        (played,) = play_all([first], opened, CONTRACT)
        with opened.harness(second.name) as harness:
            assert harness.given.latency.keeps_refusing
    assert Class.REJECTED in {each.class_ for each in played.judgement.findings}


def test_a_receiver_that_took_events_and_fails_for_ever_is_crashed(shop, requested, play, limits):
    """It took all of some scenarios, and answers 500 to the next one's clean events."""
    shop.answers = lambda event: 200 if event in shop.seen or len(shop.seen) < 20 else 500
    request = requested(shop.url, limits=limits(last_s=0.5), events=["SaleCreated"])
    found = play(request, *["steady"] * 8)
    assert Verdict.VERIFIED is found[0].judgement.verdict
    crashed = [each.judgement for each in found if Class.CRASHED in {one.class_ for one in each.judgement.findings}]
    assert Verdict.VIOLATED is crashed[0].verdict
    assert "although it took clean events before" in str(crashed[0].findings)


@pytest.mark.long
def test_a_receiver_that_stops_answering_is_crashed(shop, requested, play, limits, monkeypatch):
    """It answered the controls, and later nothing any more: crashed, and the next scenario is not tried."""
    hung, closing = [], threading.Event()

    def answer(event):
        if len(shop.seen) < 5:
            return 200
        hung.append(event)
        return closing.wait(PATIENCE_S) and 503

    def time_runs_out():
        return stopwatch() + (PATIENCE_S if len(hung) > 3 else 0)  # after one event, and three signs of life

    shop.answers = answer
    monkeypatch.setattr(scenario_state, "stopwatch", time_runs_out)
    steady, storm = play(requested(shop.url, events=FEW, limits=limits(answer_s=1)), "steady", "storm")
    closing.set()
    assert Class.CRASHED in [each.class_ for each in steady.judgement.findings], steady.judgement.reason
    assert storm.judgement.verdict is Verdict.UNKNOWN
    assert "stopped answering in steady" in storm.judgement.reason


def test_a_receiver_that_catches_up_is_not_crashed(shop, requested, play, limits):
    """It is silent for a while after a burst, and answers again before time is over: alive, and all is booked."""
    asked, closing = itertools.count(), threading.Event()
    shop.answers = lambda _: 200 if not 3 <= next(asked) < 30 else closing.wait(PATIENCE_S) and 503
    (played,) = play(requested(shop.url, limits=limits(answer_s=0.5, last_s=20)), "steady")
    closing.set()
    assert ending(played) == (Verdict.VERIFIED, [])


def test_types_keep_their_order_though_webhooks_are_created_side_by_side(shop, requested, play, monkeypatch):
    """The list -> resend job goes by it, and a run with the same seed should do the same again."""
    subscribe, last_is_there, kept = ScenarioState.subscribe, threading.Event(), []
    types = ["SaleCreated", "CustomerCreated", "InvoiceCreated", "DeliveryCompleted", "StockCountReconciled"]

    def in_reverse(state, event):
        is_new = event not in state.webhooks and threading.current_thread() is not threading.main_thread()
        if is_new and event != types[-1]:
            last_is_there.wait(PATIENCE_S)
        subscribe(state, event)
        if event == types[-1]:
            last_is_there.set()
        kept[:] = state.webhooks

    monkeypatch.setattr(ScenarioState, "subscribe", in_reverse)
    play(requested(shop.url, events=types), "steady")
    assert types == kept


def test_what_cannot_be_played_is_skipped_with_the_reason(shop, requested, play):
    """No --receiver-cmd, or a type that is left out: skipped, and why."""
    crash, big = play(requested(shop.url, events=["SaleCreated"]), "crash-after-ack", "big-payload")
    assert (Verdict.SKIPPED, Verdict.SKIPPED) == (crash.judgement.verdict, big.judgement.verdict)
    assert "--receiver-cmd" in crash.judgement.reason
    assert "StockCountReconciled, which --events leaves out" in big.judgement.reason


def test_a_scenario_is_played_with_the_types_that_are_there(shop, requested, play):
    """It names three, the receiver takes one: that one is raised, and the verdict stands on it."""
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "unicode-and-decimals")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert {"SaleCreated"} == {event.event for event in played.history.events}


def test_a_users_schema_of_a_bundled_type_is_played(shop, requested, play, tmp_path):
    """As the real API may serve it: a field that a scenario sets is gone, and another has another type."""
    fields = {"saleId": {"type": "integer"}, "saleDateTime": {"type": "string"}, "total": {"type": "string"}}
    schema = {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}
    (tmp_path / "SaleCreated.json").write_text(json.dumps(schema))
    request = requested(shop.url, events=["SaleCreated"], contracts=tmp_path)
    assert [(Verdict.VERIFIED, [])] * 2 == [
        ending(played) for played in play(request, "same-second", "unicode-and-decimals")
    ]
    assert {frozenset(fields)} == {frozenset(json.loads(body)) for body in shop.bodies.values()}


def test_a_scenario_of_the_users_own(shop, requested, play, tmp_path):
    """A TOML file of the documented format is played like ours."""
    file = tmp_path / "friday.toml"
    file.write_text(
        'breaks = "Answers get lost."\nholds = "Each event is booked once."\n'
        '[[step]]\ndo = "fault"\nfault = "lost-response"\n'
        '[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\ncount = 3\n'
    )
    (played,) = play(requested(shop.url), str(file))
    assert ending(played) == (Verdict.VERIFIED, [])
    assert played.judgement.counts["recovered"] == 3


@pytest.mark.parametrize(("name", "is_suspect"), [("crash-after-ack", False), ("steady", True)])
def test_what_was_gone_around_a_kill_says_nothing_of_the_observer(shop, requested, monkeypatch, name, is_suspect):
    """A scenario that kills the receiver forgets what was gone and is back; another keeps it for the last look."""
    monkeypatch.setattr(runner, "act", lambda *_: None)
    (chosen,) = scenario.chosen([name])
    with (
        open_run(requested(shop.url), 1, simulators=run_in_thread, pause=time.sleep) as opened,
        opened.harness(chosen.name) as harness,
    ):
        for moment, shown in enumerate((["a", "b"], ["a"], ["a", "b"])):
            harness.given.observer.steadiness.note(shown, now_s=moment)
        runner.play(chosen, harness)
        assert is_suspect == harness.given.observer.steadiness.is_suspect
