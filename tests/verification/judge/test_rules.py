from dataclasses import replace
from decimal import Decimal

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import SUM
from frontsim.verification.effects.classes import GOOD, UNSEEN, Class, Classified
from frontsim.verification.effects.correlate import BUSINESS, correlate
from frontsim.verification.effects.history import (
    Effect,
    Entity,
    EventFact,
    Expect,
    History,
    Liveness,
    Observation,
    Run,
    StateRow,
)
from frontsim.verification.effects.state_shape import Cell, StateFacts, StateShape, StockItem
from frontsim.verification.judge.rules import (
    Evidence,
    Opinion,
    a_silent_receiver_has_crashed,
    an_unfinished_job_proves_no_refusal,
    an_unseen_order_is_unknown,
    changing_effects_prove_little,
    opinion_on,
    replaced_states_are_not_missing,
    wrong_levels_accuse,
)

ACKNOWLEDGED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5)
BROKEN_BODY = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5, faulted=True)


def event(name, *runs, **others):
    return EventFact("w", name, "SaleCreated", runs, **others)


def accusations(*events, shown=(), doubt="", **others):
    history = History("steady", events, final=Observation(9, tuple(map(Effect, shown))), **others)
    opinion = opinion_on(Evidence(history, correlate(history, history.final), doubt))
    return [(each.event.webhook_event_id, each.class_) for each in opinion.accused], opinion.unknown


def test_a_doubt_takes_back_what_is_missing_and_nothing_else():
    """Findings that the answers prove stand: the rule about doubts comes before they are added."""
    broken = event("broken", BROKEN_BODY, expect=Expect.REFUSED)
    lost = event("lost", ACKNOWLEDGED)
    both = [("broken", Class.LOST_AFTER_ACK), ("lost", Class.LOST_AFTER_ACK)]
    assert (both, "") == accusations(broken, lost, shown=["broken"])
    assert (both[:1], "a page") == accusations(broken, lost, shown=["broken"], doubt="a page")
    assert (both[:1], "") == accusations(broken, lost, shown=["broken", "lost"], doubt="a page")


def test_a_row_for_each_line_is_no_copy():
    """A view of sale lines shows a sale of two lines twice, which is no sign of a second booking."""
    one, two = (event(f"sale {n}", ACKNOWLEDGED, payload={"salesLines": [{}] * n}) for n in (1, 2))
    unknown = "the observer shows a row for each entry of salesLines of a SaleCreated; it must show one for each event"
    assert ([], unknown) == accusations(one, two, shown=["sale 1", "sale 2", "sale 2"])
    lost = event("lost", ACKNOWLEDGED, payload={"salesLines": [{}]})
    accused = [("lost", Class.LOST_AFTER_ACK)]
    assert (accused, unknown) == accusations(one, two, lost, shown=["sale 1", "sale 2", "sale 2"])
    doubled = [("sale 1", Class.DUPLICATED), ("sale 2", Class.DUPLICATED)]
    assert (doubled, "") == accusations(one, two, shown=["sale 1", "sale 1", "sale 2", "sale 2"])


def test_rows_for_each_line_are_known_from_other_types_and_scenarios():
    """A sale of two lines that was sent twice has as many rows as runs: that alone would accuse it."""
    first, second = (event(name, ACKNOWLEDGED, ACKNOWLEDGED, payload={"salesLines": [{}] * 2}) for name in "ab")
    accused = [("a", Class.DUPLICATED)]
    assert (accused, "") == accusations(first, shown="aa")
    invoice = replace(event("i", ACKNOWLEDGED, payload={"salesLines": [{}] * 3}), event="InvoiceCreated")
    unknown = (
        "the observer shows a row for each entry of salesLines of a InvoiceCreated; it must show one for each event"
    )
    assert ([], unknown) == accusations(first, shown="aa", earlier=((invoice, (Effect("i"),) * 3),))
    assert ([], unknown) == accusations(first, invoice, shown="aaiii")
    assert (accused, unknown) == accusations(first, second, invoice, shown="aaabbiii")  # no list has three entries


