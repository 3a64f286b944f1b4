"""Whole scenarios whose clean events are taken late, or never: what that says of the run."""

import threading
import time
from http.server import HTTPServer

import orjson
import pytest

from frontsim.clock import stopwatch
from frontsim.hosting.serving import run_in_thread
from frontsim.verdicts import Verdict
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario import scenario
from frontsim.verification.schedule import Pace
from tests.support.patience import PATIENCE_S
from tests.support.served import served
from tests.verification.laboratory import CONTRACT, ShopReceiver, ending

pytestmark = pytest.mark.slow


def test_an_observer_with_another_key_makes_the_control_fail(shop, requested, play, limits):
    """Nothing at the key: the control fails, and the reason names the fields that there are."""
    shop.shows = lambda: (200, orjson.dumps([{"id": each["webhookEventId"]} for each in shop.effects]))
    (played,) = play(requested(shop.url, limits=limits()), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the last with the fields id; looked for webhookEventId" in played.judgement.reason


def test_a_key_that_is_wrong_ends_the_run(shop, requested, play, limits):
    """The very first clean event was not seen: no other scenario is tried."""
    steady, storm = play(requested(shop.url, observe_key="nothing", limits=limits()), "steady", "storm")
    assert "got it 0 times" in steady.judgement.reason
    assert storm.judgement.verdict is Verdict.UNKNOWN
    assert storm.judgement.reason == "not tried: the observer did not show a clean event in steady"


def test_a_clean_event_that_an_earlier_one_overtakes_is_waited_for(shop, requested, play, limits):
    """The first control appears only when the second is sent, and the second 1 s later: no sign of a wrong key."""
    came = {}
    shop.answers = lambda event: came.setdefault(event, stopwatch()) and 200

    def visible():
        second = list(came.values())[1] if len(came) > 1 else None
        if second is None or stopwatch() - second > 1:  # --settle says half a second
            return shop.effects if second else []
        return shop.effects[:1]

    shop.shows = lambda: (200, orjson.dumps(visible()))
    (played,) = play(requested(shop.url, events=["SaleCreated"], limits=limits(last_s=20)), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_slow_control_is_waited_for_while_nothing_new_is_shown(shop, requested, play, limits):
    """The batch with the very first clean event is far away: longer than --settle says, but no wrong key."""
    began = stopwatch()
    shop.shows = lambda: (200, orjson.dumps(shop.effects if stopwatch() - began > 2 else []))
    (played,) = play(requested(shop.url, limits=limits(last_s=20)), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_receiver_that_is_starting_is_waited_for(shop, requested, play):
    """It answers 503 for a while: the first clean event is sent until it is taken."""
    refused_s = []

    def answer(_):
        if refused_s and stopwatch() - refused_s[0] > 2.5:
            return 200
        refused_s.append(stopwatch())
        return 503

    shop.answers = answer
    with open_run(requested(shop.url), 1, simulators=run_in_thread, pause=time.sleep) as opened:
        (each,) = scenario.chosen(["short-outage"])
        (played,) = play_all([each], opened, CONTRACT)
        with opened.harness(each.name) as harness:
            assert (
                harness.given.latency.longest_s < stopwatch() - refused_s[-1]
            )  # how slow it is, from when it has begun
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_receiver_that_hangs_is_unknown_and_not_tried_again(shop, requested, play, limits):
    """No answer to a clean event: unknown, and the scenarios after it do not wait for the same."""
    closing = threading.Event()
    shop.answers = lambda _: closing.wait(PATIENCE_S) and 503
    steady, storm = play(requested(shop.url, limits=limits(answer_s=0.3)), "steady", "storm")
    closing.set()
    assert (ending(steady), ending(storm)) == ((Verdict.UNKNOWN, []), (Verdict.UNKNOWN, []))
    assert "got Timeout" in steady.judgement.reason
    assert "not tried: the receiver gave no answer to a clean event in steady" in storm.judgement.reason


def test_a_receiver_that_refuses_everything_is_unknown(shop, requested, play):
    """A wrong URL or token answers 401 to all: nothing can be said, and the reason says what came."""
    shop.answers = lambda _: 401
    (played,) = play(requested(shop.url), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 401 Unauthorized" in played.judgement.reason


class OfOneThread(ShopReceiver):
    """A shop that reads no other connection until the one that it reads is closed."""

    process_request = HTTPServer.process_request


def test_a_receiver_of_one_thread_is_not_blocked_by_our_idle_connections(requested, play):
    """Python's HTTPServer with HTTP/1.1: the simulators of scenarios and the observer take turns."""
    with served(OfOneThread()) as shop:
        played = play(requested(shop.url, events=["SaleCreated"]), "steady", "same-second", pace=Pace(jobs=2))
    assert [(Verdict.VERIFIED, [])] * 2 == list(map(ending, played))


@pytest.mark.parametrize("key", ["webhookEventId", "business"])
def test_of_what_two_webhooks_report_a_table_of_newest_states_shows_one(key, receiver, requested, play):
    """A clean update is two events then, and the row has the id of the one that came last."""
    with receiver("newest-state") as url:
        (played,) = play(requested(url, events=["CustomerUpdated"], observe_key=key), "two-webhooks")
    assert ending(played) == (Verdict.VERIFIED, [])
