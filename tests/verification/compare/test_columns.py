from decimal import Decimal

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.columns import ColumnMemory, lost_columns, pair_of
from frontsim.verification.effects.correlate import EventGroup
from frontsim.verification.effects.history import Column, ColumnCount, Effect, Entity, EventFact, Run, StateRow

TOTAL = Column("SaleCreated", "total", "total")


def group(payload, row, event="SaleCreated"):
    """An event with one effect."""
    return EventGroup((EventFact("w", str(payload), event, (), payload=payload),), (Effect(None, row),), 1, 1)


def sold(*totals):
    """Sales whose column has, one by one, the second of each pair."""
    return [group({"total": sent}, {"total": kept}) for sent, kept in totals]


def lost(groups, memory=None):
    found = (memory or ColumnMemory()).learn(groups)
    return [str(pair) for _, pair in lost_columns(groups, found)]


def test_a_column_with_a_fields_name_is_confirmed_and_then_compared():
    """Equal in three of four; the fourth has lost something."""
    groups = sold((1.25, 1.25), (2.5, "2.50"), (3, 3.0), (0.125, 0.13))
    assert {TOTAL: ColumnCount(3, 4, 3)} == ColumnMemory().learn(groups)
    assert ["total: sent 0.125, column total has 0.13"] == lost(groups)


@pytest.mark.parametrize(
    "totals",
    [
        ((1, 1), (2, 2)),  # too few
        ((1, 1), (1, 1), (1, 1)),  # always the same value: by chance, perhaps
        ((1, 1), (2, 2), (3, 3), (4, 9), (5, 9), (6, 9)),  # as often wrong as right: something else
        ((1, 9), (2, 9), (3, 9)),  # never
        ((1, 1), (1, 1), (1, 1), (2, 1)),  # always the same, which most events have
    ],
)
def test_a_column_that_may_be_something_else_accuses_no_receiver(totals):
    assert {} == ColumnMemory().learn(sold(*totals))


FLAG = "agreedSendSMS: sent False, column agreed_send_sms has True"


def flagged(*flags, **others):
    """Customers with a name, and a flag as it was sent and as it is kept."""
    return [
        group({"agreedSendSMS": sent, "name": f"n{n}"}, {"agreed_send_sms": kept, "name": f"n{n}", **others})
        for n, (sent, kept) in enumerate(flags)
    ]


def test_a_flag_that_is_always_true_is_found():
    """True for three who said yes, and for four who said no."""
    assert [FLAG] * 4 == lost(flagged(*[(True, True)] * 3, *[(False, True)] * 4))


def test_a_flag_that_keeps_both_values_is_compared():
    """One of ten may be lost."""
    assert [FLAG] == lost(flagged(*[(True, True)] * 5, *[(False, False)] * 4, (False, True)))


@pytest.mark.parametrize(
    "groups",
    [
        flagged(*[(True, True)] * 3, *[(False, True)] * 2),  # too few
        flagged(*[(True, True)] * 3, *[(False, True)] * 4, *[(False, False)] * 3),  # as by chance
        flagged(*[(True, False)] * 3, *[(False, True)] * 4),  # the contrary: perhaps a flag of its own
        flagged(*[(True, False)] * 3, *[(False, False)] * 4),  # always false: perhaps never filled
        flagged(*[(True, True)] * 3, *[(False, True)] * 4, name="own"),  # the row holds no other field
    ],
)
def test_a_flag_that_may_be_its_own_accuses_no_receiver(groups):
    assert [] == lost(groups)


def test_what_a_run_has_seen_counts_in_the_next_scenario():
    """Two sales are too few, and the third confirms them."""
    memory = ColumnMemory()
    assert [] == lost(sold((1, 1), (2, 2)), memory)
    assert ["total: sent 4.125, column total has 4.1"] == lost(sold((3, 3), (4.125, 4.1)), memory)


