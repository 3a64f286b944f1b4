"""The harness judged by receivers whose bugs, or rightness, are known."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from frontsim.hosting.user_program import faketime_library
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.scenario.scenario import bundled_scenarios
from tests.verification.laboratory import FEW, HASTY, QUICK
from tests.verification.whole_runs import matrix
from tests.verification.whole_runs.matrix import scenarios_for

pytestmark = pytest.mark.slow

PLAYABLE = [each.name for each in bundled_scenarios() if not each.needs and not each.about_calls]
KILLING = [each.name for each in bundled_scenarios() if each.needs == ("--receiver-cmd",)]
DERIVED_FROM = {"/levels": ("StockMovementCreated",), "/customers": ("CustomerCreated", "CustomerUpdated"), "": ()}
OF_EVERY_TYPE = ("steady", "big-payload")
"""The other scenarios are played with all types against the reference, and with few against all other receivers."""
TELLING = {
    "inbox": ("storm", "malformed", "late-resend", "long-memory", "big-payload"),
    "business-key": ("same-second", "two-webhooks", "entity-updated-twice", "long-outage"),
    "newest-state": ("out-of-order", "entity-updated-twice", "evolution", "late-resend"),
    "keeps-creations": ("out-of-order", "entity-updated-twice", "short-outage"),
    "parks-updates": ("out-of-order", "error-burst", "short-outage", "resend-fails-again", "long-outage"),
    "balances-sales": ("unicode-and-decimals", "evolution", "malformed", "two-webhooks"),
    "stock-by-sum": ("stock-levels", "lost-response", "unicode-and-decimals"),
    "newest-level": ("stock-levels", "out-of-order", "same-second"),
    "customer-table": ("out-of-order", "entity-updated-twice", "short-outage"),
    "keeps-ledger": ("resend-delivered", "evolution", "malformed", "two-webhooks"),
    "drops-nulls": ("evolution", "unicode-and-decimals", "error-burst"),
    "limits-rate": ("steady", "error-burst", "resend-delivered"),
    "shares-its-table": ("resend-delivered", "storm", "big-payload"),
    "answers-202": ("steady", "resend-delivered", "false-failure", "long-memory"),
    "answers-204": ("steady", "lost-response", "api-trouble", "big-payload"),
    "slow": ("duplicate-race", "resend-delivered", "storm"),
    "enriches": ("steady", "error-burst", "resend-delivered"),
    "writes-back": ("steady", "out-of-order", "lost-response"),
    "flaky": ("error-burst", "api-trouble", "duplicate-race", "resend-fails-again", "false-failure"),
}
"""Where each right receiver does otherwise than the reference; `make matrix` plays all of them everywhere."""
CALLING = [
    ("enriches", "webhook-then-read"),
    pytest.param("writes-back", "read-your-write", marks=pytest.mark.long),
    pytest.param("writes-back", "echo", marks=pytest.mark.long),
]
"""Where the right receivers that call back differ; they know the address when verify starts them."""
RIGHT = [
    pytest.param(variant, name, seed, marks=[] if seed < 3 else [pytest.mark.long])
    for variant, names in TELLING.items()
    for seed, name in enumerate(names, 1)
]
RIGHT += [("reference", name, seed) for seed, name in enumerate(PLAYABLE, 1)]
RIGHT += [("newest-state", "evolution", 4)]
"""By chance two stock items that lose their GTIN on the way are of one stock there: one row to the receiver."""
AIMED = ("level-in-another-transaction", "slow-level-in-another-transaction")
"""Only a kill at the right moment finds these: `make matrix` looks for it, and `test_aimed_kills` aims by the clock."""
IN_THREAD = [each for each in BROKEN.values() if not each.needs_process_control]
AS_CHILD = [each for each in BROKEN.values() if each.needs_process_control and each.name not in AIMED]
KILLED_ALWAYS = ("ack-before-store", "crash-after-ack")
"""One receiver that a kill finds, and one scenario with kills: `make stacks` plays the others."""
MOST_SCENARIOS = 3
"""Of those that must find a broken receiver, and one where it is killed; `make matrix` plays all."""


def found(played):
    return {str(each.class_) for each in played.judgement.findings}


def state_at(variant, url):
    """Where it shows what it derives, if it derives anything."""
    return f"{url}{variant.state}" if variant.state else ""


def killed(name, value):
    """A parameter whose test kills a receiver again and again."""
    return pytest.param(value, id=name, marks=[] if name in KILLED_ALWAYS else [pytest.mark.long])


def event_types(variant):
    """A few types, and those that it derives its state from."""
    return tuple(dict.fromkeys((*FEW, *DERIVED_FROM[variant.state])))


@pytest.mark.parametrize("variant", IN_THREAD, ids=lambda variant: variant.name)
def test_a_broken_receiver_is_found_out(variant, receiver, requested, play):
    """Each bug is violated with its class in the scenarios that must find it, against a clause of that scenario."""
    events = () if set(variant.scenarios) & set(OF_EVERY_TYPE) else event_types(variant)
    with receiver(variant.name) as url:
        request = requested(url, limits=HASTY, events=events, observe_state=state_at(variant, url))
        for played in play(request, *variant.scenarios[:MOST_SCENARIOS]):
            assert Verdict.VIOLATED is played.judgement.verdict, played.scenario.name
            assert found(played) & variant.expected, played.scenario.name


def test_a_row_that_an_older_state_overwrote_is_stale_and_no_loss(receiver, requested, play):
    """Not of the events in between either, such as the one that created the customer."""
    with receiver("overwrites-rows") as url:
        (played,) = play(requested(url), "out-of-order")
    assert {"stale"} == found(played)


@pytest.mark.long
@pytest.mark.parametrize(("variant", "expected"), [("no-dedupe", "duplicated"), ("refuses-duplicates", "rejected")])
def test_resends_that_the_api_makes_and_does_not_answer_find_out(variant, expected, receiver, requested, play):
    """Who cannot cope with a repeat is found by it alone: no delivery of the scenario was broken after it arrived."""
    with receiver(variant) as url:
        (played,) = play(requested(url, events=FEW), "api-trouble")
    assert {expected} == found(played)


def test_dedupe_by_timestamp_is_found_after_other_scenarios_too(receiver, requested, play):
    """Its memory of moments from earlier scenarios does not make a later one's control fail."""
    with receiver("dedupe-by-timestamp") as url:
        *_, second = play(requested(url, limits=HASTY, events=FEW), "steady", "short-outage", "same-second")
    assert Verdict.VIOLATED is second.judgement.verdict


