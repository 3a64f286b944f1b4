"""Which types a receiver takes."""

from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from frontsim.client.models import AnsweredRun
from frontsim.hosting.serving import run_in_thread
from frontsim.verification.patience import FAILS_AGAIN, REFUSED_S
from frontsim.verification.play.clean_round import ProbedTypes, _advice, probe
from frontsim.verification.request import Request
from frontsim.verification.run import open_run
from tests.support.served import served

pytestmark = pytest.mark.slow

SALE, MOVEMENT, CUSTOMER = "SaleCreated", "StockMovementCreated", "CustomerCreated"


@contextmanager
def answering(answers, otherwise):
    """A receiver that answers each type with a status; a list is used up, its last one stays."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status = answers.get(self.headers["X-Webhook-Event"], otherwise)
            if isinstance(status, list):
                status = status.pop(0) if len(status) > 1 else status[0]
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/hook"


def probed(answers, otherwise, *, events=(), pause=lambda _: None):
    """Return the probe's result, and the types of the run."""
    with answering(answers, otherwise) as url:
        request = Request(receiver=url, events=events)
        with (
            open_run(request, 1, simulators=run_in_thread, pause=pause, tries_types=True) as opened,
            opened.harness("steady") as harness,
        ):
            return opened.probed, harness.given.selection.types("all"), harness.api.list_webhooks()


def test_a_hint_says_what_to_do_if_most_types_are_refused():
    """Nothing is left out without being asked."""
    found, types, webhooks = probed({SALE: 200}, 500)
    assert "20 of 21 types were answered 500 Internal server error. Not yours? --events SaleCreated" == found.hint
    assert 21 == len(types)
    assert [] == webhooks


def test_a_simulator_that_goes_on_keeps_no_webhook_of_the_probe():
    """One of our own ends with the probe, so that nothing is removed there."""
    with (
        answering({}, 200) as url,
        open_run(Request(receiver=url), 1, simulators=run_in_thread, pause=lambda _: None) as opened,
        opened.harness("steady") as harness,
    ):
        assert not harness.cleans_up
        probe(replace(harness, cleans_up=True))
        assert [] == harness.api.list_webhooks()
        probe(harness)
        assert 21 == len(harness.api.list_webhooks())


def test_auto_leaves_out_what_is_refused_alike():
    """A type with another answer than the others stays in: it may be broken."""
    found, types, _ = probed({SALE: 200, MOVEMENT: 400, CUSTOMER: 503}, 404, events=["auto"])
    assert {SALE, MOVEMENT, CUSTOMER} == set(types)
    assert 18 == len(found.refused)


def test_a_type_that_is_taken_the_second_time_is_not_refused():
    found, types, _ = probed({SALE: [500, 200]}, 200, events=["auto"])
    assert {} == found.refused
    assert 21 == len(types)


def test_a_receiver_that_refuses_all_is_judged_whole():
    """Nothing would be left to judge, so nothing is left out; the hint names what such receivers often miss."""
    found, types, _ = probed({}, 500, events=["auto"])
    assert ({}, 21) == (found.refused, len(types))
    assert "refused a clean event of each type, most with 500 Internal server error" in found.hint
    assert "--delivery-shape typed" in found.hint


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (
            400,
            "check what it expects in the body (--delivery-shape typed, event or envelope) and which header has the id",
        ),
        (401, "check its key: a key belongs into its URL, or into the [headers] of a file for --delivery-shape"),
        (403, "check its key, its list of allowed hosts and its CSRF protection: a key belongs"),
        (404, "check the path"),
        (405, "check the path: it takes no POST there"),
        (308, "no delivery follows a redirect: name the URL itself, another URL"),
        (422, "its own log may say why"),
    ],
)
def test_one_that_refuses_every_event_and_again_later_ends_the_run(answer, advice):
    """The line that mends it, after a pause in which it may have started."""
    paused = []
    found, *_ = probed({}, answer, pause=paused.append)
    assert found.stop.startswith(f"your receiver answered {answer} to every event at /hook: {advice}"), found.stop
    assert [REFUSED_S] == [each for each in paused if each > 1]


@pytest.mark.parametrize(
    ("answers", "otherwise"),
    [({SALE: 200}, 404), ({SALE: 200}, 500), ({}, 429), ({SALE: 500}, 404)],
    ids=["one type is taken", "one type is taken by one that fails", "it is busy", "one may be taken later"],
)
def test_others_are_played_on(answers, otherwise):
    assert "" == probed(answers, otherwise)[0].stop


@pytest.mark.parametrize(
    ("answers", "otherwise", "told"),
    [
        ({}, 500, "500 to every event at /hook: its own log may say why"),
        ({}, 503, "503 to every event at /hook: start what stands behind its proxy, or wait until it has started"),
        ({SALE: [500, 502, 504, 500]}, 500, "500 and 502 to every event at /hook: its own log may say why"),
    ],
)
def test_one_that_fails_at_every_event_ends_the_run_after_some_pauses(answers, otherwise, told):
    """It was played for minutes, and proved nothing."""
    paused = []
    found, *_ = probed(answers, otherwise, pause=paused.append)
    assert found.stop.startswith(f"your receiver answered {told}"), found.stop
    assert [REFUSED_S] * FAILS_AGAIN == [each for each in paused if each > 1]


def test_one_that_fails_until_it_has_started_is_played():
    paused, answers = [], {}

    def pause(seconds):
        if seconds > 1:
            paused.append(seconds)
        if len(paused) == FAILS_AGAIN:
            answers[SALE] = 200

    assert "" == probed(answers, 503, pause=pause)[0].stop


def test_one_that_starts_meanwhile_is_played():
    """Its proxy answers 404 until it listens."""
    answers = {}
    found, *_ = probed(answers, 404, pause=lambda seconds: answers.update({SALE: 200}) if seconds > 1 else None)
    assert "" == found.stop


def test_what_it_said_and_where_it_redirects():
    """A page for a browser is left out."""
    said = lambda text: AnsweredRun(1, "", "", 400, text, "HTTP/1.1 400 Bad\nLocation: /hook/")  # noqa: E731
    assert _advice(400, said(' {"error":\n "no id"} ')).endswith('(it said: {"error": "no id"})')
    assert "said" not in _advice(400, said("<!doctype html>"))
    assert "no delivery follows a redirect: name the URL itself, /hook/" == _advice(301, said(""))


def test_few_types_are_tried_too():
    """A user who names one has a wrong path all the same."""
    assert "404" in probed({}, 404, events=[SALE])[0].stop


@pytest.mark.parametrize(
    ("refused", "told"), [(["a"], False), (["a", "b"], True), (["a", "b", "c"], False)], ids=["few", "most", "all"]
)
def test_only_most_but_not_all_is_worth_a_hint(refused, told):
    found = ProbedTypes(["a", "b", "c"], dict.fromkeys(refused, "500"))
    assert told == bool(found.hint)
