import dataclasses
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.history import (
    Effect,
    Entity,
    EventFact,
    Expect,
    History,
    Liveness,
    Observation,
    PreflightCheck,
    Run,
    StateRow,
)
from frontsim.verification.judge import clauses
from frontsim.verification.judge.checks import judge

CONTRACT = clauses.load()
ids = count()


def run(code=200, *, number=1, resend=False, faulted=False, mutated=False, sent=True):
    outcome = Outcome.ANSWERED if code else Outcome.UNKNOWN if sent else Outcome.NOT_SENT
    trigger = Trigger.RESEND if resend else Trigger.ORIGINAL
    return Run(number, trigger, outcome, "some phrase", code, at_ms=number * 10, faulted=faulted, mutated=mutated)


def event(*runs, name=None, **others):
    name = name or f"event-{next(ids)}"
    return EventFact("webhook-1", name, others.pop("type", "SaleCreated"), runs or (run(),), **others)


def booked(*events, times=1, **value):
    return [
        Effect(each.webhook_event_id, {"id": each.webhook_event_id, **value}) for each in events for _ in range(times)
    ]


def history(*events, effects=(), **others):
    return History("steady", events, observer="a list", final=Observation(1000, tuple(effects)), **others)


def verdict_on(*events, effects=(), **others):
    return judge(history(*events, effects=effects, **others), CONTRACT)


def failed_then(code, **others):
    return event(run(None, faulted=True, sent=False), run(code, number=2, resend=True), **others)


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


@pytest.mark.parametrize(
    ("sale", "effects", "expected"),
    [
        (event(), 0, Class.LOST_AFTER_ACK),
        (event(), 2, Class.DUPLICATED),
        (failed_then(200), 0, Class.BURNED),
        (failed_then(200), 2, Class.DUPLICATED),
        (failed_then(500), 0, Class.REJECTED),
        (failed_then(500), 1, Class.REJECTED),
        (failed_then(422), 2, Class.DUPLICATED),
        (failed_then(None), 0, Class.LOST),
        (event(run(), run(409, number=2, resend=True)), 1, Class.REJECTED),
    ],
    ids=lambda value: str(value) if not isinstance(value, EventFact) else "",
)
def test_class_follows_from_acknowledgement_and_effects(sale, effects, expected):
    """(acknowledged? x effects) decides the class, and each of these is a violation."""
    found = verdict_on(sale, effects=booked(sale, times=effects))
    assert (found.verdict, [each.class_ for each in found.findings]) == (Verdict.VIOLATED, [expected])
    assert found.classes[sale.webhook_event_id] is expected


def test_an_event_with_broken_runs_only_accuses_nobody():
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
    """What the answers alone prove is a violation without an observer too."""
    found = judge(History("steady", (failed_then(500),)), CONTRACT)
    assert (found.verdict, [each.class_ for each in found.findings]) == (Verdict.VIOLATED, [Class.REJECTED])


def test_a_dead_observer_accuses_nobody():
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


def test_foreign_effects_are_left_out_and_told():
    """Records of others are neither effects of ours nor a violation; a note says how many there were."""
    sale = event()
    others = [Effect("somebody-else", {}), Effect(None, {"x": 1})]
    found = verdict_on(sale, effects=[*booked(sale), *others])
    assert found.verdict is Verdict.VERIFIED
    assert found.notes == ("2 new effects name no event of this scenario, and were ignored",)


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


def states(newer_current, older_current):
    newer = event(series="stock", rank=1)
    older = event(series="stock", rank=0, expect=Expect.EITHER)
    return newer, older, [*booked(newer, current=newer_current), *booked(older, current=older_current)]


def test_a_newer_state_that_is_not_there_is_missing():
    """The older state counts only because the newer has no effect: that may come yet, so a doubt takes it back."""
    newer, older = event(series="s", rank=1), event(series="s", expect=Expect.EITHER)
    facts = history(newer, older, effects=booked(older))
    assert judge(facts, CONTRACT).missing == {newer.webhook_event_id}
    found = judge(facts, CONTRACT, doubt="a doubt")
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())


def test_an_older_state_that_overwrites_is_stale_in_any_doubt():
    """Both have their effects: nothing is missing."""
    newer, older, effects = states(False, True)
    found = judge(history(newer, older, effects=effects), CONTRACT, doubt="a doubt")
    assert (found.missing, [each.class_ for each in found.findings]) == (frozenset(), [Class.STALE])


def updates(*hours):
    return [
        event(
            type="CustomerUpdated",
            entity=Entity("customerId", "7", (("updatedDateTime", f"2026-08-01T{hour}:00:00"),)),
            state=StateRow("customerId", "7", f"2026-08-01T{hour}:00:00"),
        )
        for hour in hours
    ]


def test_a_table_of_the_newest_states_loses_nothing():
    """A row per customer shows the last update in the place of the first: that is no loss, and the note says so."""
    first, second = updates(10, 11)
    found = verdict_on(first, second, effects=booked(second))
    assert (found.verdict, found.findings, found.missing) == (Verdict.VERIFIED, (), frozenset())
    assert {first.webhook_event_id: Class.OK, second.webhook_event_id: Class.OK} == found.classes
    assert "1 older states have no effect of their own" in found.notes[0]


