"""The harness judged by receivers whose bugs, or rightness, are known."""

from dataclasses import replace

import pytest

from frontsim.hosting.user_program import faketime_library
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.compare.wrong_state import check_state
from frontsim.verification.scenario.scenario import bundled_scenarios
from tests.verification.laboratory import FEW, HASTY, QUICK
from tests.verification.whole_runs.matrix import scenarios_for

pytestmark = pytest.mark.slow

PLAYABLE = [each.name for each in bundled_scenarios() if not each.needs]
KILLING = [each.name for each in bundled_scenarios() if each.needs == ("--receiver-cmd",)]
ANSWERING_OTHERWISE = ("answers-202", "answers-204", "slow")
"""Right receivers whose logic is the reference's: what they answer matters, and the long scenarios add nothing."""
SHORT = ["steady", "resend-delivered", "duplicate-race", "lost-response", "evolution", "malformed"]
CHANGING = {
    "/levels": ["stock-levels", "same-second", "lost-response", "out-of-order", "evolution", "unicode-and-decimals"],
    "/customers": ["out-of-order", "entity-updated-twice", "short-outage", "lost-response", "evolution", "storm"],
}
"""What is played against receivers that keep levels or customers: but for those, they are the reference."""
DERIVED_FROM = {"/levels": ("StockMovementCreated",), "/customers": ("CustomerCreated", "CustomerUpdated"), "": ()}
DEADLY = ["crash-after-ack", "crash-matrix", "restart-then-resend"]
OF_EVERY_TYPE = ("steady", "big-payload")
"""The other scenarios are played with all types against the reference, and with few against all other receivers."""
OF_MANY_EVENTS = ("long-outage", "late-resend")
KEEPING_OTHERWISE = ("business-key", "newest-state", "parks-updates", "balances-sales")
"""Right receivers to whom a hundred events say no more than `storm` does; `make matrix` plays all."""
RIGHT = [
    (variant, name, seed)
    for variant in CORRECT
    for seed, name in enumerate(SHORT if variant in ANSWERING_OTHERWISE else PLAYABLE, 1)
    if not (variant in KEEPING_OTHERWISE and name in OF_MANY_EVENTS)
    if not CORRECT[variant].state
]
KEEPERS = {name: variant.state for name, variant in CORRECT.items() if variant.state}
RIGHT += [(variant, name, seed) for variant, state in KEEPERS.items() for seed, name in enumerate(CHANGING[state], 1)]
RIGHT += [("newest-state", "evolution", 4)]
"""By chance two stock items that lose their GTIN on the way are of one stock there: one row to the receiver."""
IN_THREAD = [each for each in BROKEN.values() if not each.needs_process_control]
AS_CHILD = [each for each in BROKEN.values() if each.needs_process_control]


def found(played):
    return {str(each.class_) for each in played.judgement.findings}


def state_at(variant, url):
    """Where it shows what it derives, if it derives anything."""
    return f"{url}{variant.state}" if variant.state else ""


def told(variant):
    """A few types, and those that it derives its state from."""
    return tuple(dict.fromkeys((*FEW, *DERIVED_FROM[variant.state])))


@pytest.mark.parametrize("variant", IN_THREAD, ids=lambda variant: variant.name)
def test_a_broken_receiver_is_found_out(variant, receiver, requested, play):
    """Each bug is violated with its class in each scenario that must find it, against a clause of that scenario."""
    events = () if set(variant.scenarios) & set(OF_EVERY_TYPE) else told(variant)
    with receiver(variant.name) as url:
        request = requested(url, limits=HASTY, events=events, observe_state=state_at(variant, url))
        for played in play(request, *variant.scenarios):
            assert Verdict.VIOLATED is played.judgement.verdict, played.scenario.name
            assert found(played) & variant.expected, played.scenario.name


def test_a_row_that_an_older_state_overwrote_is_stale_and_no_loss(receiver, requested, play):
    """Not of the events in between either, such as the one that created the customer."""
    with receiver("overwrites-rows") as url:
        (played,) = play(requested(url), "out-of-order")
    assert {"stale"} == found(played)


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


@pytest.mark.parametrize("variant", AS_CHILD, ids=lambda variant: variant.name)
def test_a_receiver_that_a_kill_finds_out(variant, child_command, requested, play):
    """Bugs that show only when the receiver dies are found with --receiver-cmd."""
    if variant.days and faketime_library() is None:
        pytest.skip("needs libfaketime")
    url, command = child_command(variant.name)
    limits = replace(HASTY, travel_s=variant.days * 86_400)
    request = requested(
        url, receiver_cmd=command, limits=limits, events=told(variant), observe_state=state_at(variant, url)
    )
    for played in play(request, *variant.scenarios):
        assert found(played) & variant.expected, played.scenario.name


@pytest.mark.parametrize("variant", [name for name in BROKEN if name != "no-dedupe"])
def test_a_broken_receiver_passes_where_its_bug_does_not_show(variant, receiver, requested, play):
    """With one clean event after another no more is found than there is: a bug that sleeps is not guessed at."""
    with receiver(variant) as url:
        (played,) = play(requested(url, events=["SaleCreated"]), "steady")
    assert not found(played) - BROKEN[variant].expected


@pytest.mark.parametrize(("variant", "name", "seed"), RIGHT)
def test_a_right_receiver_is_verified(variant, name, seed, receiver, requested, play):
    """No false alarm: a right receiver is verified in every scenario, with as many seeds between them."""
    keeper = CORRECT[variant]
    events = () if variant == "reference" or name in OF_EVERY_TYPE else told(keeper)
    with receiver(variant) as url:
        (played,) = play(requested(url, events=events, observe_state=state_at(keeper, url)), name, seed=seed)
    assert (Verdict.VERIFIED, ()) == (played.judgement.verdict, played.judgement.findings), played.judgement.reason


@pytest.mark.parametrize("variant", ["reference", "inbox"])
def test_a_right_receiver_survives_kills(variant, child_command, requested, play):
    """What stores before it answers is verified when it is killed at every moment of a delivery."""
    url, command = child_command(variant)
    verdicts = {
        each.scenario.name: each.judgement for each in play(requested(url, receiver_cmd=command, events=FEW), *KILLING)
    }
    assert {} == {name: each for name, each in verdicts.items() if each.verdict is not Verdict.VERIFIED}


@pytest.mark.parametrize("variant", KEEPERS)
def test_what_is_derived_in_the_transaction_of_the_event_survives_kills(variant, child_command, requested, play):
    """Its levels and customers are right after each kill, and they were compared."""
    url, command = child_command(variant)
    keeper = CORRECT[variant]
    request = requested(url, receiver_cmd=command, events=told(keeper), observe_state=state_at(keeper, url))
    for played in play(request, *DEADLY):
        assert Verdict.VERIFIED is played.judgement.verdict, (played.scenario.name, played.judgement.reason)
        assert check_state(played.history).checked, played.scenario.name


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
