from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.correlate import overwritten, removed, replaced
from frontsim.verification.effects.history import Effect, EventFact, Expect, History, Run, StateRow

TAKEN = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)


def state(name, since, *, row="7", table="customerId"):
    payload = {"customerId": row, "updated": since}
    return EventFact("w", name, "CustomerUpdated", (TAKEN,), payload=payload, state=StateRow(table, row, since))


def effects(**payloads):
    """One effect for each event, `old={...}` with a copy of a payload, `old=None` without."""
    return {name: [Effect(name, {"payload": payload} if payload else {})] for name, payload in payloads.items()}


OLD, NEW = state("old", "10"), state("new", "11")


def test_the_newest_state_in_the_place_of_an_older_one():
    """One row for each customer, with the newest state: the older one was replaced."""
    assert {"old", "new"} == replaced([OLD, NEW], effects(new=None))


def test_of_states_of_one_moment_any_may_stay():
    """A table may keep the first or the last of them."""
    assert {"old", "twin"} == replaced([OLD, state("twin", "10")], effects(old=None))


def test_a_first_state_that_stays_replaced_nothing():
    """A receiver that drops the second update has lost it."""
    assert set() == replaced([OLD, NEW], effects(old=None))


def test_a_row_that_shows_no_state_was_lost():
    """Beside a row with the newest state, another that is gone is excused by nothing."""
    other = state("other", "10", row="8"), state("other new", "11", row="8")
    assert {"old", "new"} == replaced([OLD, NEW, *other], effects(new=None))


def test_where_two_states_of_one_row_are_shown_every_state_is_kept():
    """A ledger that lacks an older state has lost it; other tables are not meant."""
    kept = state("a", "10", row="8"), state("b", "11", row="8")
    orders = state("o", "1", table="orderId"), state("p", "2", table="orderId")
    shown = effects(new=None, a=None, b=None, p=None)
    assert {"o", "p"} == replaced([OLD, NEW, *kept, *orders], shown)


def test_a_row_that_keeps_its_first_id_shows_the_newest_content():
    """An upsert may leave the event's id as it was: the payload tells that the newest state is there."""
    assert {"old", "new"} == replaced([OLD, NEW], effects(old=NEW.payload))
    assert set() == replaced([OLD, NEW], effects(old=OLD.payload))


CREATED = replace(state("created", "09"), event="CustomerCreated")


def test_a_creation_may_stay_in_a_row_of_its_own():
    """Beside it, one row has the newest of the updates; where that has an older one, the newest is lost."""
    assert {"old", "new"} == replaced([CREATED, OLD, NEW], effects(created=None, new=None))
    assert set() == replaced([CREATED, OLD, NEW], effects(created=None, old=None))
    assert set() == replaced([CREATED, OLD, NEW], effects(old=None, new=None))


def test_a_creation_that_is_kept_apart_elsewhere_is_lost_where_only_updates_are():
    """Customer 8 has the row of its updates, and not the one of its creation."""
    begun, later = replace(state("begun", "09", row="8"), event="CustomerCreated"), state("later", "11", row="8")
    shown = effects(created=None, new=None, later=None)
    assert {"old", "new"} == replaced([CREATED, OLD, NEW, begun, later], shown)
    assert {"begun", "later"} == replaced([begun, later], effects(later=None))


def test_an_update_that_is_older_than_the_creation_before_it_may_be_dropped():
    """By the vendor's time. One that came before that creation, or is newer, was lost."""
    late = replace(state("late", "08", row="8"), runs=(replace(TAKEN, at_ms=5),))
    begun = replace(state("begun", "09", row="8"), event="CustomerCreated")
    shown = effects(created=None, new=None, begun=None)
    assert {"old", "new", "late"} == replaced([CREATED, OLD, NEW, begun, late], shown)
    for lost in (replace(late, runs=(TAKEN,)), replace(late, state=replace(late.state, since="10"))):
        assert {"old", "new"} == replaced([CREATED, OLD, NEW, begun, lost], shown)


def test_one_row_with_two_updates_shows_that_every_update_is_kept():
    """Where the older update of customer 7 has no effect, it was lost."""
    kept = state("a", "10", row="8"), state("b", "11", row="8")
    assert set() == replaced([CREATED, OLD, NEW, *kept], effects(created=None, new=None, a=None, b=None))


def test_a_deleted_customers_updates_may_be_gone_while_the_creation_stays():
    begun, gone = (replace(state("begun", "09", row="8"), event="CustomerCreated"), state("gone", "12", row="8"))
    deleted = replace(gone, payload={"deleted": True})
    shown = effects(created=None, new=None, begun=None)
    assert {"old", "new", "gone"} == replaced([CREATED, OLD, NEW, begun, deleted], shown)
    assert {"old", "new"} == replaced([CREATED, OLD, NEW, begun, gone], shown)


def test_a_newest_state_that_was_booked_twice_is_no_table():
    """A table has one row for each."""
    assert set() == replaced([OLD, NEW], {"new": [Effect("new"), Effect("new")]})


def test_two_webhooks_share_the_one_effect_of_a_row():
    """Both events of the newest state have the same effect, which is one row."""
    shared = [Effect("new")]
    assert {"old", "new", "twin"} == replaced([OLD, NEW, state("twin", "11")], {"new": shared, "twin": shared})


