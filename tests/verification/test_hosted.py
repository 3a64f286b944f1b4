"""Whole scenarios against receivers that are odd in every way: each ends in the right verdict, and says why."""

import itertools
import threading
from dataclasses import replace

import orjson
import pytest

from simulator.errors import BadInput, Unusable
from simulator.verification.bench import Limits
from simulator.verification.checks import Verdict
from simulator.verification.classes import Class


@pytest.fixture
def limits():
    """Makes limits that are quick, with changes."""
    return lambda **changes: replace(Limits(settle_s=0.1, answer_s=0.3), **changes)


def ending(played):
    return played.judgement.verdict, [each.class_ for each in played.judgement.findings]


def test_a_right_receiver_is_verified(shop, requested, play):
    """A receiver that books each event once is verified, with every event counted."""
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.VERIFIED, [])
    # 4 types x 4 occurrences, refused and resent; the control and the sign of life
    assert played.judgement.counts == {
        "events": 18, "acknowledged": 18, "resent": 16, "effects": 18, "ok": 2, "recovered": 16
    }  # fmt: skip


def test_a_run_repeats_with_its_seed(shop, requested, play):
    """One seed, the same payloads and the same faults: what is broken in a storm is the same twice."""

    def broken(seed):
        (played,) = play(requested(shop.url), "storm", seed=seed)
        return [[run.status for run in event.runs][:1] for event in played.history.events]

    first = broken(7)
    assert first == broken(7)
    assert first != broken(8)


def test_no_two_runs_are_about_the_same_things(shop, requested, play):
    """One seed twice: the same payloads, but sales and customers that no earlier run has used."""

    def identities():
        (played,) = play(requested(shop.url, events=["SaleCreated", "CustomerCreated"]), "short-outage", seed=3)
        return {event.entity.value for event in played.history.events}

    # 2 types x 4 occurrences, the control and the sign of life
    assert [10, 10, 20] == [len(one := identities()), len(other := identities()), len(one | other)]


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


def test_an_observer_that_dies_on_the_way_accuses_nobody(shop, requested, play):
    """The observer dies after the control: unknown, though no effect can be seen any more."""
    looks = itertools.count()
    shop.shows = lambda: (200, orjson.dumps(shop.effects)) if next(looks) < 3 else (500, b"")
    (played,) = play(requested(shop.url), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 500" in played.judgement.reason


def test_an_observer_with_another_key_is_told_apart_from_a_loss(shop, requested, play):
    """Nothing at the key: the control fails, and the reason names the fields that there are."""
    shop.shows = lambda: (200, orjson.dumps([{"id": each["webhookEventId"]} for each in shop.effects]))
    (played,) = play(requested(shop.url), "steady")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the last with the fields id; looked for webhookEventId" in played.judgement.reason


def test_the_key_is_a_setting(shop, requested, play):
    """With --observe-key the same effects are found."""
    shop.shows = lambda: (200, orjson.dumps([{"meta": {"id": each["webhookEventId"]}} for each in shop.effects]))
    (played,) = play(requested(shop.url, observe_key="meta.id"), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_foreign_records_that_come_all_the_time_are_left_out(shop, requested, play):
    """Somebody else books without end, before and during the run: no obstacle, and a note."""
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
    (played,) = play(requested(shop.url, limits=limits(timeout_s=1.5)), "short-outage")
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "still changing" in played.judgement.reason


def test_a_duplicate_stands_though_effects_never_settle(shop, requested, play, limits):
    """More and more effects of one event: a duplicate, whatever else may come."""
    first = None

    def shows():
        nonlocal first
        if len(shop.effects) > 2:
            first = first or shop.effects[2]
            shop.effects.append(dict(first))
        return 200, orjson.dumps(shop.effects)

    shop.shows = shows
    (played,) = play(requested(shop.url, limits=limits(timeout_s=1.5)), "short-outage")
    assert ending(played) == (Verdict.VIOLATED, [Class.DUPLICATED])


def test_a_receiver_that_hangs_is_unknown_and_not_tried_again(shop, requested, play, limits):
    """No answer to a clean event: unknown, and the scenarios after it do not wait for the same."""
    closing = threading.Event()
    shop.answers = lambda _: closing.wait(5) and 503
    steady, storm = play(requested(shop.url, limits=limits()), "steady", "storm")
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


def test_a_receiver_that_stops_answering_is_crashed(shop, requested, play, limits):
    """It answered the control, and later nothing any more: crashed, and the next scenario is not tried."""
    answered, closing = itertools.count(), threading.Event()
    shop.answers = lambda _: 200 if next(answered) < 5 else closing.wait(5) and 503
    steady, storm = play(requested(shop.url, limits=limits(answer_s=0.1, timeout_s=6)), "steady", "storm")
    closing.set()
    assert Class.CRASHED in [each.class_ for each in steady.judgement.findings]
    assert storm.judgement.verdict is Verdict.UNKNOWN
    assert "stopped answering in steady" in storm.judgement.reason


def test_a_receiver_that_catches_up_is_not_crashed(shop, requested, play, limits):
    """It is silent for a while after a burst, and answers again before time is over: alive, and all is booked."""
    asked = itertools.count()
    shop.answers = lambda _: 200 if not 3 <= next(asked) < 30 else threading.Event().wait(0.2) or 503
    (played,) = play(requested(shop.url, limits=limits(answer_s=0.1)), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


def test_what_cannot_be_played_is_skipped_with_the_reason(shop, requested, play):
    """No --receiver-cmd, or a type that is left out: skipped, and why."""
    crash, big = play(requested(shop.url, events=["SaleCreated"]), "crash-after-ack", "big-payload")
    assert (Verdict.SKIPPED, Verdict.SKIPPED) == (crash.judgement.verdict, big.judgement.verdict)
    assert "--receiver-cmd" in crash.judgement.reason
    assert "StockCountReconciled, which --events leaves out" in big.judgement.reason


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
