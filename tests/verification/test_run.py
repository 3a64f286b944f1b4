import threading
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.judge.checks import receiver_contract
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.run import open_run, play_all, run, seed_of
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.scenario import bundled_scenarios, chosen
from frontsim.verification.schedule import Pace
from tests.verification.laboratory import FEW, HASTY, Batches, ending

CONTRACT = receiver_contract()
BUNDLED = bundled_scenarios()


@given(st.integers(0, 2**63 - 1))
def test_every_scenario_has_a_seed_of_its_own(seed):
    """No two scenarios of a run share ids, and each seed is one that a simulator takes."""
    seeds = {seed_of(seed, scenario.name) for scenario in BUNDLED}
    assert len(seeds) == len(BUNDLED)
    assert all(Settings(seed=each).seed == each for each in seeds)


SEVERAL = (
    "steady",
    "lost-response",
    "duplicate-race",
    "same-second",
    "entity-updated-twice",
    "malformed",
    "two-webhooks",
)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["webhookEventId", "business"])
@pytest.mark.parametrize("variant", ["reference", "inbox", "newest-state"])
def test_a_right_receiver_is_verified_by_scenarios_side_by_side(variant, key, receiver, requested, play):
    """Bookings of one scenario are strange to the others, and accuse it of nothing."""
    with receiver(variant) as url:
        played = play(requested(url, observe_key=key, events=FEW), *SEVERAL, pace=Pace(jobs=4, jobs_that_wait=4))
    assert list(SEVERAL) == [each.scenario.name for each in played]
    assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}, [each.judgement for each in played]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("variant", ["reference", "newest-state"])
def test_a_right_receiver_that_is_tested_again_is_judged_as_the_first_time(variant, receiver, requested, play):
    """Also with the same seed, and when the articles of both runs would be the same: their states are in the past."""
    with receiver(variant) as url:
        for seed in (7, 7, 7, 7, 8):
            played = play(requested(url), "out-of-order", "same-second", seed=seed)
            assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}, [
                each.judgement for each in played
            ]


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["reference", "forgets-in-time"])
def test_what_was_sent_first_is_sent_again_last(variant, receiver, requested):
    """The receiver's key says how long it remembers; the memory of the broken one lives for 0.8 s."""
    probe, names = KeyProbe(), ["steady", "lost-response", "same-second", "long-memory"]
    with (
        receiver(variant) as url,
        open_run(requested(url), 1, simulators=run_in_thread, pause=time.sleep) as opened,
    ):
        played = list(play_all(chosen(names), opened, CONTRACT, Pace(jobs=2), probe))
    assert names == [each.scenario.name for each in played]
    if variant == "reference":
        assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}
        assert "; remembers an event for at least " in str(probe.found)
    else:
        assert {"remembers-long"} == {each.clause for each in played[-1].judgement.findings}
        assert "; has forgotten an event after " in str(probe.found)


@pytest.mark.slow
def test_a_broken_receiver_is_found_by_the_same_scenarios_side_by_side(receiver, requested, play):
    """Each scenario that must find it does, and those that cannot find nothing."""
    with receiver("no-dedupe") as url:
        played = play(
            requested(url, events=FEW), "steady", "lost-response", "short-outage", "resend-delivered", pace=Pace(jobs=4)
        )
    found = {each.scenario.name for each in played if each.judgement.verdict is Verdict.VIOLATED}
    assert {"lost-response", "resend-delivered"} == found


@pytest.mark.slow
def test_what_the_budget_leaves_out_is_skipped(receiver, requested, play):
    """It was not played, which is said. What could not be played anyway says why not."""
    with receiver("reference") as url:
        played = play(requested(url, events=FEW), "steady", "storm", "crash-after-ack", pace=Pace(budget_s=0))
    assert [Verdict.SKIPPED] * 3 == [each.judgement.verdict for each in played]
    assert "not played: the budget of 0 s was used up before it (--budget)" == played[1].judgement.reason
    assert "it kills and restarts the receiver, which needs --receiver-cmd" == played[2].judgement.reason
    assert [True, True, False] == [each.not_played is not None for each in played]


