"""The key of receivers of the registry, by a whole run of one short scenario."""

import time
from math import inf

import pytest

from frontsim.hosting.serving import run_in_thread
from frontsim.verification.play import key_probe
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario.scenario import chosen
from tests.verification.laboratory import CONTRACT

pytestmark = pytest.mark.slow

BY_ID = "books by event id; ids that differ in case"
"""How the sentence begins."""


@pytest.fixture
def key_of(receiver, requested, monkeypatch):
    """Plays a scenario against a receiver of the registry; gives what its key is, and what came of the scenario."""

    def run(variant, name="same-second", **others):
        if variant != "slow":  # it gets every pair, also where the machine makes it slow
            monkeypatch.setattr(key_probe, "_SLOW_MS", inf)
        probe = KeyProbe()
        with (
            receiver(variant) as url,
            open_run(requested(url, **others), 1, simulators=run_in_thread, pause=time.sleep) as opened,
        ):
            (played,) = play_all(chosen([name]), opened, CONTRACT, key_probe=probe)
        return str(probe.found), played

    return run


@pytest.mark.parametrize("variant", ["reference", "inbox", "newest-state", "parks-updates", "flaky"])
def test_a_right_receiver_books_by_event_id(key_of, variant):
    """The key is the same if it books late, holds updates back, keeps the newest state or is busy now and then."""
    found, played = key_of(variant)
    assert found.startswith(BY_ID)
    assert "verified" == played.judgement.verdict


class Reading(KeyProbe):
    """Notes for how long the probe pauses at the end of the run."""

    def __init__(self):
        super().__init__()
        self.pauses = []
        self.paused_s = inf

    def pause(self, seconds):
        self.pauses.append(seconds)
        time.sleep(seconds)

    def read(self):
        self.pauses.clear()
        super().read()
        self.paused_s = sum(self.pauses)


class CountedPairs(KeyProbe):
    """Notes whether the effects had been seen to rest when it sent its events."""

    settled = True

    def send(self, harness, *, answer_ms):
        self.settled = harness.given.latency.settles
        super().send(harness, answer_ms=answer_ms)


def test_it_sends_while_the_first_scenario_waits_for_rest(receiver, requested):
    """Its events are strange to that scenario, whose effects are those before the window."""
    probe = CountedPairs()
    with (
        receiver("reference") as url,
        open_run(requested(url), 1, simulators=run_in_thread, pause=time.sleep) as opened,
    ):
        (played,) = play_all(chosen(["same-second"]), opened, CONTRACT, key_probe=probe)
        assert opened.given.latency.settles
    assert not probe.settled
    assert str(probe.found).startswith(BY_ID)
    assert ("verified", ()) == (played.judgement.verdict, played.judgement.notes)


def test_it_waits_while_the_last_looks_do(receiver, requested):
    """It has looked before them, so at the end less than a whole quiet window is left to wait."""
    probe = Reading()
    with (
        receiver("reference") as url,
        open_run(requested(url), 1, simulators=run_in_thread, pause=probe.pause) as opened,
    ):
        list(play_all(chosen(["same-second", "two-webhooks"]), opened, CONTRACT, key_probe=probe))
        quiet_s = opened.given.request.limits.settle_s
    assert str(probe.found).startswith(BY_ID)
    assert probe.paused_s < quiet_s


@pytest.mark.long
def test_a_slow_receiver_gets_fewer_pairs(key_of):
    assert "books by event id; ids that differ in case are two" == key_of("slow")[0]


@pytest.mark.long
@pytest.mark.parametrize("key", ["webhookEventId", pytest.param("business", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("variant", "short"),
    [
        ("no-dedupe", "books every delivery: "),
        ("business-key", "books by entity"),
        ("dedupe-by-timestamp", "books by time: "),
        ("key-cut-short", "books by a part of the event id: "),
        ("drops-when-full", "unknown: "),
    ],
)
def test_the_key_is_seen_by_id_and_by_what_effects_are_about(key_of, variant, short, key):
    assert key_of(variant, observe_key=key)[0].startswith(short)


def test_the_shape_of_deliveries_does_not_matter(key_of):
    """The payload stands deep in the body, whose top has the event's id too."""
    assert key_of("reference", delivery_shape="typed")[0].startswith(BY_ID)


def test_types_that_are_states_say_nothing(key_of):
    """A row that is overwritten looks like a repeat that is dropped."""
    found, _ = key_of("reference", "steady", events=["CustomerCreated"])
    assert "unknown: of the chosen types none happens once and has a known identity" == found


def test_without_an_observer_nothing_is_sent(key_of):
    found, played = key_of("reference", observe_url="")
    assert found.startswith("unknown: ")
    assert "unknown" == played.judgement.verdict
