"""Whole scenarios against receivers that are odd in every way: each ends in the right verdict, and says why."""

import itertools
import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace

import orjson
import pytest

from frontsim.clock import stopwatch
from frontsim.errors import BadInput, Unusable
from frontsim.verdicts import Verdict
from frontsim.verification.facts.classes import Class
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.play import scenario_state
from frontsim.verification.request import Address
from frontsim.verification.scenario import scenario
from frontsim.verification.session import play_all
from tests.patience import PATIENCE_S
from tests.verification.laboratory import CONTRACT, FEW, HASTY, QUICK

pytestmark = pytest.mark.slow


@pytest.fixture
def limits():
    """Makes limits that give what is missing little time, with changes."""
    return lambda **changes: replace(HASTY, **changes)


def ending(played):
    return played.judgement.verdict, [each.class_ for each in played.judgement.findings]


def test_a_right_receiver_is_verified(shop, requested, play):
    """A receiver that books each event once is verified, with every event counted."""
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])
    # 4 types x 4 occurrences, refused and resent; 4 orders that are created before; three controls and the sign of life
    assert played.judgement.counts == {
        "events": 24, "acknowledged": 24, "resent": 16, "effects": 24, "ok": 8, "recovered": 16
    }  # fmt: skip


def test_a_run_repeats_with_its_seed(shop, requested, play):
    """One seed, the same payloads and the same faults: what is broken in a storm is the same twice."""

    def broken(seed):
        (played,) = play(requested(shop.url, events=["SaleCreated"]), "storm", seed=seed)
        return [[run.status for run in event.runs][:1] for event in played.history.events]

    first = broken(7)
    assert first == broken(7)
    assert first != broken(8)


def test_no_two_runs_are_about_the_same_things(shop, requested, play):
    """One seed twice: the same payloads, but sales and customers that no earlier run has used."""

    def identities():
        (played,) = play(requested(shop.url, events=["SaleCreated", "CustomerCreated"]), "short-outage", seed=3)
        return {event.entity.value for event in played.history.events}

    # 2 types x 4 occurrences, two controls and the sign of life
    assert [11, 11, 22] == [len(one := identities()), len(other := identities()), len(one | other)]