@pytest.mark.slow
@pytest.mark.parametrize("names", [["short-outage"], ["short-outage", "crash-after-ack"]])
def test_a_batch_that_comes_late_is_no_loss(shop, requested, play, limits, names):
    """All is booked when --settle's patience is over: verified, also alone, with a note."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    played, *_ = play(request, *names, after_each=Batches(shop).is_due.set)
    assert ending(played) == (Verdict.VERIFIED, [])
    assert any("effects came late: the last of them " in note for note in played.judgement.notes)


@pytest.mark.slow
def test_a_batch_that_comes_in_the_next_scenario_is_no_loss(shop, requested, play, limits):
    """verify looks again for missing effects after the next scenario, before it accuses the receiver."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    first, second = play(request, "short-outage", "steady", after_each=Batches(shop).is_due.set)
    assert (ending(first), ending(second)) == ((Verdict.VERIFIED, []), (Verdict.VERIFIED, []))
    assert [first.scenario.name, second.scenario.name] == ["short-outage", "steady"]
    assert first.judgement.counts["effects"] == 6


@pytest.mark.slow
def test_what_is_booked_before_the_run_ends_is_no_loss(shop, requested, limits):
    """A queue that tries a stalled job again after half a minute: it was missing for long enough, and came at last."""
    is_over = threading.Event()
    shop.shows = lambda: (200, orjson.dumps(shop.effects if is_over.is_set() else shop.effects[:1] + shop.effects[6:]))
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=0.1))
    with open_run(request, 1, simulators=run_in_thread, pause=time.sleep) as opened:

        class Waiting:
            given = opened.given

            def harness(self, name):
                if name == "same-second":
                    is_over.set()
                return opened.harness(name)

        played = list(play_all(scenario.chosen(["short-outage", "steady", "same-second"]), Waiting(), CONTRACT))
    assert [(Verdict.VERIFIED, [])] * 3 == [ending(each) for each in played]
    assert any("effects came late" in note for note in played[0].judgement.notes)


@pytest.mark.slow
def test_a_duplicate_in_a_late_batch_is_found(shop, requested, play, limits):
    """The last look sees everything that came late, also what came twice."""
    late = Batches(shop)

    def books_the_batch():
        shop.effects.append(shop.effects[3])
        late.is_due.set()

    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    (played,) = play(request, "short-outage", after_each=books_the_batch)
    assert ending(played) == (Verdict.VIOLATED, [Class.DUPLICATED])


def same_key(_, effect):
    return effect


def no_key(shop, effect):
    return {"webhookEventId": None, "saleId": orjson.loads(shop.bodies[effect["webhookEventId"]])["saleId"]}


@pytest.mark.slow
@pytest.mark.parametrize("again", [same_key, no_key])
def test_a_copy_that_comes_after_the_last_look_at_its_scenario_is_found(again, shop, requested, limits):
    """A job that is tried again later books an event of a scenario that is over: the end of the run ties it to it."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    with open_run(request, 1, simulators=run_in_thread, pause=time.sleep) as opened:
        playing = play_all(scenario.chosen(["resend-delivered", "same-second"]), opened, CONTRACT)
        first = next(playing)
        ids = {each.webhook_event_id for each in first.history.events}
        shop.effects.append(again(shop, next(each for each in shop.effects if each["webhookEventId"] in ids)))
        (last,) = playing
    assert [(Verdict.VERIFIED, []), (Verdict.VIOLATED, [Class.DUPLICATED])] == [ending(first), ending(last)]
    (finding,) = last.judgement.findings
    assert finding.webhook_event_id in ids
    assert finding.detail.endswith(", after the last look at resend-delivered")


@pytest.mark.long
@pytest.mark.slow
def test_what_comes_after_the_last_look_and_is_of_no_event_accuses_nobody(shop, requested, limits):
    """Another system's row, and a row of another event in the place of one: neither is a second booking."""
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    with open_run(request, 1, simulators=run_in_thread, pause=time.sleep) as opened:
        playing = play_all(scenario.chosen(["steady", "same-second"]), opened, CONTRACT)
        first = next(playing)
        shop.effects[-1:] = [{"webhookEventId": "of-another-system"}]
        (last,) = playing
    assert [[], []] == [ending(each)[1] for each in (first, last)]