def about(number, *runs, kind="SaleCreated", **others):
    return EventFact("w", f"{kind} {number}", kind, runs, entity=Entity("saleId", f"10737419{number}"), **others)


def beside(*events, rows=(), keys=None, **others):
    """Return the notes where each event has its own effect, and each row is of the sale with that number."""
    own = [Effect(each.webhook_event_id) for each in events if keys is None or each.webhook_event_id in keys]
    shown = [*own, *(Effect(None, {"sale": f"10737419{number}"}) for number in rows)]
    history = History("steady", events, final=Observation(9, tuple(shown)), **others)
    opinion = opinion_on(Evidence(history, correlate(history, history.final)))
    return [(each.event.webhook_event_id, each.class_) for each in opinion.accused], opinion.unknown


SOLD = Effect(None, {"sale": "1073741911"})
ONCE, TWICE = about(10, ACKNOWLEDGED), about(11, ACKNOWLEDGED, replace(ACKNOWLEDGED, number=2, at_ms=50))
AGAIN = [("SaleCreated 11", Class.DUPLICATED)]


def test_content_that_stands_twice_is_booked_twice():
    """Whatever the second key is: a clean delivery of the type has left no such effect."""
    assert (AGAIN, "") == beside(ONCE, TWICE, rows=[11])
    assert (AGAIN, "") == beside(TWICE, rows=[11], samples=((ONCE, 0),))
    assert ([], "") == beside(ONCE, TWICE)
    assert ([], "") == beside(about(10, ACKNOWLEDGED, expect=Expect.EITHER), rows=[10], samples=((ONCE, 0),))


def test_a_row_that_each_event_leaves_beside_is_right():
    """A header and a ledger row. A second one may also be a row for each request, which accuses no receiver."""
    assert ([], "") == beside(ONCE, TWICE, rows=[10, 11])
    accused, unknown = beside(ONCE, TWICE, rows=[10, 11, 11])
    assert [] == accused
    assert (
        "2 effects have the content of SaleCreated SaleCreated 11 and not its id, such as one without a key" in unknown
    )
    assert "a single delivery leaves 1" in unknown


CLEAN = tuple((about(20 + n, ACKNOWLEDGED, payload={"lines": [{}] * n, "total": n}), n) for n in range(1, 6))
PART = "SaleCreated 11 has its own effect and 1 beside it; by each of 5 clean deliveries it should have 2"


@pytest.mark.parametrize(
    ("facts", "rows", "samples", "is_part"),
    [
        ({}, [11], CLEAN, True),
        ({}, [11, 11], CLEAN, False),
        ({}, [11], CLEAN[:4], False),  # too few show no rule
        ({}, [11], (*CLEAN, (CLEAN[4][0], 2)), False),  # nor do these
        ({"payload": {"lines": [{}] * 2, "total": -2}}, [11], CLEAN, False),  # no clean one is a return
        ({"payload": {"lines": [{}] * 2, "isVoided": True}}, [11], CLEAN, False),
        ({"expect": Expect.EITHER}, [11], CLEAN, False),
        ({"altered": True}, [11], CLEAN, False),
        ({"runs": (replace(ACKNOWLEDGED, mutated=True), ACKNOWLEDGED)}, [11], CLEAN, False),
    ],
)
def test_an_event_without_all_that_clean_ones_leave_is_unknown(facts, rows, samples, is_part):
    """A sale whose lines failed midway; and one that a receiver may rightly book in another way."""
    sale = replace(TWICE, **{"payload": {"lines": [{}] * 2, "total": 7}, **facts})
    accused, unknown = beside(sale, rows=rows, samples=samples)
    assert ([("SaleCreated 11", Class.UNSETTLED)] if is_part else [], "") == (accused, unknown)


def test_a_booking_in_part_says_what_is_missing():
    sale = replace(TWICE, payload={"lines": [{}] * 2, "total": 7})
    history = History("steady", (sale,), final=Observation(9, (Effect("SaleCreated 11"), SOLD)), samples=CLEAN)
    opinion = opinion_on(Evidence(history, correlate(history, history.final)))
    assert PART in opinion.accused[0].reason
    assert "SaleCreated 11" == opinion.accused[0].without  # so that a later look may show the rest


