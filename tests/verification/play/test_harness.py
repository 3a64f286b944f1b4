import logging
import time
from dataclasses import replace

import pytest

from frontsim import catalog
from frontsim.client.errors import Ambiguous, ApiError, Unreachable
from frontsim.verification.patience import TimeLimits
from frontsim.verification.play.harness import TOGETHER, Given, Harness
from frontsim.verification.request import Request
from frontsim.verification.scenario.selection import Selection


def given(changes=None):
    return Given(Request("http://shop"), Selection(catalog.load(), (), changes or {}))


class Gone:
    """A simulator that is not there."""

    def deliver(self, *_):
        raise Unreachable("refused")

    def close(self):
        pass


class Troubled:
    """An API whose calls end in those errors, one after another, and well after that."""

    def __init__(self, *errors):
        self.errors, self.calls, self.pauses_s = list(errors), 0, []
        self.paused = lambda: None

    def deliver(self, *_):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answered"

    get_event = deliver

    def list_events(self, *_, **__):
        return [self.deliver()]

    def harness(self, **limits):
        """A harness with it, that pauses in no time."""
        return Harness(self, Gone(), given(), self.pause, limits=TimeLimits(**limits))

    def close(self):
        pass

    def pause(self, seconds):
        self.pauses_s.append(seconds)
        self.paused()


def refused(status, retry_after_s=None):
    return ApiError(f"got {status}", status=status, body="", retry_after_s=retry_after_s)


LOST = Ambiguous("the answer was lost")
ASKS = {
    "list": lambda harness: harness.failed(["webhook"]),
    "log": lambda harness: harness.log(["webhook"]),
    "entry": lambda harness: [harness.entry("webhook", "event-1")],
}


@pytest.fixture
def harness():
    """Makes a harness without anything behind it."""
    return lambda **others: Harness(Gone(), Gone(), given(), time.sleep, **others)


def test_a_resend_without_an_answer_leaves_a_line(harness, caplog):
    """The log says what became of it; the line says that the call failed."""
    with caplog.at_level(logging.INFO):
        made = harness()
        made.resend([("webhook", "event-1")])
        made.close()
    assert "no answer to the resend of event-1" in caplog.text
    assert "refused" in caplog.text


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_what_is_asked_is_asked_until_it_is_answered(ask):
    """A 500, a lost answer and a 429, which is waited out as it asks: then the answer counts."""
    api = Troubled(refused(500), LOST, refused(429, 3.0))
    assert ["answered"] == ask(api.harness())
    assert (4, [0.05, 0.1, *[0.5] * 6]) == (api.calls, api.pauses_s)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_a_failing_call_is_given_up_after_last_s(ask):
    """When its patience is over it raises the last failure; a refused connection at once."""
    for error, limits in ((refused(500), {"last_s": 0.0}), (LOST, {"last_s": 0.0}), (Unreachable("gone"), {})):
        api = Troubled(error, error)
        with pytest.raises(type(error)):
            ask(api.harness(**limits))
        assert (1, []) == (api.calls, api.pauses_s)


class Counting(Gone):
    """A simulator that counts the failed events in its log."""

    def __init__(self, failed):
        self._failed = failed

    def stats(self):
        return {"failed": self._failed}


@pytest.mark.parametrize(
    ("failed", "webhooks", "is_ours", "lists"),
    [(0, 3, True, 0), (1, 3, True, 3), (None, 3, True, 3), (0, 3, False, 3), (0, 1, True, 1)],
)
def test_a_simulator_of_our_own_says_at_once_that_nothing_failed(failed, webhooks, is_ours, lists):
    """Else each webhook's list says what failed, also where a simulator counts the events of others or counts none."""
    api = Troubled()
    harness = replace(api.harness(), sim=Counting(failed), owns_simulator=is_ours)
    assert ["answered"] * lists == harness.failed(["webhook"] * webhooks)
    assert lists == api.calls


def test_a_wait_that_no_scenario_has_time_for_is_not_waited():
    """A quota of hours is no rate limit."""
    api = Troubled(refused(403, 61.0))
    with pytest.raises(ApiError):
        api.harness(timeout_s=60.0).failed(["webhook"])
    assert [] == api.pauses_s


def test_a_run_that_is_interrupted_waits_for_no_api():
    """The harness is closed while a call waits to be made again: that ends soon, not when the API asked for."""
    api = Troubled(*[refused(429, 40.0)] * 2)
    harness = api.harness()
    api.paused = harness.close
    with pytest.raises(ApiError):
        harness.failed(["webhook"])
    assert [0.5] == api.pauses_s


def test_a_resend_that_is_refused_is_made_again():
    """It was not made: neither 429 nor 500 leaves an event unsent."""
    api = Troubled(refused(429, 1.0), refused(500))
    api.harness().resend([("webhook", "event-1")])
    assert (3, [0.5, 0.5, 0.1]) == (api.calls, api.pauses_s)


def test_a_resend_that_is_always_refused_raises_an_error():
    """Its event would look as if the receiver had refused it."""
    with pytest.raises(ApiError, match="got 500"):
        Troubled(refused(500)).harness(last_s=0.0).resend([("webhook", "event-1")])


def test_a_resend_that_is_hopeless_leaves_none_under_way():
    """When it is told, the others are over or were not begun: none is made behind a scenario that has ended."""
    api = Troubled(refused(403, 3600.0), *[refused(429, 1.0)] * 7)
    harness = api.harness()
    with pytest.raises(ApiError, match="got 403"):
        harness.resend([("webhook", f"event-{number}") for number in range(8)])
    calls = api.calls
    harness.pool.shutdown(wait=True)
    assert calls == api.calls


def test_a_resend_whose_answer_is_lost_is_made_once_more():
    """It may have been made, and what arrives twice is what a receiver must cope with; then the log tells."""
    once, always = Troubled(LOST), Troubled(*[LOST] * 9)
    for api in (once, always):
        api.harness().resend([("webhook", "event-1")])
    assert (2, 2) == (once.calls, always.calls)


def test_a_clean_movement_has_an_article_of_its_own_unless_the_user_names_one():
    """A receiver that knows some articles alone is sent those."""

    def with_changes(**changes):
        return Harness(Gone(), Gone(), given(changes), time.sleep)

    harness = with_changes()
    first, second = (harness.own_article("StockMovementCreated") for _ in range(2))
    assert {"gtin", "sku"} == set(first) == set(second)
    assert 4 == len({*first.values(), *second.values()})
    assert {} == harness.own_article("SaleCreated")
    assert {} == with_changes(sku="A-1").own_article("StockMovementCreated")


def test_a_movement_of_a_scenario_is_of_an_article_that_no_earlier_run_has_moved():
    """Of that article a right receiver may hold a newer state, and rightly ignore all that the scenario tells of it."""
    harness = Harness(Gone(), Gone(), given(), time.sleep)
    first, second = (harness.fresh("StockMovementCreated") for _ in range(2))
    assert ["movementId", "gtin", "sku"] == list(first) == list(second)
    assert first["gtin"] != second["gtin"]
    assert ["saleId"] == list(harness.fresh("SaleCreated"))


def test_after_an_answer_that_ends_a_round_no_resend_begins():
    """Those that are under way already are made: one for each thread."""
    api = Troubled()
    made = api.harness().resend([("webhook", f"event-{n}") for n in range(50)], ends_at=lambda entry: bool(entry))
    assert set(made) == {"answered"}
    assert api.calls <= TOGETHER
