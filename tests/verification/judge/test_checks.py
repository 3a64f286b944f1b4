import dataclasses
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.model import Trigger
from frontsim.verdicts import Contract, Verdict
from frontsim.verification.compare.state_events import SUM
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Effect, Expect, History, Liveness, Observation, PreflightCheck
from frontsim.verification.effects.state_shape import (
    Cell,
    CustomerField,
    CustomerShape,
    StateFacts,
    StateShape,
    StockItem,
)
from frontsim.verification.judge.checks import Finding, Judgement, judge, without_guesses
from tests.verification.judge.histories import CONTRACT, booked, event, failed_then, history, lives, run, verdict_on


def test_acknowledged_and_booked_once_is_ok():
    """An event that was acknowledged and has one effect is `ok`, and the receiver verified."""
    sale = event()
    found = verdict_on(sale, effects=booked(sale))
    assert found.verdict is Verdict.VERIFIED
    assert found.classes == {sale.webhook_event_id: Class.OK}
    assert found.counts == {"events": 1, "acknowledged": 1, "resent": 0, "effects": 1, "ok": 1}


def test_failed_then_booked_once_is_recovered():
    """An unacknowledged run, then one effect, is `recovered`: no finding."""
    sale = failed_then(200)
    found = verdict_on(sale, effects=booked(sale))
    assert (found.verdict, found.classes[sale.webhook_event_id]) == (Verdict.VERIFIED, Class.RECOVERED)


def test_an_event_with_broken_runs_only_is_unsettled():
    """A receiver that never got a run without a fault is not blamed: `unsettled`, and no finding."""
    sale = event(run(None, faulted=True, sent=False))
    found = verdict_on(sale)
    assert (found.findings, found.classes[sale.webhook_event_id]) == ((), Class.UNSETTLED)
    assert found.verdict is Verdict.UNKNOWN
    assert "no run was made without a fault" in found.reason


def test_no_events_prove_nothing():
    """A scenario in which nothing was raised did not run."""
    assert verdict_on().verdict is Verdict.UNKNOWN


def test_no_observer_says_nothing_about_effects():
    """Without an observer the verdict is unknown at best, and no event has a class by effects."""
    found = judge(History("steady", (event(), failed_then(200))), CONTRACT)
    assert (found.verdict, found.findings, found.classes) == (Verdict.UNKNOWN, (), {})
    assert "effects" not in found.counts


def test_no_observer_still_sees_a_refusal():
    """A refusal, which the answers alone prove, is a violation without an observer too."""
    found = judge(History("steady", (failed_then(500),)), CONTRACT)
    assert (found.verdict, [each.class_ for each in found.findings]) == (Verdict.VIOLATED, [Class.REJECTED])


def test_a_dead_observer_makes_the_scenario_unknown():
    """An observer that died in the middle makes the scenario unknown, with its words as the reason."""
    lost = history(event(), event())
    found = judge(
        dataclasses.replace(lost, final=None, observer_failure="GET http://x: expected 200, got 502"), CONTRACT
    )
    assert (found.verdict, found.findings, found.reason) == (Verdict.UNKNOWN, (), "GET http://x: expected 200, got 502")


def test_a_failed_control_makes_everything_unknown():
    """When a clean event was not seen once, nothing is believed: not even a duplicate."""
    sale = event()
    found = verdict_on(sale, effects=booked(sale, times=2), preflight=(PreflightCheck("seen once", "it was not seen"),))
    assert (found.verdict, found.findings, found.reason) == (Verdict.UNKNOWN, (), "it was not seen")


def test_trouble_of_our_own_is_unknown():
    """A scenario that was not played to its end proves nothing."""
    assert verdict_on(event(), trouble="the simulator went away").verdict is Verdict.UNKNOWN


def test_effects_that_still_change_prove_no_loss():
    """Still changing at the end: what is missing may yet come."""
    found = verdict_on(event(), settled=False)
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())


def test_effects_that_still_change_prove_a_duplicate():
    """Still changing at the end, but no time undoes a duplicate."""
    sale = event()
    found = verdict_on(sale, event(), effects=booked(sale, times=2), settled=False)
    assert (found.verdict, [each.class_ for each in found.findings]) == (Verdict.VIOLATED, [Class.DUPLICATED])


def mangled(*codes):
    broken = [run(code, number=number, faulted=True) for number, code in enumerate(codes, 1)]
    return event(*broken, run(number=9, resend=True), expect=Expect.REFUSED)


def test_a_broken_body_that_is_refused_and_then_booked_is_right():
    """Garbage answered with a 4xx and no effect, then the sound resend booked once: recovered."""
    sale = mangled(400)
    found = verdict_on(sale, effects=booked(sale), checkpoint=Observation(500, ()))
    assert (found.verdict, found.classes[sale.webhook_event_id]) == (Verdict.VERIFIED, Class.RECOVERED)