def test_a_column_is_found_by_its_name_in_any_spelling():
    """`CUSTOMER_NAME` is `customer.name`. Entries of lists, and what is no single value, are no columns."""
    groups = [
        group(
            {"saleDateTime": n, "customer": {"name": n}, "lines": [{"sku": n}], "total": {"a": 1}},
            {"sale_date_time": n, "CUSTOMER_NAME": n, "sku": n, "total": 1, "lines": []},
        )
        for n in "abc"
    ]
    assert ["customer.name", "saleDateTime"] == sorted(column.path for column in ColumnMemory().learn(groups))


def test_the_user_may_name_columns():
    """One by its type; one that is not compared; a named one needs one event that agrees, and none accuses it alone."""
    named = {"SaleCreated.amount": "total", "total": ""}
    groups = [group({"total": n}, {"amount": kept, "total": 0}) for n, kept in ((1, 1), (2.55, 3))]
    assert ["total: sent 2.55, column amount has 3"] == lost(groups, ColumnMemory(named))
    assert [] == lost([group({"total": 1}, {"amount": 7})], ColumnMemory(named))
    assert [] == lost([group({"total": 1}, {"amount": 7}, event="InvoiceCreated")], ColumnMemory(named))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("+47 912 34 567", "+4791234567"),
        ("Kari@Shop.no", "kari@shop.no"),
        ("7041234567892", 7041234567892),
        ("2026-11-25T12:00:00", "2026-11-25 12:00:00+01:00"),
        ("2026-11-25T12:00:00.5", 1_764_068_400),
        (True, "Y"),
        (False, 0),
        (1.5, "1,5 kr"),
        ("", None),
    ],
)
def test_another_spelling_is_no_loss(sent, kept):
    pair = pair_of(TOTAL, EventFact("w", "e", "SaleCreated", (), payload={"total": sent}), {"total": kept})
    assert pair is None or pair.is_same


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0041234567904", 41234567904),
        ("0041234567904", "41234567904"),
        (0.125, 0.13),
        (False, True),
        (True, "false"),
        ("Blå skjorte", "Bl skjorte"),
        ("A long comment", "A long"),
    ],
)
def test_a_loss_is_a_loss(sent, kept):
    """Leading zeros, decimals, a flag, letters, the end of a text."""
    pair = pair_of(TOTAL, EventFact("w", "e", "SaleCreated", (), payload={"total": sent}), {"total": kept})
    assert (False, "") == (pair.is_same, pair.rewriting)


def test_a_column_that_is_always_in_another_zone_or_unit_has_lost_nothing():
    """In winter one hour, in summer two: still one rewriting. Where some are shifted and others not, these are lost."""
    utc = [
        ("2026-01-25T12:00:00", "2026-01-25T11:00:00"),
        ("2026-07-25T12:00:00", "2026-07-25 10:00:00"),
        ("2026-08-01T10:00:00", "2026-08-01T08:00:00"),
    ]
    assert [] == lost(sold(*utc))
    assert "in another time zone" == ColumnMemory().learn(sold(*utc))[TOTAL].rewriting
    assert [] == lost(sold((1.5, 150), (2, 200), (3.25, 325), (0, 0)))
    local = [(f"2026-01-25T12:00:0{n}", f"2026-01-25T12:00:0{n}") for n in range(3)]
    assert 1 == len(lost(sold(*local, utc[0])))


def test_the_time_of_booking_is_no_loss():
    """A column of the field's name that has the receiver's own time: about when the event was sent, in some later."""
    sent = [f"2026-01-25T12:00:0{n}.250" for n in range(6)]
    own = [f"2026-01-25T12:00:0{n}.700123" for n in range(4)] + ["2026-01-25T12:00:05.900000", "2026-01-25T12:00:09"]
    assert [] == lost(sold(*zip(sent, own, strict=True)))
    utc = [each.replace("T12", "T11") for each in own]
    assert [] == lost(sold(*zip(sent, utc, strict=True)))
    named = ColumnMemory({"total": "total"})
    assert 2 == len(lost(sold(*zip(sent, own, strict=True)), named))