def test_what_no_clean_delivery_shows_is_unknown():
    """The invoice may leave a row of its own kind."""
    invoice = about(12, ACKNOWLEDGED, ACKNOWLEDGED, kind="InvoiceCreated")
    accused, unknown = beside(ONCE, invoice, rows=[12])
    assert ([], True) == (accused, "no clean single delivery shows how many" in unknown)


def test_an_event_that_is_booked_once_under_another_key_is_not_booked_twice():
    """It is missing where it is looked for."""
    lost = [("SaleCreated 11", Class.LOST_AFTER_ACK)]
    assert (lost, "") == beside(ONCE, TWICE, rows=[11], keys=["SaleCreated 10"])
    assert ([*lost, *AGAIN], "") == beside(ONCE, TWICE, rows=[11, 11], keys=["SaleCreated 10"])


def test_a_broken_body_that_is_booked_under_another_key_is_unexpected():
    refused = replace(TWICE, expect=Expect.REFUSED)
    early = Observation(5, (Effect(None, {"sale": "1073741911"}),))
    accused, _ = beside(ONCE, refused, checkpoint=early)
    assert [("SaleCreated 11", Class.UNEXPECTED)] == accused


PROVEN = {Class.DUPLICATED, Class.UNEXPECTED, Class.REJECTED, Class.CRASHED}


def evidence(*events, shown=(), **facts):
    history = History("steady", events, **{"final": Observation(9, tuple(shown)), **facts})
    return Evidence(history, correlate(history, history.final))


@pytest.mark.parametrize("class_", sorted(set(Class) - GOOD))
def test_of_effects_that_change_only_what_time_cannot_undo_stands(class_):
    """One rule alone: it needs nothing of the others."""
    accused = Classified(event("sale", ACKNOWLEDGED), class_, "none is there")
    opinion = changing_effects_prove_little(evidence(accused.event, settled=False), Opinion((accused,)))
    changed = Classified(accused.event, Class.UNSETTLED, "none is there, but the effects were still changing")
    assert (accused if class_ in PROVEN else changed,) == opinion.accused
    assert opinion.unknown == "the effects were still changing when time ran out"


def test_effects_that_were_not_seen_cannot_change():
    opinion = Opinion((), "no observer")
    assert opinion is changing_effects_prove_little(evidence(final=None, settled=False), opinion)
    assert opinion is changing_effects_prove_little(evidence(), opinion)


def test_an_overwritten_state_is_accused_once():
    """The newer one has no effect because the older one counts: that is no loss beside it."""
    older = event("older", ACKNOWLEDGED, series="s", rank=0)
    newer = event("newer", ACKNOWLEDGED, series="s", rank=1)
    lost = event("lost", ACKNOWLEDGED)
    expected = [("lost", Class.LOST_AFTER_ACK), ("older", Class.STALE)]
    assert (expected, "") == accusations(older, newer, lost, shown=["older"])


def test_a_row_that_an_older_state_overwrote_is_accused_once():
    """The creation has no effect either: the row shows the older update. Of another customer nothing is shown."""
    row = StateRow("customerId", "7", "10")
    created = event("created", ACKNOWLEDGED, state=replace(row, since="09"))
    older = event("older", ACKNOWLEDGED, state=row, series="s", rank=0)
    newer = event("newer", ACKNOWLEDGED, state=replace(row, since="11"), series="s", rank=1)
    other = event("other", ACKNOWLEDGED, state=replace(row, row="8"))
    expected = [("older", Class.STALE), ("other", Class.LOST_AFTER_ACK)]
    found, unknown = accusations(created, older, newer, other, shown=["older"])
    assert (expected, "") == (sorted(found), unknown)


