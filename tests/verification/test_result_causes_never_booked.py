"""Kinds of events that are acknowledged and never booked, told from losses that hit a kind by chance."""

import pytest

from frontsim.verification.result import Acknowledged, NeverBooked, never_booked


def events(booked, *, type_="SaleCreated", scenario="storm", payload=None):
    """An acknowledged event for each letter: `+` is booked, `-` is not."""
    return [Acknowledged(scenario, type_, payload, letter == "+") for letter in booked]


def sentences(*rows):
    return [str(each) for each in never_booked([row for these in rows for row in these])]


COUNT = "StockCountReconciled"


def test_a_type_of_which_none_is_booked_while_all_others_are():
    assert [
        "none of the 3 acknowledged StockCountReconciled events has an effect, 99 events of other types have"
    ] == sentences(events("---", type_=COUNT), events("+" * 99))


def test_types_that_are_never_booked_are_one_kind():
    """A receiver that handles one type alone answers all others with a 200."""
    rows = [events("---", type_=type_) for type_ in "ABCDE"]
    assert [
        "none of the 15 acknowledged A, B, C and 2 more events has an effect, 40 events of other types have"
    ] == sentences(*rows, events("+" * 40))
    for number, named in ((2, "A and B"), (3, "A, B and C"), (4, "A, B, C and 1 more")):
        (said,) = sentences(*rows[:number], events("+" * 40))
        assert f"none of the {3 * number} acknowledged {named} events has" in said


@pytest.mark.parametrize(
    ("lost", "others", "is_named"),
    [
        ("--", "+" * 98, False),  # (1 / 99) ** 2 is more than 1 in 10,000
        ("--", "+" * 100, True),  # (1 / 101) ** 2
        ("-", "+" * 9_000, False),  # one event says nothing of its type
        ("----", "+" * 10, True),  # (1 / 11) ** 4
        ("----", "+" * 9, False),  # (1 / 10) ** 4 is just 1 in 10,000
        ("-" * 20, "+-" * 20, True),  # (21 / 41) ** 20
        ("-" * 10, "+-" * 20, False),  # a receiver that loses half of all events
        ("-" * 30, "+++", True),
        ("-" * 30, "++", False),  # too few show that anything is ever booked
        ("--+", "+" * 100, False),
        ("-" * 30, "", False),
    ],
)
def test_what_chance_explains_is_no_kind(lost, others, is_named):
    assert is_named == bool(sentences(events(lost, type_=COUNT), events(others)))


@pytest.mark.parametrize(("beside", "is_named"), [("-" * 30, False), ("+" * 30, True), ("", False)])
def test_a_type_that_is_lost_where_everything_is_lost_is_no_kind(beside, is_named):
    """A kill loses all events of a scenario, of which a type may have no others: the scenario shows nothing of it."""
    kill, well = events("---", type_=COUNT, scenario="kill"), events("+" * 900)
    assert is_named == bool(sentences(kill, well, events(beside, scenario="kill")))


NULL, FULL, EMPTY = {"customer": None, "lines": [{"gtin": "1"}]}, {"customer": "Kari", "lines": [{"gtin": "1"}]}, {}


def test_a_null_with_which_none_is_booked():
    assert [
        "none of the 4 acknowledged SaleCreated events whose `customer` is null has an effect, 40 others have"
    ] == sentences(
        events("----", payload=NULL),
        events("+" * 30, payload=FULL),
        events("+" * 10, payload=EMPTY),
        events("+", type_="B"),
    )


def test_a_null_with_which_one_is_booked_is_harmless():
    rows = [events("----", payload=NULL), events("+" * 40, payload=FULL)]
    assert sentences(*rows)
    assert not sentences(*rows, events("+", payload=NULL))


def test_an_event_of_which_it_is_not_known_what_arrived_says_nothing():
    rows = [events("----", payload=NULL), events("+" * 40, payload=FULL)]
    assert sentences(*rows) == sentences(*rows, events("+-+-"))
    assert not sentences(events("----", payload=NULL), events("+" * 40))