def test_rows_that_a_fault_has_merged_count_as_one():
    """Two stock items lost their GTIN on the way: to a receiver they are one row, which keeps the newer."""
    old, new, elsewhere = (
        replace(state(name, since, row=row, table="stockId gtin"), altered=True)
        for name, since, row in (("old", "10", "7 111"), ("new", "11", "7 222"), ("elsewhere", "10", "8 333"))
    )
    assert {"old"} == replaced([old, new, elsewhere], effects(new=None))
    assert set() == replaced([old, new, elsewhere], effects(old=None))
    sound = state("sound", "10", row="7 111", table="stockId gtin")
    assert set() == replaced([sound, new], effects(new=None))


def test_the_newest_of_the_acknowledged_states_counts():
    """A newer one that was never acknowledged may be missing; and where none was, any may stay."""
    never = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 0)
    unheard = replace(state("unheard", "12"), runs=(never,))
    assert {"old", "new", "unheard"} == replaced([OLD, NEW, unheard], effects(new=None))
    assert {"old", "new"} == replaced([replace(each, runs=(never,)) for each in (OLD, NEW)], effects(old=None))


def test_what_tells_no_state_is_in_no_table():
    once = replace(state("once", "10"), state=None)
    assert {"old", "new"} == replaced([once, OLD, NEW], effects(new=None))


def test_two_webhooks_may_report_two_states_with_one_effect():
    """The effect is of both, so it is of the newer one."""
    shared = [Effect("new")]
    assert {"old", "new"} == replaced([OLD, NEW], {"old": shared, "new": shared})


def test_one_of_two_newest_states_must_be_shown():
    """Two updates of one moment: the row shows one of them."""
    twin = replace(state("twin", "11"), payload={"customerId": "7", "updated": "11", "name": "Bo"})
    assert {"old", "new", "twin"} == replaced([OLD, NEW, twin], effects(old=twin.payload))
    assert {"old", "new", "twin"} == replaced([OLD, NEW, twin], effects(old=NEW.payload))


def test_data_of_the_receivers_own_shows_no_state():
    """It is no copy of the newest payload, though nothing in it contradicts that."""
    assert set() == replaced([OLD, NEW], effects(old={"own": 1, "fields": 2}))


def test_a_changed_row_is_replaced_by_any_of_one_moment_that_may_be_the_same():
    """Of two that are shown, one has a part of its row and is as new; the other has none."""
    one, twin, elsewhere = (
        replace(state(name, "10", row=row, table="stockId gtin"), altered=True)
        for name, row in (("one", "7 111"), ("twin", "7 222"), ("elsewhere", "8 333"))
    )
    assert {"one"} == replaced([one, twin, elsewhere], effects(twin=None, elsewhere=None))


@pytest.mark.parametrize("odd", [{"altered": True}, {"expect": Expect.EITHER}])
def test_a_row_of_its_own_for_what_was_changed_on_the_way_is_no_ledger(odd):
    """Without its customer's number, or under an unknown type, an update of 8 is kept beside the row of 8."""
    kept = state("a", "10", row="8"), replace(state("b", "11", row="8"), **odd)
    assert {"old", "new"} <= replaced([OLD, NEW, *kept], effects(new=None, a=None, b=None))
    assert set() == replaced([OLD, NEW, kept[0], state("b", "11", row="8")], effects(new=None, a=None, b=None))


def test_an_event_is_overwritten_by_another_about_the_same():
    """Whichever is newer. A sale has no state, and nothing is shown of customer 8."""
    sale = replace(OLD, webhook_event_id="sale", state=None)
    history = History("steady", (OLD, NEW, sale, state("other", "9", row="8")))
    assert {"new"} == overwritten(history, {"old"})
    assert {"old"} == overwritten(history, {"new", None})
    assert set() == overwritten(history, set())


def test_a_deleted_customer_may_have_no_row():
    """Beside rows that are kept. Where no row is kept at all, or the deletion is not the newest state, it is lost."""
    gone = replace(state("gone", "12", row="8"), payload={"deleted": True})
    before = state("before", "11", row="8")
    assert {"old", "new", "before", "gone"} == replaced([OLD, NEW, before, gone], effects(new=None))
    assert set() == replaced([before, gone], {})
    restored = state("restored", "13", row="8")
    assert {"old", "new"} == replaced([OLD, NEW, before, gone, restored], effects(new=None))


def test_a_deletion_that_was_not_booked_is_lost():
    """The row still shows the older state."""
    gone = replace(NEW, payload={"deleted": True})
    assert set() == replaced([OLD, gone], effects(old=None))


def test_a_ledger_may_hide_the_events_of_a_deleted_customer():
    """As WHERE deleted_at IS NULL does. Where one of them is shown, the others were lost."""
    created = replace(state("created", "10", row="8"), event="CustomerCreated")
    gone = replace(state("gone", "12", row="8"), payload={"deleted": True})
    ledger = effects(old=None, new=None)
    assert {"created", "gone"} == replaced([OLD, NEW, created, gone], ledger)
    assert set() == replaced([OLD, NEW, created, gone], effects(old=None, new=None, created=None))
    assert set() == replaced([OLD, NEW, created, replace(gone, payload={})], ledger)


def test_what_is_about_a_deleted_customer_may_be_gone():
    """All events about that one, and of no other."""
    gone = replace(state("gone", "12"), payload={"deleted": True})
    sale = replace(OLD, webhook_event_id="sale", state=None)
    assert {"old", "gone"} == removed(History("steady", (OLD, gone, sale, state("other", "9", row="8"))))
    assert set() == removed(History("steady", (OLD, NEW, sale)))
