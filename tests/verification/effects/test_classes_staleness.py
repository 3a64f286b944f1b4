"""Which state of an entity counts, as the judge of a whole history sees it."""

from dataclasses import replace

from frontsim.verdicts import Verdict
from frontsim.verification.effects import classes
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Effect, Expect, StateRow
from frontsim.verification.judge.checks import judge
from tests.verification.judge.histories import CONTRACT, booked, event, history, verdict_on


def stale(events, shown, compared=frozenset()):
    """Return the stale events, and say if the order of every type was seen."""
    found, seen = classes.stale(events, shown, compared)
    return found, all(seen.values())


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


def test_a_ledger_that_lost_the_newer_state_is_not_stale():
    """Another series of the same table shows both its events, so the list overwrites nothing: the newer one is lost."""
    about = {"state": StateRow("customers", "1"), "type": "CustomerUpdated"}
    kept = [event(series="b", rank=rank, **about) for rank in (0, 1)]
    newer, older = event(series="s", rank=1, **about), event(series="s", expect=Expect.EITHER, **about)
    found = verdict_on(newer, older, *kept, effects=booked(older, *kept))
    assert [(each.class_, each.webhook_event_id) for each in found.findings] == [
        (Class.LOST_AFTER_ACK, newer.webhook_event_id)
    ]


def test_a_ledger_of_one_thing_beside_a_table_of_another():
    """Two movements of one series are a ledger of stock; customers have a row each, so an older one there is stale."""
    names = ("m0", "m1")
    stock = {"series": "m", "state": StateRow("stock", "1")}
    movements = [event(name=name, rank=rank, **stock) for rank, name in enumerate(names)]
    older = event(name="0", series="s", state=StateRow("customers", "1"))
    newer = event(name="1", series="s", rank=1, state=StateRow("customers", "1"))
    shown = {name: [Effect(name, {})] for name in (*names, "0")}
    found, is_seen = stale([*movements, older, newer], shown)
    assert (["0"], False) == ([each.event.webhook_event_id for each in found], is_seen)


def test_one_event_that_is_shown_twice_makes_no_ledger():
    """A duplicate in a table says nothing of other rows: the older one there is stale."""
    twice, older, newer = event(name="b0", series="b"), event(name="0", series="s"), event(name="1", series="s", rank=1)
    found, _ = stale([twice, older, newer], {"b0": [Effect("b0", {}), Effect("b0", {})], "0": [Effect("0", {})]})
    assert ["0"] == [each.event.webhook_event_id for each in found]


def test_records_of_which_one_says_that_it_counts_are_no_ledger():
    both = [event(name=name, series="b", rank=rank) for rank, name in enumerate(("b0", "b1"))]
    older, newer = event(name="0", series="s"), event(name="1", series="s", rank=1)
    shown = {"b0": [Effect("b0", {})], "b1": [Effect("b1", {"current": True})], "0": [Effect("0", {})]}
    found, _ = stale([*both, older, newer], shown)
    assert ["0"] == [each.event.webhook_event_id for each in found]


def test_one_row_that_two_events_share_is_no_ledger():
    """Found by the customer's id, the row of a table is the effect of both updates."""
    both = [event(name=name, series="b", rank=rank) for rank, name in enumerate(("b0", "b1"))]
    older, newer = event(name="0", series="s"), event(name="1", series="s", rank=1)
    row = Effect("b", {"customerId": 1})
    found, _ = stale([*both, older, newer], {"b0": [row], "b1": [row], "0": [Effect("0", {})]})
    assert ["0"] == [each.event.webhook_event_id for each in found]


def counting(*currents, ranks=(0, 1), series="s"):
    """Return the stale ones of two states whose effects say so."""
    events = [event(name=f"{rank}", series=series, rank=rank) for rank in ranks]
    shown = {
        each.webhook_event_id: [Effect(each.webhook_event_id, {"current": value}) for value in values]
        for each, values in zip(events, currents, strict=True)
    }
    found, seen = stale(events, shown)
    return [(each.event.webhook_event_id, each.reason, each.without) for each in found], seen


STALE = [("0", "it is older than 1, which it replaced", "")]