def test_a_broken_body_without_an_answer_is_no_finding():
    """Half a body cannot be answered: that there was no answer is our doing."""
    sale = mangled(None)
    assert verdict_on(sale, effects=booked(sale), checkpoint=Observation(500, ())).verdict is Verdict.VERIFIED


def test_a_broken_body_that_is_booked_is_unexpected():
    """An effect while only garbage had arrived is `unexpected`, and that alone is told."""
    sale = event(run(200, faulted=True), expect=Expect.REFUSED)
    found = verdict_on(sale, effects=booked(sale), checkpoint=Observation(500, tuple(booked(sale))))
    assert [(each.class_, each.clause) for each in found.findings] == [
        (Class.UNEXPECTED, "books-only-what-arrived-whole")
    ]


def test_a_broken_body_that_is_acknowledged_and_dropped_is_lost_after_ack():
    """Garbage answered with 200 will never be resent."""
    sale = event(run(200, faulted=True), expect=Expect.REFUSED)
    found = verdict_on(sale, checkpoint=Observation(500, ()))
    assert [each.class_ for each in found.findings] == [Class.LOST_AFTER_ACK]


def test_a_broken_body_that_breaks_the_receiver_is_crashed():
    """Garbage that is answered with a 5xx every time is `crashed`."""
    sale = mangled(500, 500, 500)
    found = verdict_on(sale, effects=booked(sale), checkpoint=Observation(500, ()))
    assert [each.class_ for each in found.findings] == [Class.CRASHED]


@pytest.mark.parametrize("codes", [(503,), (503, 503), (503, 400, 503)])
def test_a_busy_receiver_is_not_broken_by_garbage(codes):
    """A 5xx now and then says that it is busy, whatever arrives."""
    sale = mangled(*codes)
    assert verdict_on(sale, effects=booked(sale), checkpoint=Observation(500, ())).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("code", "effects"), [(200, 0), (200, 1), (202, 1), (400, 0), (422, 0), (404, 0)])
def test_an_event_of_an_unknown_type_may_be_taken_or_left(code, effects):
    """A new type may be acknowledged or refused, booked or not."""
    new = event(run(code), expect=Expect.EITHER)
    assert verdict_on(new, effects=booked(new, times=effects)).verdict is Verdict.VERIFIED


def in_evolution(*runs, expect):
    tried = [run(code, number=number, mutated=True) for number, code in enumerate(runs, 1)]
    new = event(*tried, expect=expect)
    return judge(dataclasses.replace(history(new, effects=booked(new)), scenario="evolution"), CONTRACT)


@pytest.mark.parametrize(
    ("codes", "expect", "expected"),
    [
        ((500, 500, 500), Expect.EITHER, [(Class.REJECTED, "tolerates-evolution")]),
        ((None, None, None), Expect.EITHER, [(Class.CRASHED, "tolerates-evolution")]),
        ((422, 422, 422), Expect.ONCE, [(Class.REJECTED, "tolerates-evolution")]),
        ((500, 500, 500, 500), Expect.ONCE, [(Class.REJECTED, "tolerates-evolution")]),
        ((503, 503, 200), Expect.ONCE, []),
        ((503, 503, 200), Expect.EITHER, []),
        ((503, 400), Expect.EITHER, []),
    ],
)
def test_what_a_receiver_must_cope_with(codes, expect, expected):
    """New types break nothing, and events with harmless changes are taken: at the latest when they are resent."""
    found = in_evolution(*codes, expect=expect)
    assert [(each.class_, each.clause) for each in found.findings] == expected


def test_a_receiver_that_stopped_answering_is_crashed():
    """No sign of life at the end is a finding, told of the last event before."""
    sale = event()
    found = verdict_on(sale, effects=booked(sale), liveness=Liveness("expected an answer, got none"))
    assert [(each.class_, each.clause) for each in found.findings] == [(Class.CRASHED, "stays-alive")]


def test_a_changed_payload_is_corrupt():
    """An effect that carries other content than was sent is `corrupt`, with the path and both values."""
    sale = event(payload={"total": 10.5, "lines": [1, 2, 3]})
    found = verdict_on(sale, effects=booked(sale, payload={"total": 10.5, "lines": [1, 2]}))
    assert [(each.class_, each.detail) for each in found.findings] == [(Class.CORRUPT, "lines: sent 3 entries, kept 2")]


def test_an_altered_payload_is_not_compared():
    """When we changed the body on the way, the log's payload is not what the receiver got."""
    sale = event(payload={"total": 1}, altered=True)
    assert verdict_on(sale, effects=booked(sale, payload={"total": 2})).verdict is Verdict.VERIFIED