def test_a_row_with_newer_content_is_not_corrupt():
    """It keeps its first id and shows the newest state; whatever else it is accused of stands."""
    old, new = (
        event(name, ACKNOWLEDGED, state=StateRow("customerId", "7", name), payload={"at": name}) for name in ("1", "2")
    )
    once = event("once", ACKNOWLEDGED)
    facts = evidence(old, new, once, shown=[Effect("1", {"payload": new.payload})])
    accused = [Classified(old, Class.CORRUPT), Classified(old, Class.DUPLICATED), Classified(once, Class.CORRUPT)]
    assert tuple(accused[1:]) == replaced_states_are_not_missing(facts, Opinion(tuple(accused))).accused


def test_an_order_that_no_effect_shows_is_unknown():
    """Unless something else is, or the effects show it, or none were seen."""
    states = [event(f"{rank}", ACKNOWLEDGED, series="s", rank=rank) for rank in (0, 1)]
    both = [Effect("0"), Effect("1")]
    assert UNSEEN == an_unseen_order_is_unknown(evidence(*states, shown=both), Opinion()).unknown
    assert "other" == an_unseen_order_is_unknown(evidence(*states, shown=both), Opinion((), "other")).unknown
    assert "" == an_unseen_order_is_unknown(evidence(*states, shown=both[1:]), Opinion()).unknown
    assert "" == an_unseen_order_is_unknown(evidence(*states, final=None), Opinion()).unknown
    assert UNSEEN == accusations(*states, shown=["0", "1"])[1]


def test_an_order_that_is_seen_of_some_types_is_enough():
    """Of customers one row is shown, of movements each."""
    types = {"c": "CustomerUpdated", "m": "StockMovementCreated"}
    states = [
        replace(event(f"{series}{rank}", ACKNOWLEDGED, series=series, rank=rank), event=types[series], state=row)
        for series, row in (("c", StateRow("customerId", "1")), ("m", StateRow("gtin", "1")))
        for rank in (0, 1)
    ]
    some, none = ([Effect(name) for name in names] for names in (("c1", "m0", "m1"), ("c0", "c1", "m0", "m1")))
    assert "" == an_unseen_order_is_unknown(evidence(*states, shown=some), Opinion()).unknown
    assert UNSEEN == an_unseen_order_is_unknown(evidence(*states, shown=none), Opinion()).unknown


def test_the_last_event_before_a_receiver_fell_silent_is_accused():
    """By when its last run began, wherever it stands; one that was never tried is none."""
    early, late = event("early", ACKNOWLEDGED), event("late", ACKNOWLEDGED, Run(*LATER))
    untried, silent = event("untried"), Liveness("no answer")
    crashed = Classified(late, Class.CRASHED, "no answer; this was the last event before")
    for events in ((early, late, untried), (untried, late, early)):
        assert (crashed,) == a_silent_receiver_has_crashed(evidence(*events, liveness=silent), Opinion()).accused
    at_once = event("at once", Run(*LATER[:-1], 0))
    (found,) = a_silent_receiver_has_crashed(evidence(at_once, untried, liveness=silent), Opinion()).accused
    assert "at once" == found.event.webhook_event_id  # neither is later: the first in the log
    before = event("before", Run(*LATER[:-1], -1))  # a clock that was set back
    (found,) = a_silent_receiver_has_crashed(evidence(before, untried, liveness=silent), Opinion()).accused
    assert "untried" == found.event.webhook_event_id
    for facts in (evidence(liveness=silent), evidence(late, liveness=Liveness()), evidence(late)):
        assert () == a_silent_receiver_has_crashed(facts, Opinion()).accused


LATER = (2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 90)


def test_of_siblings_with_an_effect_too_many_one_is_accused():
    """Two updates of one customer that nothing tells apart, and three rows."""
    twins = [event(name, ACKNOWLEDGED, entity=Entity("customerId", "7", (("at", name),))) for name in "ab"]
    rows = [Effect(None, {"customerId": 7})] * 3
    history = History("steady", tuple(twins), observer_key=BUSINESS, final=Observation(9, tuple(rows)))
    (found,) = opinion_on(Evidence(history, correlate(history, history.final))).accused
    assert ("a", Class.DUPLICATED) == (found.event.webhook_event_id, found.class_)