def test_the_effect_that_is_current_counts():
    """Of several effects of one state, one is enough."""
    assert (STALE, True) == counting([True], [False])
    assert (STALE, True) == counting([False, True], [False])
    assert (STALE, True) == counting([None, True], [None])
    assert (STALE, True) == counting([1], [0])
    assert ([], True) == counting([False], [True])
    assert ([("0", STALE[0][1], "1")], True) == counting([None], [])


def test_what_says_nothing_of_an_order_is_not_seen():
    """Both, none, or words that are no flag."""
    for currents in (([True], [True]), ([False], [False]), (["no"], [None]), (["true"], ["false"]), ([False], [])):
        assert ([], False) == counting(*currents)


def test_what_is_no_series_has_no_order():
    """Each event happens once."""
    assert ([], True) == counting([True], [False], series="")


def deletion(*currents, deleted=True):
    """Say if an order was seen, of a customer who was deleted and whose effects say so."""
    older = event(name="0", series="s", expect=Expect.EITHER)
    newer = replace(event(name="1", series="s", rank=1), payload={"deleted": deleted})
    shown = {
        each.webhook_event_id: [Effect(each.webhook_event_id, {"current": value}) for value in values]
        for each, values in zip((older, newer), currents, strict=True)
    }
    return stale([older, newer], shown)


def test_of_a_deleted_customer_nothing_need_count():
    """No row is left, or rows are that say so."""
    assert ([], True) == deletion([], [])
    for value in (False, 0):
        assert ([], True) == deletion([value], [value])
        assert ([], True) == deletion([value], [])
    assert ([], False) == deletion([False, None], [False, None])
    assert ([], False) == deletion([None], [None])
    assert ([], False) == deletion([], [], deleted=False)


def test_of_a_deleted_customer_a_derived_state_shows_nothing():
    """Their order is not seen, and that of the others is judged all the same."""
    older, newer = (event(name=f"s{rank}", series="s", rank=rank) for rank in (0, 1))
    deleted = replace(newer, payload={"deleted": True})
    others = [event(name=f"o{rank}", series="o", rank=rank) for rank in (0, 1)]
    shown = {each.webhook_event_id: [Effect(each.webhook_event_id, {})] for each in (older, deleted, *others)}
    assert ([], True) == stale([older, deleted, *others], shown, {"o0", "o1"})
    assert ([], False) == stale([older, deleted, *others], shown)
    assert ([], False) == stale([older, deleted], shown)
    assert ([], False) == stale([older, newer, *others], shown, {"o0", "o1"})


def test_an_older_state_that_brings_a_deleted_customer_back_is_stale():
    (found,), _ = deletion([None], [])
    assert (Class.STALE, "0", "1") == (found.class_, found.event.webhook_event_id, found.without)


def compared(*names):
    """Say if an order was seen, of two series of which the derived state shows some events."""
    events = [event(name=f"{series}{rank}", series=series, rank=rank) for series in "ab" for rank in (0, 1)]
    _, seen = stale(events, {each.webhook_event_id: [Effect(each.webhook_event_id, {})] for each in events}, {*names})
    return seen


def test_a_derived_state_shows_the_order_of_all_its_events():
    """Of each series, and of every event of it."""
    assert compared("a0", "a1", "b0", "b1")
    for lacking in (["a0", "b0", "b1"], ["a0", "a1", "b1"], ["b0", "b1"], ["a0", "a1"], []):
        assert not compared(*lacking)


def test_a_type_whose_effects_show_the_order_is_among_the_seen():
    newer, older = event(series="stock", rank=1), event(series="stock")
    shown = {each.webhook_event_id: booked(each, current=each is newer) for each in (newer, older)}
    assert ([], {newer.event: True}) == classes.stale([newer, older], shown)


def test_each_type_is_judged_by_itself():
    """Customers have a row each; of movements each has its own, so nothing shows which of those counts."""
    customers = [event(name=f"c{rank}", series="c", rank=rank, type="CustomerUpdated") for rank in (0, 1)]
    movements = [event(name=f"m{rank}", series="m", rank=rank, type="StockMovementCreated") for rank in (0, 1)]
    shown = {each.webhook_event_id: [Effect(each.webhook_event_id, {})] for each in (*customers, *movements)}
    assert {"CustomerUpdated": True, "StockMovementCreated": False} == classes.stale(
        [*customers, *movements], shown, {"c0", "c1"}
    )[1]
