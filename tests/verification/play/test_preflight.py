"""The preflight: several clean events, of which one must be acknowledged and seen once."""

import time
from contextlib import closing
from dataclasses import replace

import pytest

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.hosting.serving import run_in_thread
from frontsim.verification.effects.history import EventFact
from frontsim.verification.effects.observers import FunctionObserver
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.play.preflight import ACKNOWLEDGED, SEEN, SEEN_ONCE, CleanEvent, Preflight
from frontsim.verification.play.scenario_state import ScenarioState, raise_clean
from frontsim.verification.request import Request
from frontsim.verification.run import open_run
from frontsim.verification.scenario.scenario import chosen

TYPES = ("SaleCreated", "CustomerCreated", "InvoiceCreated")


class ScriptedReceiver:
    """Gets clean events; `answers` has a status (None: no answer) for each type, `books` the types that it books."""

    def __init__(self, *, answers=None, books=TYPES, times=1):
        self.answers = dict.fromkeys(TYPES, 200) | (answers or {})
        self.books, self.times = books, times
        self.effects, self.sent, self.resent = [], [], []

    def send(self, number):
        return [self._deliver(f"{each}-{len(self.sent)}", each) for each in TYPES[:number]]

    def resend(self, sent):
        self.resent.append(sent.event)
        return self._deliver(sent.webhook_event_id, sent.event)

    def facts(self, sent):
        return [EventFact("w", sent.webhook_event_id, sent.event, ())]

    def preflight(self):
        """The preflight of a scenario with three types; nothing is waited for."""
        effects = EffectReader(FunctionObserver(lambda: self.effects), "webhookEventId", pause=lambda _: None)
        effects.take_baseline()
        return Preflight(self, effects, "http://shop", lambda _: None, 5.0, 0.05, 0.05, at_once=len(TYPES))

    def _deliver(self, event_id, event):
        self.sent.append(event_id)
        status = self.answers[event]
        if status == 200 and event in self.books:
            self.effects += [{"webhookEventId": event_id}] * self.times
        outcome = Outcome.UNKNOWN if status is None else Outcome.ANSWERED
        return CleanEvent(event_id, event, stopwatch(), outcome, status, f"{status}")


def test_one_clean_event_that_is_seen_is_enough():
    """The others were acknowledged and are judged with the scenario's events, so a loss among them is found."""
    found = ScriptedReceiver(books=["CustomerCreated"]).preflight().run()
    assert ("", "CustomerCreated-1") == (found.check.failure, found.webhook_event_id)
    assert found.latency_s is not None


def test_when_none_is_seen_nothing_can_be_judged():
    found = ScriptedReceiver(books=[]).preflight().run()
    assert SEEN == found.check.name
    assert "a clean SaleCreated, CustomerCreated and InvoiceCreated were acknowledged" in found.check.failure
    assert found.latency_s is None


def test_the_control_says_that_a_receiver_takes_new_events_for_repeats():
    """The key is where it should be, so it is not to blame: the receiver booked one event, and none since."""
    receiver = ScriptedReceiver(books=[])
    receiver.effects.append({"webhookEventId": "before"})
    found = receiver.preflight().run()
    assert "it shows 1 effect, the last with webhookEventId before; looked for" in found.check.failure
    assert found.check.failure.endswith("does the receiver take new events for repeats?")


def test_what_is_seen_twice_each_time_fails():
    """The observer may show every record twice: no receiver is accused over it."""
    found = ScriptedReceiver(times=2).preflight().run()
    assert SEEN_ONCE == found.check.name
    assert "got it twice" in found.check.failure


def test_one_that_is_refused_is_resent_and_another_is_enough():
    receiver = ScriptedReceiver(answers={"SaleCreated": 500})
    found = receiver.preflight().run()
    assert ("", "CustomerCreated-1") == (found.check.failure, found.webhook_event_id)
    assert {"SaleCreated"} == set(receiver.resent)


def test_a_receiver_that_gives_no_answer_is_asked_again_for_a_while():
    """Each try may cost the whole answer timeout, so the other types are not tried again."""
    receiver = ScriptedReceiver(answers=dict.fromkeys(TYPES))
    found = receiver.preflight().run()
    assert (ACKNOWLEDGED, True) == (found.check.name, found.check.unanswered)
    assert {"SaleCreated"} == set(receiver.resent)


def test_a_receiver_that_its_supervisor_starts_again_passes():
    """It was killed a moment ago, and takes the event once it listens again."""
    receiver = ScriptedReceiver()
    deliver, runs = receiver._deliver, []

    def delivered(event_id, event):
        runs.append(event_id)
        receiver.answers = dict.fromkeys(TYPES, 200 if len(runs) > 20 else None)
        return deliver(event_id, event)

    receiver._deliver = delivered
    found = replace(receiver.preflight(), longest_s=60).run()
    assert ("", "SaleCreated-0") == (found.check.failure, found.webhook_event_id)