def test_only_a_broken_body_is_booked_too_early():
    """A sound one may be booked at once, and what two events share is told of neither."""
    sound = event("sound", ACKNOWLEDGED)
    broken = event("broken", BROKEN_BODY, ACKNOWLEDGED, expect=Expect.REFUSED)
    both = (Effect("sound"), Effect("broken"))
    (found,) = opinion_on(evidence(sound, broken, shown=both, checkpoint=Observation(5, both))).accused
    assert ("broken", Class.UNEXPECTED) == (found.event.webhook_event_id, found.class_)
    assert "expected no effect before a whole body had arrived, got 1" == found.reason
    twins = [event(name, REFUSED, ACKNOWLEDGED, expect=Expect.REFUSED, entity=Entity("id", "7")) for name in "ab"]
    row = (Effect(None, {"id": 7}),)
    history = History(
        "s", tuple(twins), observer_key=BUSINESS, final=Observation(9, row), checkpoint=Observation(5, row)
    )
    assert () == opinion_on(Evidence(history, correlate(history, history.final))).accused


REFUSED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "Bad request", 400, 5, faulted=True)


@pytest.mark.parametrize(
    ("class_", "codes", "stands"),
    [
        (Class.REJECTED, (500,), False),
        (Class.LOST, (None,), False),
        (Class.REJECTED, (200, 200, 500), False),
        (Class.REJECTED, (500, 500, 200), True),
        (Class.DUPLICATED, (500,), True),
        (Class.BURNED, (500,), True),
        (Class.LOST, (), True),
    ],
)
def test_an_unfinished_job_might_have_taken_a_refused_event_next(class_, codes, stands):
    """If its last run was no 2xx; nothing else is excused."""
    runs = [Run(n, Trigger.RESEND, Outcome.ANSWERED, "words", code, n) for n, code in enumerate(codes, 1)]
    accused = Classified(event("sale", *runs), class_, "refused")
    facts = evidence(accused.event, unfinished=True)
    reason = "refused; others were still being taken when time was over (--timeout)"
    expected = accused if stands else Classified(accused.event, Class.UNSETTLED, reason)
    assert (expected,) == an_unfinished_job_proves_no_refusal(facts, Opinion((accused,))).accused
    assert "" == facts.doubt == facts.change


BY_SUM = StateShape("g", "gtin", "s", {"n": SUM})


def moved(name, quantity, gtin="704", *runs):
    levels = {"stockLevel": 9, "availableLevel": 9, "reservedLevel": 0}
    payload = {"movementId": None, "gtin": gtin, "stockId": 1, "quantity": quantity, **levels}
    return EventFact("w", name, "StockMovementCreated", runs or (ACKNOWLEDGED,), payload=payload)


def on_levels(levels, *events, booked=(), opinion=None, settled=True):
    """Return the words about levels by their article."""
    after = {Cell(StockItem("1", gtin), "n"): Decimal(level) for gtin, level in levels.items()}
    state = StateFacts("a table", BY_SUM, after=after, settled=settled)
    found = wrong_levels_accuse(evidence(*events, shown=map(Effect, booked), state=state), opinion or Opinion())
    return [(each.event.webhook_event_id, each.class_) for each in found.accused], found.unknown, found.has_wrong_levels


ONE = moved("one", -1)


def test_a_level_accuses_the_movement_that_explains_it():
    """A row that is not there accuses only of what the journal has."""
    assert ([], "", False) == on_levels({"704": -1}, ONE)
    more = moved("more", 4)
    assert ([("more", Class.WRONG_STATE)], "", True) == on_levels({"704": 0}, more)
    assert ([], "", True) == on_levels({}, more)
    assert ([("more", Class.WRONG_STATE)], "", True) == on_levels({}, more, booked=["more"])


