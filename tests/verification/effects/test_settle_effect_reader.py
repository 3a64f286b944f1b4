"""Whole scenarios whose effects are shown in odd ways: each ends in the right verdict, and says why."""

import itertools
import sqlite3
import time
from contextlib import closing

import orjson
import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.observers import FunctionObserver, SharedObserver
from frontsim.verification.effects.settle import EffectReader
from tests.verification.laboratory import ending

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_look_of_another_scenario_is_a_baseline_for_those_beside_it(is_alone):
    """Later bookings are strange to them anyway; a scenario alone takes a look of its own."""
    shown = ["old"]
    shared = SharedObserver(FunctionObserver(lambda: shown), pause=time.sleep)
    readers = [EffectReader(shared, "id", pause=time.sleep) for _ in range(2)]
    for reader in readers:
        reader.take_baseline(is_alone=is_alone)
        shown.append(f"another {len(shown)}")
    assert ["another 1", "another 2"] == [each.key for each in readers[0].read_new()]
    assert (1 if is_alone else 2) == len(readers[1].read_new())


def test_without_an_observer_nothing_is_claimed(shop, requested, play):
    """No way to see effects: unknown, and the reason says so."""
    (played,) = play(requested(shop.url, observe_url=""), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "no way to read effects was given" in played.judgement.reason


def test_an_observer_that_is_down_makes_the_scenario_unknown(shop, requested, play):
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


def test_an_observer_that_dies_on_the_way_makes_the_scenario_unknown(shop, requested, play):
    """The observer dies after the control: unknown, though no effect can be seen any more."""
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps(shop.effects)) if next(looks) < 3 else (500, b"")
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 500" in played.judgement.reason


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
    assert "are of no event" in played.judgement.notes[0]


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


def test_a_field_that_differs_in_every_look_is_no_change(shop, requested, play):
    """Effects with the time of reading in them come to rest."""
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps([{**each, "at": next(looks)} for each in shop.effects]))
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])


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


def test_an_observer_that_shows_the_newest_only_makes_the_scenario_unknown(shop, requested, play, limits):
    """A list that is a window drops what it showed before: unknown, because what was lost cannot be known."""
    shop.shows = lambda: (200, orjson.dumps(shop.effects[-5:]))
    (played,) = play(requested(shop.url, limits=limits()), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the observer no longer shows 3 records" in played.judgement.reason
    assert "that it showed before; it must show all" in played.judgement.reason


@pytest.mark.parametrize(("size", "expected"), [(10, Verdict.UNKNOWN), (11, Verdict.VIOLATED)])
def test_an_observer_that_shows_one_page_makes_the_scenario_unknown(shop, requested, play, limits, size, expected):
    """The list ends at ten records: a page, not a loss. One of eleven is no page."""
    shop.shows = lambda: (200, orjson.dumps(shop.effects[:size]))
    (played,) = play(requested(shop.url, limits=limits(last_s=0.1)), "short-outage")
    assert played.judgement.verdict is expected
    told = "the observer shows 10 records and none newer, as the first page of a longer list does; it must show all"
    assert (told in played.judgement.reason) is (size == 10)


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