def starved(receiver, *, seconds_a_try, monkeypatch, outcome=Outcome.NOT_SENT):
    """The preflight on a machine so busy that a try without an answer takes so long, and its pauses' sum."""
    deliver, now, paused = receiver._deliver, [0.0], []

    def delivered(event_id, event):
        now[0] += seconds_a_try
        sent = deliver(event_id, event)
        return sent if sent.status_code else replace(sent, sent_s=now[0], outcome=outcome)

    receiver._deliver = delivered
    monkeypatch.setattr("frontsim.verification.play.preflight.stopwatch", lambda: now[0])
    return replace(receiver.preflight(), longest_s=15.0, pause=paused.append), paused


@pytest.mark.parametrize(("seconds_a_try", "most_s"), [(0.01, 15), (0.5, 15), (2.0, 5)])
def test_patience_is_counted_by_its_pauses_and_not_by_a_clock_that_runs_on_while_all_starve(
    seconds_a_try, most_s, monkeypatch
):
    """A receiver that starves starts later, too; but no try is made after 45 s by the clock."""
    preflight, paused = starved(
        ScriptedReceiver(answers=dict.fromkeys(TYPES)), seconds_a_try=seconds_a_try, monkeypatch=monkeypatch
    )
    assert preflight.run().check.unanswered
    assert most_s - 1.5 < sum(paused) < most_s + 0.5


@pytest.mark.parametrize(("overload", "tries"), [("", 4), ("; the machine is overloaded", 10)])
def test_a_receiver_that_answers_too_late_gets_more_time_where_it_may_starve(overload, tries, monkeypatch):
    """Each try takes 5 s (--answer-timeout): 15 s, or 45 s on an overloaded machine, and the first."""
    monkeypatch.setattr("frontsim.verification.play.preflight.overload", lambda: overload)
    receiver = ScriptedReceiver(answers=dict.fromkeys(TYPES))
    preflight, _ = starved(receiver, seconds_a_try=5.0, monkeypatch=monkeypatch, outcome=Outcome.UNKNOWN)
    assert replace(preflight, at_once=1).run().check.unanswered
    assert tries == receiver.sent.count("SaleCreated-0")


def test_the_sign_of_life_is_waited_for_as_long_where_all_starve(monkeypatch):
    preflight, paused = starved(
        ScriptedReceiver(answers=dict.fromkeys(TYPES)), seconds_a_try=1.0, monkeypatch=monkeypatch
    )
    assert preflight.check_liveness(is_late=lambda: False).failure
    assert 15 <= sum(paused) < 17


def test_the_refusal_names_a_machine_that_is_overloaded(monkeypatch):
    monkeypatch.setattr("frontsim.verification.play.preflight.overload", lambda: "; the machine is overloaded")
    found = ScriptedReceiver(answers=dict.fromkeys(TYPES)).preflight().run()
    assert found.check.failure.endswith("cannot be judged; the machine is overloaded")
    refused = ScriptedReceiver(answers=dict.fromkeys(TYPES, 400)).preflight().run()
    assert refused.check.failure.endswith("cannot be judged")


def test_a_receiver_that_starts_behind_its_proxy_passes():
    """The proxy answers 502 to deliveries and to the observer until the receiver listens."""
    receiver = ScriptedReceiver()
    deliver, runs = receiver._deliver, []

    def delivered(event_id, event):
        runs.append(event_id)
        receiver.answers = dict.fromkeys(TYPES, 200 if len(runs) > 40 else 502)
        return deliver(event_id, event)

    def shown():
        if len(runs) <= 40:
            raise ConnectionError
        return receiver.effects

    receiver._deliver = delivered
    effects = EffectReader(FunctionObserver(shown), "webhookEventId", pause=lambda _: None)
    effects.take_baseline()
    found = replace(receiver.preflight(), effects=effects, longest_s=60).run()
    assert ("", True) == (found.check.failure, bool(found.webhook_event_id))


@pytest.mark.slow
def test_a_clean_event_has_no_null_and_no_odd_text(receiver):
    """Whatever payloads the simulator makes by itself: any receiver must take a clean event."""
    with receiver("reference") as url:
        request = Request(f"{url}/hook")
        with (
            open_run(request, 1, simulators=run_in_thread, pause=time.sleep) as opened,
            opened.harness("steady") as harness,
            closing(harness),
        ):
            state = ScenarioState(chosen(["steady"])[0], harness, harness.limits.wait_limits, harness.now())
            now = str(harness.sim.clock()["now"])
            clean = [raise_clean(state, event, now=now)[0] for event in harness.given.selection.types("all")]
            payloads = [harness.entry(each.webhook_id, each.webhook_event_id).payload for each in clean]
    assert 21 == len(payloads)
    assert [] == [value for payload in payloads for value in _values(payload) if value is None or value == ""]
    assert all(f"{value}".isascii() for payload in payloads for value in _values(payload))


def _values(value):
    """All values in a payload that are neither object nor list."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [each for item in inner for each in _values(item)]
    return [value]


@pytest.mark.slow
def test_a_refusal_of_clean_events_tells_what_the_receiver_said(shop, requested, play):
    """In one line of text, cut where it is long: the user sees why at once."""
    shop.answers = lambda _: (422, b'{"error":\n "field type\x1b is missing"}' + b"x" * 300)
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "steady")
    assert "got 422 " in played.judgement.reason
    assert r'({"error": "field type\x1b is missing"}xxx' in played.judgement.reason
    assert "x...); a receiver that takes no event" in played.judgement.reason
