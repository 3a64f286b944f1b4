"""Simulators of our own: what a run plays with, what its scenarios share, and what is refused before it."""

import dataclasses
import hashlib
import time

import orjson
import pytest

from frontsim.clock import stopwatch
from frontsim.errors import BadInput, Unusable
from frontsim.hosting.serving import run_in_thread
from frontsim.verdicts import Verdict
from frontsim.verification import patience
from frontsim.verification.request import Address
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario import scenario
from tests.support.patience import PATIENCE_S
from tests.verification import laboratory
from tests.verification.laboratory import CONTRACT, HASTY

pytestmark = pytest.mark.slow


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


def test_scenarios_share_what_they_learn_of_the_receivers_speed(shop, requested):
    """The longest latency of one scenario is the patience of the next."""
    shop.effects.append({"webhookEventId": "from-before"})
    with open_run(requested(shop.url), 1, simulators=run_in_thread, pause=time.sleep) as opened:
        first, second = scenario.chosen(["steady", "short-outage"])
        list(play_all([first], opened, CONTRACT))
        with opened.harness(second.name) as harness:
            assert harness.given.latency.longest_s > 0


def test_no_simulator_at_the_address_is_refused_at_once(shop, requested, free_port):
    """--base-url of nothing: not a verdict but an error, before the first scenario."""
    url = f"http://127.0.0.1:{free_port()}"
    address = Address(f"{url}/restapi/V2", f"{url}/_sim")
    with (
        pytest.raises(Unusable, match="--base-url: expected a running simulator at http"),
        open_run(requested(shop.url), 1, simulators=address, pause=time.sleep),
    ):
        pytest.fail("nothing may be played")


def test_a_url_without_a_receiver_is_refused_at_once(requested, play, free_port):
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
    """The user's mistake is named before anything is played."""
    with pytest.raises(BadInput) as refused:
        play(requested(shop.url, **changes), "steady")
    assert told in str(refused.value)


def test_a_command_that_does_not_start_is_refused_with_its_output(requested, play, free_port):
    """--receiver-cmd that ends at once: its exit code and its last words."""
    with pytest.raises(Unusable, match="it ended with 3: no such shop"):
        play(requested(f"http://127.0.0.1:{free_port()}", receiver_cmd="echo no such shop; exit 3"), "steady")


def opened_with(url, **others):
    return open_run(
        laboratory.requested(url, limits=HASTY, **others),
        1,
        simulators=run_in_thread,
        pause=time.sleep,
        tries_types=True,
    )


def test_the_key_of_effects_is_found_by_value(shop):
    """Another column than the usual has the ids: the rest of the run reads it, and says so."""
    shop.shows = lambda: (200, orjson.dumps([{"event_id": each["webhookEventId"]} for each in shop.effects]))
    with opened_with(shop.url) as opened:
        assert "event_id" == opened.given.request.observe_key
        assert "your ids stand in column `event_id`: using it (--observe-key event_id)" == opened.probed.key
        (played,) = play_all(scenario.chosen(["lost-response"]), opened, CONTRACT)
    assert Verdict.VERIFIED is played.judgement.verdict, played.judgement


@pytest.mark.parametrize("others", [{"finds_key": False}, {"observe_key": "no"}], ids=["the usual key", "another key"])
def test_a_key_that_the_user_names_decides(shop, others):
    shop.shows = lambda: (200, orjson.dumps([{"event_id": each["webhookEventId"]} for each in shop.effects]))
    with opened_with(shop.url, **others) as opened:
        assert ("", "") == (opened.probed.key, opened.given.stop)


def test_several_rows_for_an_event_stop_the_run(shop):
    """No guess is silent: the line names the candidates."""
    shop.shows = lambda: (200, orjson.dumps([{"id": each["webhookEventId"]} for each in 2 * shop.effects]))
    with opened_with(shop.url) as opened:
        assert opened.given.stop.startswith("no column has one row for each event: `id` (")
        (played,) = play_all(scenario.chosen(["steady"]), opened, CONTRACT)
    assert f"not tried: {opened.given.stop}" == played.judgement.reason


def shows_what_it_reads(shop, read, *, shown=lambda id_: id_, column="ref"):
    """The shop shows the ids that `read` finds in bodies, and books by nothing else."""
    ids = []

    def refuses(body):
        found = read(orjson.loads(body))
        ids.extend([found] if found else [])
        return 200

    shop.refuses = refuses
    shop.shows = lambda: (200, orjson.dumps([{column: shown(each)} for each in dict.fromkeys(ids)]))


@pytest.mark.parametrize(
    ("shape", "read"),
    [
        ("envelope", lambda value: value.get("id") if "data" in value else None),
        ("typed", lambda value: value.get("id")),
        ("event", lambda value: value.get("saleId") if "event" in value else None),
    ],
)
def test_the_shape_in_which_events_are_shown_is_named(shop, shape, read):
    """Such a receiver books nothing of a bare body."""
    shows_what_it_reads(shop, read, column="saleId" if shape == "event" else "ref")
    with opened_with(shop.url) as opened:
        told = f"with --delivery-shape {shape} your receiver shows the ids of events, and without it does not: add it"
        assert told == opened.given.stop


def test_the_shape_is_named_by_hashes_too(shop):
    shows_what_it_reads(shop, lambda value: value.get("id"), shown=lambda id_: hashlib.sha256(id_.encode()).hexdigest())
    with opened_with(shop.url) as opened:
        assert opened.given.stop.startswith("with --delivery-shape typed your receiver shows the ids of events, ")
        assert opened.given.stop.endswith(
            "; column `ref` has the sha256 of your ids: let the observer show the id itself"
        )


def test_a_receiver_that_comes_up_meanwhile_is_in_no_other_shape(shop):
    """It failed at the clean round, and takes a sale in each shape now."""
    shop.answers = lambda _: 500
    looks = []

    def pause(seconds):
        looks.append(seconds)
        if seconds == patience.REFUSED_S and looks.count(seconds) == patience.FAILS_AGAIN:
            shop.answers = lambda _: 200
        time.sleep(min(seconds, 0.1))

    request = laboratory.requested(shop.url, limits=HASTY)
    with open_run(request, 1, simulators=run_in_thread, pause=pause, tries_types=True) as opened:
        assert ("", "webhookEventId") == (opened.given.stop, opened.given.request.observe_key)


def test_a_receiver_that_books_later_than_it_settles_has_a_key(shop):
    """It books seconds after its answer: `last_s` says how long effects may take, not `settle_s`."""
    sent_s = stopwatch()
    shop.shows = lambda: (
        200,
        orjson.dumps([{"ref": each["webhookEventId"]} for each in shop.effects if stopwatch() - sent_s > 2]),
    )
    limits = dataclasses.replace(HASTY, last_s=PATIENCE_S)
    with open_run(
        laboratory.requested(shop.url, limits=limits, delivery_shape="event"),
        1,
        simulators=run_in_thread,
        pause=time.sleep,
        tries_types=True,
    ) as opened:
        assert "ref" == opened.given.request.observe_key