@pytest.mark.parametrize("variant", [killed(each.name, each) for each in AS_CHILD])
def test_a_receiver_that_a_kill_finds_out(variant, child_command, requested, play):
    """Bugs that show only when the receiver dies are found with --receiver-cmd."""
    if variant.days and faketime_library() is None:
        pytest.skip("needs libfaketime")
    url, command = child_command(variant.name)
    limits = replace(HASTY, travel_s=variant.days * 86_400)
    request = requested(
        url, receiver_cmd=command, limits=limits, events=event_types(variant), observe_state=state_at(variant, url)
    )
    for played in play(request, *variant.scenarios[:1]):
        assert found(played) & variant.expected, played.scenario.name


def test_each_scenario_is_played_by_the_reference_and_two_others():
    """Each receiver plays three or more. The scenario about levels asks for a receiver that keeps some."""
    played = Counter(name for names in TELLING.values() for name in set(names))
    assert set(CORRECT) == {"reference", *TELLING}
    assert {*PLAYABLE, "stock-levels"} == set(played)
    assert 2 <= min(played.values())
    assert 3 <= min(len(set(names)) for names in TELLING.values())


@pytest.mark.parametrize(("variant", "name", "seed"), RIGHT)
def test_a_right_receiver_is_verified(variant, name, seed, receiver, requested, play):
    """No false alarm: a right receiver is verified in every scenario, with as many seeds between them.

    Which rows belong to an event beside its own is learned from clean single deliveries, so one comes before repeats.
    """
    keeper = CORRECT[variant]
    events = () if variant == "reference" or name in OF_EVERY_TYPE else event_types(keeper)
    with receiver(variant) as url:
        request = requested(url, events=events, observe_state=state_at(keeper, url))
        *_, played = play(request, *(["steady"] if variant == "keeps-ledger" else []), name, seed=seed)
    assert (Verdict.VERIFIED, ()) == (played.judgement.verdict, played.judgement.findings), played.judgement.reason