def test_without_an_observer_nothing_is_claimed(shop, requested, play):
    """No way to see effects: unknown, and the reason says so."""
    (played,) = play(requested(shop.url, observe_url=""), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "no way to read effects was given" in played.judgement.reason


def test_an_observer_that_is_down_accuses_nobody(shop, requested, play):
    """The observer answers 502 from the start: unknown, with what it said."""
    shop.shows = lambda: (502, b"bad gateway")
    (played,) = play(requested(shop.url), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "expected 200 and a JSON list, got 502 bad gateway" in played.judgement.reason


def test_an_observer_may_appear_with_the_first_event(shop, requested, play):
    """A table or an endpoint that the receiver creates with its first event was empty before."""
    shop.shows = lambda: (200, orjson.dumps(shop.effects)) if shop.effects else (404, b"no such table")
    (played,) = play(requested(shop.url), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_database_file_may_appear_with_the_first_event(shop, requested, play, tmp_path):
    """--observe-sql on a file that is not there yet, as of a receiver that migrates at its first request."""
    file = tmp_path / "shop.db"

    def books(event_id):
        with shop.lock, closing(sqlite3.connect(file)) as database, database:
            database.execute("create table if not exists booked (id text primary key)")
            database.execute("insert or ignore into booked values (?)", (event_id,))

    shop.books = books
    request = requested(shop.url, observe_url="", observe_sql=(f"sqlite:///{file}", "select id from booked"))
    (played,) = play(request, "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_what_was_there_before_the_observer_answered_is_no_effect_of_ours(shop, requested, play):
    """It did not answer the first looks, and then shows a past: only what comes after it counts."""
    shop.effects.append({"webhookEventId": "from-before"})
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps(shop.effects)) if next(looks) >= 4 else (503, b"starting")
    (played,) = play(requested(shop.url), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert not played.judgement.notes


def test_an_observer_that_dies_on_the_way_accuses_nobody(shop, requested, play):
    """The observer dies after the control: unknown, though no effect can be seen any more."""
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps(shop.effects)) if next(looks) < 3 else (500, b"")
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 500" in played.judgement.reason


def test_an_observer_with_another_key_is_told_apart_from_a_loss(shop, requested, play, limits):
    """Nothing at the key: the control fails, and the reason names the fields that there are."""
    shop.shows = lambda: (200, orjson.dumps([{"id": each["webhookEventId"]} for each in shop.effects]))
    (played,) = play(requested(shop.url, limits=limits()), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the last with the fields id; looked for webhookEventId" in played.judgement.reason


def test_the_key_is_a_setting(shop, requested, play):
    """With --observe-key the same effects are found."""
    shop.shows = lambda: (200, orjson.dumps([{"meta": {"id": each["webhookEventId"]}} for each in shop.effects]))
    (played,) = play(requested(shop.url, observe_key="meta.id"), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_foreign_records_that_come_all_the_time_are_left_out(shop, requested, play):
    """Another program books without end, before and during the run: no obstacle, and a note."""
    others = itertools.count()
    shop.effects.append({"webhookEventId": "from-before"})

    def shows():
        shop.effects.append({"webhookEventId": f"foreign-{next(others)}"})
        return 200, orjson.dumps(shop.effects)

    shop.shows = shows
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert "name no event of this scenario" in played.judgement.notes[0]


def test_effects_that_never_settle_are_unknown(shop, requested, play, limits):
    """Our effects come and go without end: unknown after the scenario's time."""
    looks = itertools.count()

    def shows():
        return 200, orjson.dumps(shop.effects[: 1 + next(looks) % 2] if len(shop.effects) > 1 else shop.effects)

    shop.shows = shows
    (played,) = play(requested(shop.url, limits=limits()), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "still changing" in played.judgement.reason


def test_a_duplicate_stands_though_effects_never_settle(shop, requested, play, limits):
    """More and more effects of one event: a duplicate, whatever else may come."""
    first = None

    def shows():
        nonlocal first
        if len(shop.effects) > 9:  # more than the preflight books
            first = first or shop.effects[9]
            shop.effects.append(dict(first))
        return 200, orjson.dumps(shop.effects)

    shop.shows = shows
    (played,) = play(requested(shop.url, limits=limits()), "short-outage")
    assert ending(played) == (Verdict.VIOLATED, [Class.DUPLICATED])


def test_what_changes_is_told_and_later_scenarios_are_not_tried(shop, requested, play, limits):
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


def test_a_field_that_differs_in_every_look_is_no_change(shop, requested, play):
    """Effects with the time of reading in them come to rest."""
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps([{**each, "at": next(looks)} for each in shop.effects]))
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_key_that_is_wrong_ends_the_run(shop, requested, play, limits):
    """The very first clean event was not seen: no other scenario is tried."""
    steady, storm = play(requested(shop.url, observe_key="nothing", limits=limits()), "steady", "storm")
    assert "got it 0 times" in steady.judgement.reason
    assert storm.judgement.verdict is Verdict.UNKNOWN
    assert storm.judgement.reason == "not tried: the observer did not show a clean event in steady"


def test_an_observer_that_stays_down_ends_the_run(shop, requested, play, limits):
    """Two scenarios in a row without it: the third is not tried."""
    shop.shows = lambda: (502, b"")
    *_, third = play(requested(shop.url, limits=limits()), "steady", "short-outage", "storm")
    assert third.judgement.reason == "not tried: the observer did not answer in short-outage"


class Batches:
    """A worker that books what has come only when a batch is due; its first batch was due just after the control."""

    def __init__(self, shop):
        self._shop = shop
        self._booked = 1
        self.is_due = threading.Event()
        shop.shows = self._shows

    def _shows(self):
        if self.is_due.is_set():
            self._booked = len(self._shop.effects)
        return 200, orjson.dumps(self._shop.effects[: self._booked])


@pytest.mark.parametrize("names", [["short-outage"], ["short-outage", "crash-after-ack"]])
def test_a_batch_that_comes_late_is_no_loss(shop, requested, play, limits, names):
    """All is booked when --settle's patience is over: verified, also alone, with a note."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    played, *_ = play(request, *names, after_each=Batches(shop).is_due.set)
    assert ending(played) == (Verdict.VERIFIED, [])
    assert any("effects came late: the last of them " in note for note in played.judgement.notes)


def test_a_batch_that_comes_in_the_next_scenario_is_no_loss(shop, requested, play, limits):
    """What is missing is looked for again after the next scenario, before anybody is accused of it."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    first, second = play(request, "short-outage", "steady", after_each=Batches(shop).is_due.set)
    assert (ending(first), ending(second)) == ((Verdict.VERIFIED, []), (Verdict.VERIFIED, []))
    assert [first.scenario.name, second.scenario.name] == ["short-outage", "steady"]
    assert first.judgement.counts["effects"] == 6


def test_a_duplicate_in_a_late_batch_is_found(shop, requested, play, limits):
    """The last look sees everything that came late, also what came twice."""
    late = Batches(shop)

    def books_the_batch():
        shop.effects.append(shop.effects[3])
        late.is_due.set()

    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    (played,) = play(request, "short-outage", after_each=books_the_batch)
    assert ending(played) == (Verdict.VIOLATED, [Class.DUPLICATED])


def test_what_comes_in_part_leaves_the_rest_lost(shop, requested, play, limits):
    """Part of a late batch is not there: a loss, of that part only."""
    is_over = threading.Event()
    shop.shows = lambda: (200, orjson.dumps(shop.effects[: 4 if is_over.is_set() else 1]))
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert played.judgement.verdict is Verdict.VIOLATED
    assert played.judgement.counts["effects"] == 4
    assert len(played.judgement.missing) == 2


def test_the_big_payload_is_over_the_default_limit_of_a_proxy(shop, requested, play):
    """A receiver behind nginx, which takes bodies up to 1 MiB, refuses it; others get it whole."""
    (played,) = play(requested(shop.url), "big-payload")
    assert ending(played) == (Verdict.VERIFIED, [])
    assert 2**20 < max(map(len, shop.bodies.values())) < 2 * 2**20


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


def test_an_observer_that_dies_before_the_last_look_accuses_nobody(shop, requested, play, limits):
    """It was alive when effects were missed, and is not when they are looked for again."""
    is_over = threading.Event()
    Batches(shop)
    lists = shop.shows
    shop.shows = lambda: (502, b"bad gateway") if is_over.is_set() else lists()
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 502 bad gateway" in played.judgement.reason


def test_an_observer_that_shows_less_in_the_last_look_accuses_nobody(shop, requested, play, limits):
    """All is booked late, but the list shows the newest three only: what was lost cannot be known."""
    is_over = threading.Event()
    shop.shows = lambda: (200, orjson.dumps(shop.effects[-3:] if is_over.is_set() else shop.effects[:1]))
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the observer no longer shows 1 record" in played.judgement.reason


def test_a_slow_worker_that_time_runs_out_on_is_unknown(shop, requested, play, limits):
    """It books one event from look to look, and is not through when time ends: unknown, and not what is yet to come."""
    booked = itertools.count(1)

    def shows():
        number = next(booked)
        return 200, orjson.dumps(shop.effects[: min(number, 40 + number % 2)])

    shop.shows = shows
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "long-outage")  # of fifty events
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the effects were still changing when time ran out" in played.judgement.reason


def test_a_slow_control_is_waited_for_while_nothing_new_is_shown(shop, requested, play, limits):
    """The batch with the very first clean event is far away: longer than --settle says, but no wrong key."""
    began = stopwatch()
    shop.shows = lambda: (200, orjson.dumps(shop.effects if stopwatch() - began > 2 else []))
    (played,) = play(requested(shop.url, limits=limits(last_s=20)), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_receiver_that_is_starting_is_waited_for(shop, requested, play):
    """It answers 503 for a while: the first clean event is sent until it is taken."""
    began, refused_s = stopwatch(), []

    def answer(_):
        if stopwatch() - began > 2.5:
            return 200
        refused_s.append(stopwatch())
        return 503

    shop.answers = answer
    with open_harnesses(requested(shop.url), 1, pause=time.sleep) as open_harness:
        (each,) = scenario.chosen(["short-outage"])
        (played,) = play_all([each], open_harness, CONTRACT)
        with open_harness(each) as harness:
            assert harness.latency.longest_s < stopwatch() - refused_s[-1]  # how slow it is, from when it has begun
    assert ending(played) == (Verdict.VERIFIED, [])


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
    with open_harnesses(requested(shop.url, limits=limits()), 1, pause=time.sleep) as open_harness:
        first, second = scenario.chosen(["short-outage", "steady"])
        (played,) = play_all([first], open_harness, CONTRACT)
        with open_harness(second) as harness:
            assert harness.latency.keeps_refusing
    assert Class.REJECTED in {each.class_ for each in played.judgement.findings}


def test_what_never_comes_is_lost(shop, requested, play, limits):
    """The last look does not find it either: it is a loss, and told in the order of the scenarios."""
    Batches(shop)
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    first, second = play(request, "short-outage", "crash-after-ack")
    assert (first.judgement.verdict, second.judgement.verdict) == (Verdict.VIOLATED, Verdict.SKIPPED)
    assert {Class.BURNED, Class.LOST_AFTER_ACK} == {each.class_ for each in first.judgement.findings}


def test_scenarios_share_what_they_learn_of_the_receivers_speed(shop, requested):
    """The longest latency of one scenario is the patience of the next."""
    shop.effects.append({"webhookEventId": "from-before"})
    with open_harnesses(requested(shop.url), 1, pause=time.sleep) as open_harness:
        first, second = scenario.chosen(["steady", "short-outage"])
        list(play_all([first], open_harness, CONTRACT))
        with open_harness(second) as harness:
            assert harness.latency.longest_s > 0


def test_an_observer_that_shows_the_newest_only_accuses_nobody(shop, requested, play, limits):
    """A list that is a window drops what it showed before: unknown, because what was lost cannot be known."""
    shop.shows = lambda: (200, orjson.dumps(shop.effects[-5:]))
    (played,) = play(requested(shop.url, limits=limits()), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the observer no longer shows 3 records" in played.judgement.reason
    assert "that it showed before; it must show all" in played.judgement.reason


@pytest.mark.parametrize(("size", "expected"), [(10, Verdict.UNKNOWN), (11, Verdict.VIOLATED)])
def test_an_observer_that_shows_one_page_accuses_nobody(shop, requested, play, limits, size, expected):
    """The list ends at ten records: a page, not a loss. One of eleven is no page."""
    shop.shows = lambda: (200, orjson.dumps(shop.effects[:size]))
    (played,) = play(requested(shop.url, limits=limits(last_s=0.1)), "short-outage")
    assert played.judgement.verdict is expected
    told = "the observer shows 10 records and none newer, as the first page of a longer list does; it must show all"
    assert (told in played.judgement.reason) is (size == 10)


def test_ctrl_c_tells_what_is_known(shop, requested, limits):
    """A scenario that waits for the last look is shown before the interruption goes on, without an accusation."""
    Batches(shop)
    told = []
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    with open_harnesses(request, 1, pause=time.sleep) as open_harness:

        class Interrupted:
            skip_reason = open_harness.skip_reason
            began_s, refused = open_harness.began_s, open_harness.refused

            def __call__(self, next_one):
                if next_one.name == "steady":
                    raise KeyboardInterrupt
                return open_harness(next_one)

        with pytest.raises(KeyboardInterrupt):
            told.extend(play_all(scenario.chosen(["short-outage", "steady"]), Interrupted(), CONTRACT))
    assert [each.scenario.name for each in told] == ["short-outage"]
    assert ending(told[0]) == (Verdict.UNKNOWN, [])
    assert "interrupted before the effects that are missing had been waited for" in told[0].judgement.reason


def test_no_simulator_at_the_address_is_refused_at_once(shop, requested, free_port):
    """--base-url of nothing: not a verdict but an error, before the first scenario."""
    url = f"http://127.0.0.1:{free_port()}"
    address = Address(f"{url}/restapi/V2", f"{url}/_sim")
    with (
        pytest.raises(Unusable, match="--base-url: expected a running simulator at http"),
        open_harnesses(requested(shop.url), 1, pause=time.sleep, address=address),
    ):
        pytest.fail("nothing may be played")


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


def test_a_receiver_that_refuses_everything_is_asked_in_two_scenarios(shop, requested, play, monkeypatch):
    """The verdict on the others is the same without playing them; one that refuses for a moment would be played on."""
    monkeypatch.setattr("frontsim.verification.early_stop._LEAST_S", 0.0)
    shop.answers = lambda _: 401
    request = requested(shop.url, events=["SaleCreated"])
    asked = []
    played = play(request, "steady", "short-outage", "storm", after_each=lambda: asked.append(len(shop.seen)))
    assert [(Verdict.UNKNOWN, [])] * 3 == [ending(each) for each in played]
    told = "not tried: the receiver refused every clean event, of each type, with 401"
    assert told == played[2].judgement.reason
    assert 2 == len(asked)


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


def test_nobody_at_the_url_is_refused_at_once(requested, play, free_port):
    """Nothing listens there: not a verdict but an error, before anything is started."""
    with pytest.raises(Unusable, match="expected a receiver at"):
        play(requested(f"http://127.0.0.1:{free_port()}"), "steady")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"events": ["SaleCraeted"]}, "SaleCreated"),
        ({"observe_cmd": "true"}, "expected one way to read effects, got --observe-url and --observe-cmd"),
        ({"observe_url": "nowhere"}, "--observe-url: expected a URL"),
        ({"observe_url": "", "observe_sql": ("shop.db", "SELECT 1")}, "--observe-sql: expected a DSN"),
        ({"observe_url": "", "observe_import": "json"}, "--observe-import: expected pkg.mod:attr"),
        ({"observe_url": "", "observe_import": "json:nothing"}, "--observe-import: expected a name that can be"),
        ({"observe_url": "", "observe_sink": "shop"}, "--observe-sink: expected --base-url too"),
    ],
)
def test_a_request_that_cannot_work_is_refused(shop, requested, play, changes, told):
    """What the user got wrong is told before anything is played."""
    with pytest.raises(BadInput) as refused:
        play(requested(shop.url, **changes), "steady")
    assert told in str(refused.value)


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


def test_a_command_that_does_not_start_is_told(requested, play, free_port):
    """--receiver-cmd that ends at once: its exit code and its last words."""
    with pytest.raises(Unusable, match="it ended with 3: no such shop"):
        play(requested(f"http://127.0.0.1:{free_port()}", receiver_cmd="echo no such shop; exit 3"), "steady")


def upper_ids(payload):
    return {
        name: value.upper() if name.endswith("Id") and isinstance(value, str) else value
        for name, value in payload.items()
    }


def sorted_lines(payload):
    lines = {name: sorted(value, key=repr) for name, value in payload.items() if isinstance(value, list)}
    return {**payload, **lines}


def cents(payload):
    return {name: round(value * 100) if name in ("total", "vatTotal") else value for name, value in payload.items()}


def flat(payload):
    """Keys of its own: `sale_total` instead of `total`."""
    return {f"{name}_flat": str(value)[:5] for name, value in payload.items()}


@pytest.fixture
def keeps(shop):
    """Lets the shop show each payload as `rewrite` keeps it."""

    def set_rewrite(rewrite):
        def shown(each):
            return {**each, "payload": rewrite(orjson.loads(shop.bodies[each["webhookEventId"]]))}

        shop.shows = lambda: (200, orjson.dumps(list(map(shown, shop.effects))))

    return set_rewrite


@pytest.mark.parametrize("rewrite", [upper_ids, sorted_lines, cents, flat])
def test_a_payload_that_is_rewritten_without_a_loss_is_right(shop, requested, play, keeps, rewrite):
    """Upper case, another order, cents, its own keys: the receiver's data, and not the vendor's payload cut."""
    keeps(rewrite)
    (played,) = play(requested(shop.url, events=["SaleCreated", "StockMovementCreated"]), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_a_payload_that_loses_something_is_corrupt(shop, requested, play, keeps):
    """The same receiver, with amounts cut to whole numbers."""
    keeps(lambda payload: {**payload, "total": int(payload["total"])} if "total" in payload else payload)
    (played,) = play(requested(shop.url), "unicode-and-decimals")
    assert Verdict.VIOLATED is played.judgement.verdict
    assert {Class.CORRUPT} == {each.class_ for each in played.judgement.findings}


def test_rows_with_all_columns_are_found_by_their_business_key(shop, requested, play):
    """SELECT *: each row has its own id, and the payload's `id` of a reservation inside."""

    def shows():
        rows = [
            {"id": number, "payload": orjson.loads(shop.bodies[each["webhookEventId"]])}
            for number, each in enumerate(list(shop.effects), 1)
        ]
        return 200, orjson.dumps(rows)

    shop.shows = shows
    (played,) = play(requested(shop.url, observe_key="business"), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])