def test_an_update_that_is_dropped_is_lost():
    """The first is kept and the second is not there, or neither is: no table of the newest states does that."""
    first, second = updates(10, 11)
    assert [second.webhook_event_id] == [
        each.webhook_event_id for each in verdict_on(first, second, effects=booked(first)).findings
    ]
    assert 2 == len(verdict_on(first, second).findings)


def test_others_are_accused_beside_a_table_of_the_newest_states():
    """That one scenario's updates cannot be judged excuses no other loss in it."""
    first, second = updates(10, 11)
    lost = event()
    found = verdict_on(first, second, lost, effects=booked(second))
    assert (found.verdict, [each.webhook_event_id for each in found.findings]) == (
        Verdict.VIOLATED,
        [lost.webhook_event_id],
    )


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


def test_a_newer_state_that_stays_is_right():
    """The newer state is current, the older is booked and is not: verified."""
    newer, older, effects = states(True, False)
    assert verdict_on(newer, older, effects=effects).verdict is Verdict.VERIFIED


def test_an_older_state_that_overwrites_is_stale():
    """The older state is current: `stale`, told of the older event."""
    newer, older, effects = states(False, True)
    found = verdict_on(newer, older, effects=effects)
    assert [(each.class_, each.webhook_event_id) for each in found.findings] == [(Class.STALE, older.webhook_event_id)]


def test_a_ledger_shows_no_order_and_is_skipped():
    """Where each state has an effect of its own and none says which counts, the order is not judged."""
    newer, older = event(series="s", rank=1), event(series="s", expect=Expect.EITHER)
    found = verdict_on(newer, older, effects=booked(newer, older))
    assert (found.verdict, found.findings) == (Verdict.SKIPPED, ())
    assert "current" in found.reason


def test_a_table_with_a_row_per_thing_shows_its_state():
    """One effect for the whole series is its present state: the older one's is stale, the newer one's is right."""
    newer, older = event(series="s", rank=1), event(series="s", expect=Expect.EITHER)
    assert [each.class_ for each in verdict_on(newer, older, effects=booked(older)).findings] == [Class.STALE]
    assert verdict_on(newer, older, effects=booked(newer)).verdict is Verdict.VERIFIED


def twins(*effects):
    entity = Entity("saleId", "7")
    pair = [EventFact(f"webhook-{n}", f"twin-{n}", "SaleCreated", (run(),), entity=entity) for n in (1, 2)]
    return judge(history(*pair, effects=[Effect(f"twin-{number}", {}) for number in effects]), CONTRACT)


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((1,), Verdict.VERIFIED),
        ((2,), Verdict.VERIFIED),
        ((1, 2), Verdict.VERIFIED),
        ((), Verdict.VIOLATED),
        ((1, 1), Verdict.VIOLATED),
        ((1, 2, 2), Verdict.VIOLATED),
    ],
)
def test_two_webhooks_may_be_booked_once_or_once_each(effects, expected):
    """One occurrence through two webhooks has one effect, or one for each event id; twice for one id is too often."""
    assert twins(*effects).verdict is expected


def test_two_webhooks_booked_for_each_is_a_note():
    """Both are right, but the business may see it double: that is told."""
    assert "two webhooks" in twins(1, 2).notes[0]
    assert twins(1).notes == ()


@st.composite
def lives(draw):
    """What a right receiver may live through: broken runs of every kind, and a sound resend whenever the log asks."""
    runs = []
    for number in range(1, draw(st.integers(1, 4))):
        code = draw(st.sampled_from([None, None, 500, 503, 429]))
        runs.append(run(code, number=number, resend=number > 1, faulted=True, sent=draw(st.booleans())))
    flaky = draw(st.integers(0, 2))
    for _ in range(flaky):  # it may fail by itself, as long as a later resend is taken
        runs.append(run(503, number=len(runs) + 1, resend=bool(runs)))
    runs.append(run(draw(st.sampled_from([200, 201, 202, 204])), number=len(runs) + 1, resend=bool(runs)))
    for _ in range(draw(st.integers(0, 2))):
        runs.append(run(200, number=len(runs) + 1, resend=True))
    return tuple(runs)


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


@given(st.lists(lives(), min_size=1, max_size=6), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_counts_add_up(all_runs, times):
    """Every event has one class, and the effects of all events are counted."""
    events = [event(*runs) for runs in all_runs]
    effects = [effect for each, number in zip(events, times, strict=False) for effect in booked(each, times=number)]
    counts = verdict_on(*events, effects=effects).counts
    assert len(events) == sum(counts.get(str(each), 0) for each in Class)
    assert len(effects) == counts["effects"]


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


def test_what_still_changes_is_told():
    """Effects that never rest: the reason names what changed."""
    found = judge(history(event(), settled=False), CONTRACT, change="the effect of a changed its payload")
    assert found.reason == ("the effects were still changing when time ran out: the effect of a changed its payload")