@pytest.mark.parametrize(
    ("sent", "own"),
    [
        (2752.0, 2552),  # without a gift card
        (2752.0, 0),  # all paid with one
        (3228.8, 5134.8),  # the day's sales so far
        (1.5, 3.0),  # the second sale of the same amount
        ("Service", "OTHER"),  # a type that the receiver's list does not have
        ("Kari", "***"),
    ],
)
def test_a_column_of_the_receivers_own_may_differ(sent, own):
    """It agrees often, and no mistake explains where it does not. If the user names the column, it is a finding."""
    agreeing = [(f"text {n}", f"text {n}") if isinstance(sent, str) else (n, n) for n in range(1, 6)]
    groups = sold(*agreeing, (sent, own))
    assert [] == lost(groups)
    assert 1 == len(lost(groups, ColumnMemory({"total": "total"})))


def test_amounts_of_other_events_are_found():
    """Three that one other event has sent. Two may be chance, and so may whole amounts, and what two others sent."""
    right = [(10.5 + n, 10.5 + n) for n in range(8)]
    swapped = [(50.25, 11.5), (60.25, 12.5), (70.25, 13.5)]
    assert 3 == len(lost(sold(*right, *swapped)))
    assert [] == lost(sold(*right, *swapped[:2], (0, 13.5)))
    assert [] == lost(sold(*right, *right, *swapped))
    assert [] == lost(sold(*((n, n) for n in range(10, 18)), (50, 10), (60, 11), (70, 12)))
    assert [] == lost(sold(*right, (50.25, "1e40")))
    texts = [(f"{n}.5", f"{n}.5") for n in range(10, 18)]
    assert [] == lost(sold(*texts, ("50.25", "10.5"), ("60.25", "11.5"), ("70.25", "12.5")))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("9123450{}", "+479123450{}"), ("9123450{}", "*******{}"), ("2026-01-0{}T12:00:00", "2026-01-0{}")],
)
def test_a_column_in_a_form_of_its_own_is_not_the_field(sent, kept):
    """So a number without a country, which it shows in another way, is no loss."""
    groups = sold(*((sent.format(n), kept.format(n)) for n in range(1, 6)), ("09123", "+9123"))
    assert {} == ColumnMemory().learn(groups)
    assert {} == ColumnMemory({"total": "total"}).learn(groups)


def test_a_cut_of_cents_is_found_in_a_column_of_cents():
    """19.99 times 100 in a binary float is 1998.99..., of which 1998 is left."""
    cents = [(n + 0.5, 100 * n + 50) for n in range(5)]
    assert ["total: sent 19.99, column total has 1998"] == lost(sold(*cents, (19.99, 1998)))
    assert [] == lost(sold(*cents, (19.99, 3998)))


def test_a_number_that_is_added_at_each_delivery_is_found():
    """Two runs, twice the amount; three times would be another's doing."""
    run = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)
    twice, thrice = (
        EventGroup((EventFact("w", str(n), "SaleCreated", (run, run), payload={"total": 7.5}),), (effect,), 1, 1)
        for n, effect in ((2, Effect(None, {"total": 15})), (3, Effect(None, {"total": 22.5})))
    )
    assert ["total: sent 7.5, column total has 15"] == lost([*sold((1, 1), (2, 2), (3, 3), (4, 4)), twice, thrice])


def test_ambiguous_effects_are_not_compared():
    """Several events of one group, an altered body, a row that is no object, a payload that is none."""
    event = EventFact("w", "e", "SaleCreated", (), payload={"total": 1})
    effect = Effect(None, {"total": 1})
    groups = [
        EventGroup((event, event), (effect,), 1, 2),
        EventGroup((EventFact("w", "e", "SaleCreated", (), payload={"total": 1}, altered=True),), (effect,), 1, 1),
        EventGroup((event,), (Effect("e", "e"),), 1, 1),
        EventGroup((EventFact("w", "e", "SaleCreated", (), payload=[1]),), (effect,), 1, 1),
    ]
    memory = ColumnMemory({"total": "total"})
    assert {} == memory.learn(groups)


def test_the_identity_is_not_compared():
    """By it the row was found."""
    groups = [
        EventGroup(
            (EventFact("w", str(n), "SaleCreated", (), entity=Entity("saleId", str(n)), payload={"saleId": n}),),
            (Effect(None, {"saleId": n}),),
            1,
            1,
        )
        for n in range(5)
    ]
    assert {} == ColumnMemory().learn(groups)