def test_a_null_in_half_of_the_lost_events_explains_these():
    """The others that are lost make chance more likely: 10 of 50 are, so 4 are no proof and 6 are."""
    lossy = [events("-" * 10, payload=FULL), events("+" * 40, payload=FULL)]
    assert not sentences(*lossy, events("-" * 4, payload=NULL))
    (kind,) = never_booked([*lossy[0], *lossy[1], *events("-" * 8, payload=NULL)])
    assert (8, 40) == (kind.number, kind.others)


def test_fields_that_are_null_together_are_named_together():
    both = {"b": {"c": None}, "zero": None, "d": "x"}
    kinds = sentences(events("----", payload=both), events("+" * 40, payload={"b": {"c": 1}, "zero": 1, "d": "x"}))
    assert [
        "none of the 4 acknowledged SaleCreated events whose `zero` and `b.c` are null has an effect, 40 others have"
    ] == kinds


def test_each_event_is_of_one_kind_by_its_nulls():
    """Of fields whose events overlap, the one with the most explains them; another one has events of its own."""
    rows = [
        *events("----", payload={"z": None, "b": 1, "c": 1}),
        *events("----", payload={"z": None, "b": None, "c": 1}),
        *events("----", payload={"z": 1, "b": 1, "c": None}),
        *events("+" * 60, payload={"z": 1, "b": 1, "c": 1}),
    ]
    assert [(("z",), 8), (("c",), 4)] == [(each.paths, each.number) for each in never_booked(rows)]


def test_a_null_that_is_lost_where_nothing_else_was_sent_is_no_kind():
    """The scenario may have lost whatever it sent."""
    alone, well = events("-" * 8, payload=NULL, scenario="kill"), events("+" * 40, payload=FULL)
    assert not sentences(alone, well)
    assert sentences(alone, well, events("+" * 40, payload=FULL, scenario="kill"))


def test_a_field_that_several_types_have_is_one_kind():
    rows = [
        row
        for type_ in ("CustomerCreated", "CustomerUpdated")
        for row in events("----", type_=type_, payload=NULL) + events("+" * 40, type_=type_, payload=FULL)
    ]
    said = (
        "none of the 8 acknowledged CustomerCreated and CustomerUpdated events whose `customer` is null has an effect"
    )
    assert [f"{said}, 80 others have"] == sentences(rows)


def test_whole_types_come_first():
    rows = [events("----", payload=NULL), events("+" * 99, payload=FULL), events("----", type_=COUNT, payload=NULL)]
    assert [(COUNT,), ("SaleCreated",)] == [
        each.events for each in never_booked([row for these in rows for row in these])
    ]


@pytest.mark.parametrize(
    ("paths", "event", "payload", "is_in"),
    [
        ((), "A", None, True),
        ((), "B", None, False),
        (("x",), "A", {"x": None}, True),
        (("x",), "A", {"x": 1}, False),
        (("x",), "A", {}, False),
        (("x",), "A", None, False),
        (("x",), "B", {"x": None}, False),
        (("x", "y"), "A", {"x": None, "y": None, "z": None}, True),
        (("x", "y"), "A", {"x": None, "y": 1}, False),
    ],
)
def test_which_events_a_kind_takes_in(paths, event, payload, is_in):
    assert is_in == NeverBooked(("A",), paths, 3, 9).takes_in(event, payload)


@pytest.mark.parametrize(("value", "blank"), [(0, "0"), (0.0, "0"), ("", "empty"), (None, "null")])
def test_events_with_a_blank_in_a_field_are_one_kind(value, blank):
    """`if not quantity` drops each 0; a flag that is false is no blank."""
    lost, right = ({"quantity": each, "lines": [{"is": False}]} for each in (value, 2))
    assert [
        f"none of the 4 acknowledged SaleCreated events whose `quantity` is {blank} has an effect, 90 others have"
    ] == sentences(events("----", payload=lost), events("+" * 90, payload=right))


def test_zeros_that_are_booked_elsewhere_are_no_reason():
    """And a null beside a zero is named first."""
    lost, right = {"a": 0, "b": None}, {"a": 0, "b": 1}
    (said,) = sentences(events("----", payload=lost), events("+" * 90, payload=right))
    assert "whose `b` is null has" in said