def test_who_is_still_being_taken_is_not_refused_for_ever():
    """Time was over while the job still got on: unknown, for those that had not been taken yet."""
    sales = failed_then(429), failed_then(200)
    found = verdict_on(*sales, effects=booked(sales[1]), unfinished=True)
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert "others were still being taken when time was over (--timeout)" in found.reason


def test_what_was_acknowledged_is_missed_though_others_are_still_being_taken():
    """An event that was acknowledged and has no effect is none of them."""
    found = verdict_on(failed_then(200), failed_then(429), unfinished=True)
    assert [each.class_ for each in found.findings] == [Class.BURNED]


@pytest.mark.parametrize(("code", "expected"), [(500, [Class.CRASHED]), (503, []), (400, [])])
def test_who_is_busy_has_not_seen_the_broken_body(code, expected):
    """Three times 500 is what a broken body does to it; a 503 says that it is busy."""
    sale = event(*[run(code, number=number, faulted=True) for number in (1, 2, 3)], run(), expect=Expect.REFUSED)
    assert expected == [each.class_ for each in verdict_on(sale, effects=booked(sale)).findings]


@given(st.lists(lives(), min_size=1, max_size=8), st.randoms(use_true_random=False), st.integers(0, 3))
def test_a_right_receiver_is_never_accused(all_runs, random, strangers):
    """Whatever we broke: each event booked once in the end, in any order and among foreign records, is verified."""
    events = [event(*runs) for runs in all_runs]
    effects = [*booked(*events), *(Effect(f"foreign-{number}", {}) for number in range(strangers))]
    random.shuffle(effects)
    found = verdict_on(*events, effects=effects)
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)


@given(st.lists(lives(), min_size=1, max_size=6), st.data())
def test_one_wrong_event_is_found_and_no_other(all_runs, data):
    """One effect too few or too many among right ones is found, and only that event is accused."""
    events = [event(*runs) for runs in all_runs]
    wrong = data.draw(st.sampled_from(events))
    times = data.draw(st.sampled_from([0, 2, 3]))
    effects = booked(*(each for each in events if each is not wrong)) + booked(wrong, times=times)
    found = verdict_on(*events, effects=effects)
    assert [wrong.webhook_event_id] == [each.webhook_event_id for each in found.findings]
    first_ack = next(each for each in wrong.runs if each.acknowledged)
    lost = Class.BURNED if first_ack.trigger is Trigger.RESEND else Class.LOST_AFTER_ACK
    assert found.findings[0].class_ is (Class.DUPLICATED if times else lost)


def test_a_doubt_takes_back_what_is_missing():
    """Where another look casts a doubt on what was missing, the verdict is unknown, and says why."""
    lost, never, burned = event(), failed_then(None), failed_then(200)
    first, second = (verdict_on(lost, never, burned), judge(history(lost, never, burned), CONTRACT, doubt="5 s late"))
    assert (Verdict.VIOLATED, {lost.webhook_event_id, never.webhook_event_id, burned.webhook_event_id}) == (
        first.verdict,
        first.missing,
    )
    assert (second.verdict, second.reason, second.findings, second.notes) == (Verdict.UNKNOWN, "5 s late", (), ())
    assert set(second.classes.values()) == {Class.UNSETTLED}


def test_a_duplicate_stands_in_doubt():
    """A doubt on what was missing undoes no duplicate, and no answer."""
    lost, double, refused = event(), event(), failed_then(500)
    found = judge(history(lost, double, refused, effects=booked(double, times=2)), CONTRACT, doubt="5 s late")
    assert [(Class.DUPLICATED, Verdict.VIOLATED), (Class.REJECTED, Verdict.VIOLATED)] == sorted(
        (each.class_, found.verdict) for each in found.findings
    )


def test_a_doubt_without_anything_missing_is_none():
    """Nothing is missing: verified, whatever was doubted."""
    sale = event()
    assert judge(history(sale, effects=booked(sale)), CONTRACT, doubt="5 s late").verdict is Verdict.VERIFIED


def test_the_reason_names_what_still_changes():
    """Effects that never rest: the reason names what changed."""
    found = judge(history(event(), settled=False), CONTRACT, change="the effect of a changed its payload")
    assert found.reason == ("the effects were still changing when time ran out: the effect of a changed its payload")


def test_a_judgement_says_all_that_it_found():
    """A violation needs no reason; effects and counts come with it, the classes in the order of the alphabet."""
    lost, well = event(), event()
    found = verdict_on(lost, well, effects=[*booked(well, times=2), Effect("foreign")])
    assert (Verdict.VIOLATED, "") == (found.verdict, found.reason)
    assert {lost.webhook_event_id: 0, well.webhook_event_id: 2} == found.effects
    assert () == found.notes
    assert ["duplicated", "lost-after-ack"] == list(found.counts)[4:]
    assert "" == Judgement(Verdict.VERIFIED).reason


