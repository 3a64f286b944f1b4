"""`frontsim drain`, `clock`, `reset`, `stats`, against a simulator."""

import json

import pytest

from frontsim.testing import simulator


@pytest.fixture
def front(monkeypatch, run):
    with simulator() as front:
        monkeypatch.setenv("FRONTSIM_BASE_URL", front.base_url)
        yield front


def test_drain_waits_and_says_when_it_could_not(front, run):
    assert 0 == run("drain").exit_code
    front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("timeout", afterS=20):
        front.trigger("SaleCreated")
        done = run("drain", "--timeout", "0")
    assert (1, True) == (done.exit_code, "still under way" in done.stderr)


def test_the_clock_is_shown_and_moved(front, run):
    assert "(+0 s from real time)" in run("clock").stdout
    assert "(+60 s from real time)" in run("clock", "--advance", "60").stdout
    assert json.loads(run("clock", "--set", "2030-01-02", "--json").stdout)["now"].startswith("2030-01-02")
    assert 3 == run("clock", "--set", "2030-01-02", "--advance", "1").exit_code


def test_stats_count_and_reset_forgets(front, run):
    front.subscribe("SaleCreated", front.sink("shop").url)
    front.trigger("SaleCreated")
    with front.fault("refuse"):
        assert "fault 1 fired" in run("stats").stdout
    assert 1 == json.loads(run("stats", "--json").stdout)["webhooks"]
    assert 0 == run("reset").exit_code
    assert [] == front.subscriptions


def test_trigger_waits_until_all_is_delivered(front, run):
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    assert 0 == run("trigger", "SaleCreated", "--count", "3", "--wait").exit_code
    assert 3 == len(sales.received)


def test_all_types_and_the_events_of_all_webhooks(front, run):
    """One command subscribes to everything; one shows what came of it, oldest first."""
    assert 21 == len(json.loads(run("webhooks", "create", "--all-types", front.sink("s").url, "--json").stdout))
    raised = [front.trigger(event).event.id for event in ("SaleCreated", "CustomerCreated")]
    front.wait()
    assert raised == [entry["webhookEventId"] for entry in json.loads(run("events", "--json").stdout)]
    for words in (["--all-types", "SaleCreated", "http://x/"], ["http://x/"]):
        assert 3 == run("webhooks", "create", *words).exit_code


def test_an_act_is_offered_for_a_mistyped_one(front, run):
    done = run("simulate", "retrun")
    assert (3, True) == (done.exit_code, "did you mean 'return'?" in done.stderr)