@pytest.mark.parametrize(("variant", "name"), CALLING)
def test_a_right_receiver_that_calls_back_is_verified(variant, name, child_command, requested, play):
    """It calls the simulator of the scenario that is played, and what its writes raise accuses it of nothing."""
    url, command = child_command(variant)
    (played,) = play(requested(url, receiver_cmd=command), name)
    assert Verdict.VERIFIED is played.judgement.verdict, played.judgement.reason


@pytest.mark.parametrize("name", [killed(each, each) for each in KILLING])
def test_a_right_receiver_survives_kills(name, child_command, requested, play):
    """A receiver that stores before it answers is verified when it is killed at every moment of a delivery."""
    url, command = child_command("reference")
    (played,) = play(requested(url, receiver_cmd=command, events=FEW), name)
    assert Verdict.VERIFIED is played.judgement.verdict, played.judgement.reason


@pytest.mark.skipif(faketime_library() is None, reason="needs libfaketime")
def test_a_right_receiver_lives_eight_days_later(child_command, requested, play):
    """Its clock has moved on, and it still knows what it has booked."""
    url, command = child_command("reference")
    limits = replace(QUICK, travel_s=8 * 86_400)
    (played,) = play(requested(url, receiver_cmd=command, limits=limits), "long-memory")
    assert (Verdict.VERIFIED, 8) == (played.judgement.verdict, played.history.waited_s // 86_400)


@pytest.mark.parametrize(("variant", "is_played"), [("reference", False), ("stock-by-sum", True)])
def test_the_table_asks_for_levels_only_where_there_are_some(variant, is_played):
    """A right receiver that keeps none is verified everywhere else: the scenario says nothing of it."""
    names = [each.name for each in scenarios_for(CORRECT[variant])]
    assert is_played is ("stock-levels" in names)
    assert {"steady", "crash-matrix"} <= set(names)


def test_the_table_has_each_broken_receiver_where_it_is_found_and_where_its_bug_sleeps():
    for variant in BROKEN.values():
        assert {"steady", *variant.scenarios} == {each.name for each in scenarios_for(variant)}


def outcome(scenario, verdict, *classes, checked=0):
    """Make a scenario's outcome, by its name; `checked`: so many derived rows were compared."""
    judgement = SimpleNamespace(verdict=verdict, findings=[SimpleNamespace(class_=each) for each in classes])
    return SimpleNamespace(scenario=SimpleNamespace(name=scenario), judgement=judgement, history=checked)


@pytest.mark.parametrize(
    ("variant", "played", "expected"),
    [
        (BROKEN["no-dedupe"], outcome("lost-response", Verdict.VIOLATED, "duplicated"), True),
        (BROKEN["no-dedupe"], outcome("lost-response", Verdict.VERIFIED), False),
        (BROKEN["no-dedupe"], outcome("steady", Verdict.VERIFIED), True),
        (BROKEN["no-dedupe"], outcome("steady", Verdict.VIOLATED, "corrupt"), False),
        (BROKEN["no-dedupe"], outcome("storm", Verdict.VIOLATED, "corrupt"), True),  # with --all: only shown
        (CORRECT["reference"], outcome("crash-matrix", Verdict.VERIFIED), True),
        (CORRECT["reference"], outcome("crash-matrix", Verdict.UNKNOWN), False),
        (CORRECT["stock-by-sum"], outcome("crash-matrix", Verdict.VERIFIED, checked=3), True),
        (CORRECT["stock-by-sum"], outcome("crash-matrix", Verdict.VERIFIED, checked=0), False),
        (CORRECT["stock-by-sum"], outcome("crash-matrix", Verdict.VIOLATED, "wrong-state", checked=3), False),
        (CORRECT["stock-by-sum"], outcome("steady", Verdict.VERIFIED, checked=0), True),
    ],
)
def test_the_table_is_wrong_where_an_outcome_is_not_the_registrys(variant, played, expected, monkeypatch):
    monkeypatch.setattr(matrix, "check_state", lambda history: SimpleNamespace(checked=history))
    assert expected is matrix.is_right(variant, played)