def test_levels_do_not_repeat_an_accusation_of_the_journal():
    """The level of that item is wrong for the same reason; that of another is told."""
    more, other = moved("more", 4), moved("other", 4, "705")
    lost = Opinion((Classified(more, Class.LOST_AFTER_ACK, ""),), "a reason")
    told = ("more", Class.LOST_AFTER_ACK)
    assert ([told], "a reason", False) == on_levels({"704": 0}, more, opinion=lost)
    both = on_levels({"704": 0, "705": 0}, more, other, opinion=lost)
    assert ([told, ("other", Class.WRONG_STATE)], "a reason", True) == both


def test_a_level_that_nothing_explains_is_a_doubt():
    """The first is told; what is unknown already stays so."""
    more, other = moved("more", 4), moved("other", 6, "705")
    _, unknown, has_wrong = on_levels({"704": 77, "705": 88}, more, other)
    assert (True, True) == (unknown.startswith("a table: expected 4 for 704 in stock 1"), has_wrong)
    assert ([], "a reason", True) == on_levels({"704": 77}, more, opinion=Opinion(unknown="a reason"))


def test_levels_that_were_still_changing_prove_nothing():
    """Unless they are right."""
    more = moved("more", 4)
    still = "a table: it was still changing when time ran out"
    assert ([], still, True) == on_levels({"704": 0}, more, settled=False)
    assert ([], "", False) == on_levels({"704": 4}, more, settled=False)


@pytest.mark.parametrize(
    ("facts", "doubt"), [({"state": None}, ""), ({"final": None}, ""), ({"settled": False}, ""), ({}, "a page")]
)
def test_levels_are_judged_by_a_sound_look(facts, doubt):
    """Not where the effects were not seen, not at rest or in doubt."""
    state = StateFacts("a table", BY_SUM, after={Cell(StockItem("1", "704"), "n"): Decimal(0)})
    seen = replace(evidence(moved("more", 4), **{"state": state, **facts}), doubt=doubt)
    assert Opinion(unknown="as before") == wrong_levels_accuse(seen, Opinion(unknown="as before"))


def test_levels_that_were_not_read_are_unknown():
    """Where there were movements that they could show."""
    unread = StateFacts("a table", failure="no such table")
    accused = (Classified(ONE, Class.DUPLICATED, ""),)

    def said(*events, unknown=""):
        return wrong_levels_accuse(evidence(*events, state=unread), Opinion(accused, unknown))

    assert Opinion(accused, "no such table") == said(ONE)
    assert Opinion(accused, "a reason") == said(ONE, unknown="a reason")
    assert Opinion(accused, "") == said(event("sale", ACKNOWLEDGED))


LATE = replace(ACKNOWLEDGED, outcome=Outcome.UNKNOWN, status="Timeout", status_code=None)
BUSY = "; the machine is overloaded"


def test_an_overloaded_machine_makes_late_answers_unsettled():
    """One answer that said no is an answer; and on a machine with time, silence is the receiver's own."""
    silent, refused = (
        event("silent", LATE),
        event("refused", LATE, replace(LATE, outcome=Outcome.ANSWERED, status="Bad request", status_code=400)),
    )
    found = dict(accusations(silent, refused, overload=BUSY)[0])
    assert {"silent": Class.UNSETTLED, "refused": Class.REJECTED} == found
    assert {"silent": Class.LOST, "refused": Class.REJECTED} == dict(accusations(silent, refused)[0])


def test_what_a_fault_broke_does_not_count_as_an_answer():
    """The log's 400 is the fault's; the receiver's own answer came too late."""
    broken = replace(LATE, outcome=Outcome.ANSWERED, status="Bad request", status_code=400, faulted=True)
    assert [("late", Class.UNSETTLED)] == accusations(event("late", broken, LATE), overload=BUSY)[0]


@pytest.mark.parametrize(("result", "class_"), [("Timeout", Class.UNSETTLED), ("Connection reset", Class.CRASHED)])
def test_a_sign_of_life_that_comes_too_late_on_an_overloaded_machine_is_no_crash(result, class_):
    alive = Liveness(f"expected an answer, got none ({result})")
    found, _ = accusations(event("sale", ACKNOWLEDGED), shown=["sale"], liveness=alive, overload=BUSY)
    assert [("sale", class_)] == found