@pytest.mark.slow
def test_what_comes_in_part_leaves_the_rest_lost(shop, requested, play, limits):
    """Part of a late batch is not there: a loss, of that part only."""
    is_over = threading.Event()
    shop.shows = lambda: (200, orjson.dumps(shop.effects[: 4 if is_over.is_set() else 1]))
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert played.judgement.verdict is Verdict.VIOLATED
    assert played.judgement.counts["effects"] == 4
    assert len(played.judgement.missing) == 2


@pytest.mark.slow
def test_an_observer_that_dies_before_the_last_look_makes_the_scenario_unknown(shop, requested, play, limits):
    """It was alive when effects were missed, and is not when they are looked for again."""
    is_over = threading.Event()
    Batches(shop)
    lists = shop.shows
    shop.shows = lambda: (502, b"bad gateway") if is_over.is_set() else lists()
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "got 502 bad gateway" in played.judgement.reason


@pytest.mark.slow
def test_an_observer_that_dies_before_the_last_look_proves_nothing(shop, requested, play, limits):
    """All effects were there, but a second effect of an event may have come since."""
    played: list[str] = []
    lists = shop.shows
    shop.shows = lambda: (502, b"bad gateway") if len(played) == 2 else lists()
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    first, second = play(request, "short-outage", "steady", after_each=lambda: played.append("one"))
    assert ending(second) == (Verdict.UNKNOWN, [])
    assert first.judgement.findings == ()  # whether it had its last look before the second ended, the machine decides
    assert "the look that would show more of them failed: " in second.judgement.reason


@pytest.mark.slow
def test_an_observer_that_shows_less_in_the_last_look_makes_the_scenario_unknown(shop, requested, play, limits):
    """All is booked late, but the list shows the newest three only: what was lost cannot be known."""
    is_over = threading.Event()
    shop.shows = lambda: (200, orjson.dumps(shop.effects[-3:] if is_over.is_set() else shop.effects[:1]))
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    (played,) = play(request, "short-outage", after_each=is_over.set)
    assert ending(played) == (Verdict.UNKNOWN, [])
    assert "the observer no longer shows 1 record" in played.judgement.reason


@pytest.mark.slow
def test_what_never_comes_is_lost(shop, requested, play, limits):
    """The last look does not find it either: it is a loss, and told in the order of the scenarios."""
    Batches(shop)
    request = requested(shop.url, events=["SaleCreated"], limits=limits())
    first, second = play(request, "short-outage", "crash-after-ack")
    assert (first.judgement.verdict, second.judgement.verdict) == (Verdict.VIOLATED, Verdict.SKIPPED)
    assert {Class.BURNED, Class.LOST_AFTER_ACK} == {each.class_ for each in first.judgement.findings}


@pytest.mark.slow
def test_ctrl_c_tells_what_is_known(shop, requested, limits):
    """A scenario that waits for the last look is shown before the interruption goes on, without an accusation."""
    Batches(shop)
    told = []
    request = requested(shop.url, events=["SaleCreated"], limits=limits(last_s=60))
    with open_run(request, 1, simulators=run_in_thread, pause=time.sleep) as opened:

        class Interrupted:
            given = opened.given

            def harness(self, name):
                if name == "steady":
                    raise KeyboardInterrupt
                return opened.harness(name)

        with pytest.raises(KeyboardInterrupt):
            told.extend(play_all(scenario.chosen(["short-outage", "steady"]), Interrupted(), CONTRACT))
    assert [each.scenario.name for each in told] == ["short-outage"]
    assert ending(told[0]) == (Verdict.UNKNOWN, [])
    assert "interrupted before the effects that are missing had been waited for" in told[0].judgement.reason


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(("books_invoices_alone", "verdict"), [(True, "verified"), (False, "unknown")])
def test_what_is_acknowledged_only_is_judged_at_the_end(books_invoices_alone, verdict, shop, requested):
    """One that books invoices alone is verified for these, and one that books all but these may lose them."""
    book = shop.books

    def book_some(event_id):
        if books_invoices_alone is (shop.types[event_id] == "InvoiceCreated"):
            book(event_id)

    shop.books = book_some
    report = run(requested(shop.url, limits=HASTY), chosen(["steady"]), seed=5, pause=time.sleep)
    assert verdict == report.verdict, report.played[0].judgement
