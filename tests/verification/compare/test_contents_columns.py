from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.report.model import COMPARED, EMPTY, GUESSED
from frontsim.verification.compare.contents import columns_of
from frontsim.verification.effects.history import (
    ContentCheck,
    Effect,
    Entity,
    EventFact,
    History,
    Observation,
    PreflightCheck,
    Run,
    StateRow,
)

BOOKED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)


def fact(payload, number=0, event="SaleCreated", **others):
    return EventFact("w", f"{event}-{number}", event, (BOOKED,), payload=payload, **others)


def shown(*pairs, **facts):
    """A history of events with the row of each."""
    events = tuple(event for event, _ in pairs)
    effects = tuple(Effect(event.webhook_event_id, row) for event, row in pairs)
    return History("steady", events, observer="a list", final=Observation(9, effects), **facts)


def sold(*totals, name="total", **facts):
    """Sales whose column has, one by one, the second of each pair."""
    return shown(
        *((fact({"total": sent}, number), {name: kept}) for number, (sent, kept) in enumerate(totals)), **facts
    )


def only(*histories):
    """The one column that is listed."""
    (found,) = columns_of(histories)
    return found


def test_a_column_with_a_fields_name_is_listed_with_how_often_it_agrees():
    """Also if that is seldom or never, with the first difference."""
    found = only(sold((1.25, "1.250"), (2.5, 2), (3, 3)))
    assert ("SaleCreated", "total", "total", 2, 3, "") == (
        *(found.event, found.name, found.path, found.agreeing, found.compared),
        found.rewriting,
    )
    assert (GUESSED, True, "sent 2.5, has 2") == (found.status, found.is_open, found.example)
    never = only(sold((1.25, 2), (2.5, 3)))
    assert (0, 2, True) == (never.agreeing, never.compared, never.is_open)


def test_a_column_that_always_agrees_is_not_to_be_looked_at():
    """As it was sent, or in a rewriting that explains every value."""
    assert not only(sold((1.25, 1.25), (2, 2.0))).is_open
    cents = only(sold((1.25, 125), (2, 200), (0, 0)))
    assert ("times 100", 3, 3, False) == (cents.rewriting, cents.agreeing, cents.compared, cents.is_open)
    assert "total -> total: times 100 in 3 of 3" == str(cents)


@pytest.mark.parametrize("own", [None, "", 0, "own"])
def test_a_column_that_is_the_same_in_all_effects_while_its_field_varies_comes_first(own):
    """It is to be looked at whatever its name; where the field does not vary either, it is a guess like others."""
    empty = [(fact({"total": n, "alpha": n}, n), {"total": own, "alpha": n + n % 2}) for n in range(5)]
    first, second = columns_of([shown(*empty)])
    assert ("total", EMPTY, "alpha", GUESSED) == (first.name, first.status, second.name, second.status)
    assert GUESSED == only(sold((7, own), (7, own))).status


def test_what_neither_side_has_is_not_counted():
    """A field that is null in most events, and a column that is then empty."""
    found = only(sold((1, 1), (None, None), (None, ""), (2, 2)))
    assert (2, 2) == (found.agreeing, found.compared)
    assert () == columns_of([sold((None, None))])


def test_a_column_is_found_by_its_name_in_any_spelling():
    """`CUSTOMER_NAME` is `customer.name`, and a column of JSON may be a list."""
    payload = {"saleDateTime": "2026-01-25T12:00:00", "customer": {"name": "Kari"}, "lines": [{"sku": "a"}]}
    row = {"sale_date_time": "2026-01-25 12:00:00", "CUSTOMER_NAME": "Kari", "sku": "a", "lines": '[{"sku": "a"}]'}
    found = columns_of([shown((fact(payload), row))])
    assert ["customer.name", "lines", "saleDateTime"] == sorted(each.path for each in found)
    assert not any(each.is_open for each in found)
    lost = only(shown((fact(payload), {"lines": '[{"sku": "b"}]'})))
    assert (True, "sent 'a', has 'b'") == (lost.is_open, lost.example)


def test_a_column_of_another_name_is_found_by_its_values():
    """In three events, with two different values of four characters, and where no other column holds that field."""
    totals = [(100.5, 100.5), (200.5, 200.5), (300.5, 300.5), (400.5, 400)]
    found = only(sold(*totals, name="amount"))
    assert ("amount", "total", 3, 4, True) == (found.name, found.path, found.agreeing, found.compared, found.is_open)
    assert () == columns_of([sold(*totals[1:], name="amount")])
    assert () == columns_of([sold((1, 1), (2, 2), (3, 3), name="amount")])
    assert () == columns_of([sold(*[(100.5, 100.5)] * 4, name="amount")])
    both = [(fact({"total": sent}, n), {"total": sent, "amount": kept}) for n, (sent, kept) in enumerate(totals)]
    assert ["total"] == [each.name for each in columns_of([shown(*both)])]


def test_the_receivers_own_time_is_no_field():
    """It is close to the time that was sent, and never the same."""
    times = [(f"2026-01-25T12:00:0{n}.25", f"2026-01-25T12:00:0{n}.7") for n in range(5)]
    assert () == columns_of([sold(*times, name="booked_at")])
    assert "booked_at" == only(sold(*((sent, sent) for sent, _ in times), name="booked_at")).name