def test_the_first_of_several_reasons_is_given():
    """Of two events that were still being taken, the one that was raised first."""
    found = verdict_on(failed_then(429), failed_then(None), unfinished=True)
    assert (Verdict.UNKNOWN, True) == (found.verdict, "got 429 some phrase; others were still" in found.reason)


def test_without_a_look_there_are_no_effects_to_count():
    assert {} == judge(History("steady", (event(),)), CONTRACT).effects


def test_an_unknown_change_is_reported_without_a_detail():
    assert (
        "the effects were still changing when time ran out" == judge(history(event(), settled=False), CONTRACT).reason
    )


def test_a_broken_note_is_no_violation():
    """A contract of the user's own may say that a clause is worth a note."""
    lenient = Contract([replace(clause, severity="note") for clause in CONTRACT], list(Class))
    found = judge(history(sale := event(name="sale"), effects=booked(sale, times=2)), lenient)
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)
    assert ("SaleCreated sale: duplicated: expected one effect, got 2 effects",) == found.notes


def test_an_order_that_no_effect_shows_is_skipped():
    """A list that keeps every state and says of none that it counts."""
    states = [event(series="customer 1", rank=rank) for rank in (0, 1)]
    assert Verdict.SKIPPED is verdict_on(*states, effects=booked(*states)).verdict


def test_a_refusal_that_hangs_on_a_guess_is_a_warning():
    """Told once for all that were answered alike; other findings stay, also other ones of the same event."""
    refused = [
        Finding(Class.REJECTED, "c", "SaleCreated", name, f"expected, got in 3 runs, got {answer}")
        for name, answer in (("a", "400 Bad"), ("b", "400 Bad"), ("c", "422 No"))
    ]
    double = Finding(Class.DUPLICATED, "c", "SaleCreated", "a", "twice")
    before = Judgement(Verdict.VIOLATED, findings=(*refused, double), notes=("a note",))
    end = "no source shows such a null, so this is no finding without --strict"
    warnings = (
        f"warning: 2 SaleCreated answered 400 Bad at every try; a guess; {end}",
        f"warning: 1 SaleCreated answered 422 No at every try; another; {end}",
    )
    every = without_guesses(before, {"a": "a guess", "b": "a guess", "c": "another"})
    assert (Verdict.VIOLATED, (double,), (*warnings, "a note")) == (every.verdict, every.findings, every.notes)
    some = without_guesses(replace(before, findings=tuple(refused)), {"a": "a guess", "b": "a guess"})
    assert (Verdict.VIOLATED, (refused[2],), (warnings[0], "a note")) == (some.verdict, some.findings, some.notes)
    none = without_guesses(replace(before, findings=(refused[2],)), {"c": "another"})
    assert (Verdict.VERIFIED, ()) == (none.verdict, none.findings)
    doubted = without_guesses(replace(before, findings=(refused[2],), reason="a doubt"), {"c": "another"})
    assert Verdict.UNKNOWN is doubted.verdict


def test_what_proves_nothing_has_no_classes():
    """Trouble of our own: no event is judged."""
    sale = event()
    assert {} == verdict_on(sale, effects=booked(sale), trouble="the simulator went away").classes


@pytest.mark.parametrize(("shown", "is_wrong"), [(-1, False), (-2, True)])
def test_a_level_that_is_wrong_may_be_right_later(shown, is_wrong):
    """So one more look is worth it, as where an effect is missing."""
    payload = {"gtin": "704", "stockId": 1, "quantity": -1, "stockLevel": 9, "availableLevel": 9, "reservedLevel": 0}
    moved = replace(event(run(200)), event="StockMovementCreated", payload=payload)
    shape = StateShape("g", "gtin", "s", {"n": SUM})
    state = StateFacts("state", shape, after={Cell(StockItem("1", "704"), "n"): Decimal(shown)})
    found = judge(replace(history(moved, effects=booked(moved)), state=state), CONTRACT)
    assert (is_wrong, is_wrong) == (found.has_wrong_levels, found.may_change)
    assert (1, 0) == (found.items, found.customers)
    nothing = Judgement(Verdict.VERIFIED)
    assert (False, 0, 0) == (nothing.may_change, nothing.items, nothing.customers)
    assert Judgement(Verdict.VIOLATED, missing=frozenset({"e"})).may_change


def test_the_customers_that_were_compared_are_counted():
    told = replace(event(run(200)), event="CustomerCreated", payload={"customerId": 7, "email": "ola@example.com"})
    shape = CustomerShape("id", {"mail": ["email"]})
    state = StateFacts(
        "state", after={}, customers=shape, customers_after={CustomerField("7", "mail"): "ola@example.com"}
    )
    found = judge(replace(history(told, effects=booked(told)), state=state), CONTRACT)
    assert (0, 1) == (found.items, found.customers)