def about(number, entity, payload, row, state=None):
    fact = EventFact("w", str(number), "CustomerUpdated", (), entity=entity, state=state, payload=payload)
    return EventGroup((fact,), (Effect(None, row),), 1, 1)


def test_what_another_event_about_the_same_thing_has_sent_is_no_loss():
    """A view may join each event with the newest state: the older one shows the newer city. A third city is a loss."""
    seen = [about(n, Entity("customerId", str(n)), {"city": f"c{n}"}, {"city": f"c{n}"}) for n in range(4)]
    older = about(9, Entity("customerId", "9"), {"city": "Oslo S"}, {"city": "Oslo"})
    newer = about(10, Entity("customerId", "9"), {"city": "Oslo"}, {"city": "Oslo"})
    cut = about(9, Entity("customerId", "9"), {"city": "Oslo S"}, {"city": "Osl"})
    assert ([], 1, 1) == (lost([*seen, older, newer]), len(lost([*seen, older])), len(lost([*seen, cut, newer])))


def test_of_a_movement_only_the_keys_of_its_stock_are_compared():
    """Other scenarios move the same stock, so a joined level may be a later one; the user may name it all the same."""
    groups = [
        about(
            n,
            Entity("movementId", str(n)),
            {"gtin": f"07{n}", "stockLevel": n},
            {"gtin": f"07{n}", "stock_level": n},
            StateRow("stockId gtin", f"1 07{n}"),
        )
        for n in range(5)
    ]
    assert ["gtin"] == [column.path for column in ColumnMemory().learn(groups)]
    named = ColumnMemory({"stock_level": "stockLevel"}).learn(groups)
    assert {"gtin", "stockLevel"} == {column.path for column in named}


@pytest.mark.parametrize(
    ("payload", "row"),
    [
        ({"total": {"a": 1}}, {"total": 1}),
        ({"total": [1]}, {"total": 1}),
        ({"total": None}, {"total": 1}),
        ({}, {"total": 1}),
        ({"total": 1}, {"total": {"a": 1}}),
        ({"total": 1}, {"total": [1]}),
        ({"total": 1}, {"total": None}),
        ({"total": 1}, {}),
    ],
)
def test_only_single_values_make_a_pair(payload, row):
    """What one side does not have, or has as an object or list, is not compared."""
    assert None is pair_of(TOTAL, EventFact("w", "e", "SaleCreated", (), payload=payload), row)


@pytest.mark.parametrize(
    ("sent", "kept", "is_same"),
    [
        (1.5, Decimal("1.50"), True),
        (1.5, Decimal("9.99"), False),
        ("1.50", Decimal("1.50"), True),
        ("", "-", True),
        ("", "x", False),
        ("-", "", False),
        ("true", True, True),
        ("7041234567892", 7041234567892.0, True),
        ("125", 12.5, True),  # no whole number: perhaps it is another field
        ("4791234567", "+4791234567", True),
        ("4791234567", "no number", False),
    ],
)
def test_what_a_column_makes_of_a_value(sent, kept, is_same):
    """A database's decimals and floats are numbers as they were sent; an empty text is no other text."""
    pair = pair_of(TOTAL, EventFact("w", "e", "SaleCreated", (), payload={"total": sent}), {"total": kept})
    assert is_same is pair.is_same


def test_how_many_must_agree():
    """Three of five are enough, and two different values; three of six are not."""
    right, wrong = [(1, 1), (1, 1), (2, 2)], [(4, 9), (5, 9)]
    assert {TOTAL: ColumnCount(3, 5, 2)} == ColumnMemory().learn(sold(*right, *wrong))
    assert {TOTAL: ColumnCount(3, 3, 2)} == ColumnMemory().learn(sold(*right))
    assert {} == ColumnMemory().learn(sold(*right, *wrong, (6, 9)))
    assert {} == ColumnMemory({"total": "total"}).learn(sold(*wrong))