def test_the_user_names_columns_and_leaves_others_out():
    """A named one is compared and the verdict is on it, so it is not to be looked at."""
    totals = [(1.5, 1), (2.5, 2)]
    named = only(sold(*totals, name="amount", column_map={"amount": "total"}))
    assert (COMPARED, 0, 2, False, "sent 1.5, has 1") == (
        *(named.status, named.agreeing, named.compared, named.is_open),
        named.example,
    )
    for left_out in ({"total": ""}, {"SaleCreated.total": ""}):
        assert () == columns_of([sold(*totals, column_map=left_out)])
    assert only(sold(*totals, column_map={"InvoiceCreated.total": ""})).is_open


@pytest.mark.parametrize("column_map", [{"amount": "totl"}, {"amont": "total"}, {"InvoiceCreated.amount": "total"}])
def test_a_name_that_fits_nothing_is_to_be_looked_at(column_map):
    """A path that no payload has, a column that no effect has, a type that was not sent; not a table of the state."""
    state = {"state.on_hand": "stockLevel", "status": ""}
    found = only(sold((1, 1), name="amount", column_map=column_map | state))
    assert (EMPTY, True, *column_map) == (found.status, found.is_open, found.name)


def test_data_of_the_receivers_own_is_listed_as_not_compared():
    """Under the name of a copy, where the event has no copy; the user may leave it out."""
    payload = dict.fromkeys("abcde", 1)
    own = (fact(payload), {"data": '{"a": 1, "own": 2}'})
    found = only(shown(own))
    assert ("data", "", GUESSED, True) == (found.name, found.path, found.status, found.is_open)
    assert "data -> the payload: not compared: it has 1 of the payload's 5 keys" == str(found)
    assert () == columns_of([shown(own, column_map={"data": ""})])
    assert () == columns_of([shown((own[0], {"payload": payload, "data": {"own": 1}}))])
    assert "it has 0 of" in only(shown((own[0], {"data": [1]}))).example


def test_the_identity_is_not_compared():
    """By it the row was found."""
    entity = Entity("saleId", "1000")
    assert () == columns_of([shown((fact({"saleId": 1000}, entity=entity), {"sale_id": 1000, "id": 1000}))])


def test_of_a_movement_only_the_keys_of_its_stock_are_guessed():
    """Other scenarios move the same stock, so a joined level may be a later one; the user may name it all the same."""
    moved = [
        (
            fact(
                {"gtin": f"07{n}", "stockLevel": n},
                n,
                "StockMovementCreated",
                entity=Entity("movementId", str(n)),
                state=StateRow("stockId gtin", f"1 07{n}"),
            ),
            {"gtin": f"07{n}", "stock_level": n},
        )
        for n in range(5)
    ]
    assert "gtin" == only(shown(*moved)).name
    named = columns_of([shown(*moved, column_map={"stock_level": "stockLevel"})])
    assert ["gtin", "stock_level"] == [each.name for each in named]


def test_a_table_of_customers_has_columns_of_its_own():
    """Its row is the customer itself, which no other scenario changes: each field is compared, but the identity."""
    customers = [
        (
            fact(
                {"customerId": n, "city": f"c{n}"},
                n,
                "CustomerCreated",
                entity=Entity("customerId", str(n)),
                state=StateRow("customerId", str(n)),
            ),
            {"customer_id": n, "city": f"c{n}"},
        )
        for n in range(4)
    ]
    assert "city" == only(shown(*customers)).name


def test_what_a_newer_event_about_the_same_thing_sent_is_no_difference():
    """A view may join each event with the newest state; a value of no event, or of an older one, differs."""
    old, new = (
        fact(
            {"city": city},
            n,
            "CustomerUpdated",
            entity=Entity("customerId", "9"),
            state=StateRow("customerId", "9", since),
        )
        for n, (city, since) in enumerate((("Oslo S", "10"), ("Oslo", "11")))
    )
    assert (1, 1) == counts(only(shown((old, {"city": "Oslo"}), (new, {"city": "Oslo"}))))
    assert (1, 2) == counts(only(shown((old, {"city": "Osl"}), (new, {"city": "Oslo"}))))
    assert (1, 2) == counts(only(shown((old, {"city": "Oslo S"}), (new, {"city": "Oslo S"}))))


def counts(column):
    return column.agreeing, column.compared


def test_scenarios_are_counted_together():
    """Those that were not judged, that nothing was read of, or whose content is not compared show nothing."""
    one, other = sold((1.5, 1.5)), sold((2.5, 2))
    assert (1, 2) == counts(only(one, other, History("steady"), replace(one, final=None)))
    failed = replace(one, preflight=(PreflightCheck("reachable", "expected an answer, got none"),))
    assert (1, 1) == counts(only(one, failed))
    assert () == columns_of([]) == columns_of([replace(one, check_content=ContentCheck.OFF)])


def test_effects_that_may_be_another_events_are_left_out():
    """An altered body, a payload that is no object, an effect that is a single value."""
    altered = (fact({"total": 1}, 1, altered=True), {"total": 5})
    listed = (fact([1], 2), {"total": 5})
    assert (1, 1) == counts(
        only(shown(altered, listed, (fact({"total": 1}, 3), "x"), (fact({"total": 1}), {"total": 1})))
    )