def test_what_is_left_out_hides_nothing_that_follows():
    """An altered event first, a payload that is no object, an effect that is no row, a null: the rest is compared."""
    altered = EventFact("w", "e", "SaleCreated", (), payload={"total": 1}, altered=True)
    groups = [
        EventGroup((altered,), (Effect(None, {"total": 5}),), 1, 1),
        group([1], {"total": 1}),
        group({"total": 1}, 5),
        group({"total": 1}, {"total": None}),
        *sold((1, 1), (2, 2), (3, 3)),
    ]
    assert {TOTAL: ColumnCount(3, 3, 3)} == ColumnMemory().learn(groups)


def test_a_column_that_the_user_leaves_out_is_not_compared():
    """And the columns beside it are."""
    groups = [group({"total": n, "city": f"c{n}"}, {"total": n, "city": f"c{n}"}) for n in range(4)]
    assert ["city"] == [column.path for column in ColumnMemory({"total": ""}).learn(groups)]


def test_events_about_one_thing_may_agree():
    """Two updates with the same city are both compared; one without a city says nothing of the other's."""
    same = [about(n, Entity("customerId", "7"), {"city": "a"}, {"city": "a"}) for n in range(2)]
    other = about(3, Entity("customerId", "8"), {"city": "b"}, {"city": "b"})
    (count,) = ColumnMemory().learn([*same, other]).values()
    assert ColumnCount(3, 3, 2) == count
    seen = [about(n, Entity("customerId", str(n)), {"city": f"c{n}"}, {"city": f"c{n}"}) for n in range(4)]
    without = about(9, Entity("customerId", "9"), {"name": "x"}, {})
    cut = about(10, Entity("customerId", "9"), {"city": "Oslo"}, {"city": "Os"})
    assert ["city: sent 'Oslo', column city has 'Os'"] == lost([*seen, without, cut])


def test_a_row_of_newest_states_may_show_a_newer_one():
    """The two have no entity in common, but the row whose state they tell."""
    seen = [about(n, None, {"city": f"c{n}"}, {"city": f"c{n}"}) for n in range(4)]
    states = [about(8 + n, None, {"city": city}, {"city": "Oslo"}, StateRow("", "7")) for n, city in enumerate(OLD_NEW)]
    assert [] == lost([*seen, *states])
    assert 1 == len(lost([*seen, about(8, None, {"city": "Oslo S"}, {"city": "Oslo"})]))


OLD_NEW = ("Oslo S", "Oslo")


def test_a_table_of_customers_has_columns_of_its_own():
    """Its row is the customer itself, which no other scenario changes: each field is compared, but the identity."""
    groups = [
        about(
            n,
            Entity("customerId", str(n)),
            {"customerId": n, "city": f"c{n}"},
            {"customer_id": n, "city": f"c{n}"},
            StateRow("customerId", str(n)),
        )
        for n in range(4)
    ]
    assert ["city"] == [column.path for column in ColumnMemory().learn(groups)]


def test_a_flag_must_keep_both_values_often_enough():
    """Three of each, and nine of ten right; or three lost among three that are always true."""
    assert [FLAG] == lost(flagged(*[(True, True)] * 6, *[(False, False)] * 3, (False, True)))
    assert [] == lost(flagged(*[(True, True)] * 17, *[(False, False)] * 2, (False, True)))
    assert [FLAG] * 3 == lost(flagged(*[(True, True)] * 3, *[(False, True)] * 3))


def test_a_flag_that_the_user_names_needs_one_that_agrees():
    memory = ColumnMemory({"agreed_send_sms": "agreedSendSMS"})
    assert [FLAG] == lost(flagged((True, True), (False, True)), memory)


def test_different_values_are_counted_up_to_three():
    assert {TOTAL: ColumnCount(5, 5, 3)} == ColumnMemory().learn(sold(*((n, n) for n in range(5))))


def test_a_float_of_fewer_digits_has_lost_some():
    pair = pair_of(TOTAL, EventFact("w", "e", "SaleCreated", (), payload={"total": "0041"}), {"total": 41.0})
    assert not pair.is_same
