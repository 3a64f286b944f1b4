"""Lost payloads may have in common what no booked one has."""

import pytest

from frontsim.verification.judge.evidence import shared_by, traits_of

SALE = {"sku": "A-1", "total": 5, "voided": False, "lines": [{"gtin": "1"}], "customer": {"name": "Kari"}}


def changed(**fields):
    return {**SALE, **fields}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sku": None}, "`sku` is null"),
        ({"sku": ""}, "`sku` is empty"),
        ({"sku": "Å"}, "`sku` has letters outside ASCII"),
        ({"total": -5}, "`total` is negative"),
        ({"total": 0}, "`total` is 0"),
        ({"total": 4.5}, "`total` has decimals"),
        ({"lines": []}, "`lines` has no entries"),
        ({"lines": [{"gtin": "1"}, {"gtin": None}]}, "`lines[].gtin` is null"),
        ({"lines": [{"gtin": "1"}] * 6}, "`lines` has more than 5 entries"),
        ({"customer": {"name": None}}, "`customer.name` is null"),
        ({"sku": "A" * 18}, "`sku` has more than 16 characters"),
    ],
)
def test_the_one_lost_event_is_described_by_what_is_odd_about_it(fields, told):
    assert f"{told} in the one event that it lost, and in none of the 3 of this type that it booked" == shared_by(
        [changed(**fields)], [SALE] * 3
    )


def test_the_length_that_no_booked_text_has_is_named():
    """Between the longest that was booked and the shortest that was lost."""
    found = shared_by([changed(sku="A" * 300)], [changed(sku="A" * 250)] * 3)
    assert found.startswith("`sku` has more than 255 characters in")


@pytest.mark.parametrize("most", [16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 200, 255, 500, 1_000, 4_000])
def test_usual_column_lengths_are_distinguished(most):
    found = shared_by([changed(sku="A" * (most + 1))], [changed(sku="A" * most)] * 3)
    assert found.startswith(f"`sku` has more than {most:,} characters in the one")


@pytest.mark.parametrize("most", [5, 10, 20, 50, 100, 500, 1_000, 5_000])
def test_numbers_of_entries_are_distinguished(most):
    lost, booked = (changed(lines=SALE["lines"] * number) for number in (most + 1, most))
    assert shared_by([lost], [booked] * 3).startswith(f"`lines` has more than {most:,} entries in the one")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, {"is 0"}),
        (1, {"is 1"}),
        (-1, {"is negative", "is -1"}),
        ("", {"is empty"}),
        ("\uffff", {"has letters outside ASCII", r"is '\uffff'"}),
        ("Å👔", {"has letters outside ASCII", "has characters of four bytes, such as an emoji,", "is 'Å👔'"}),
    ],
)
def test_the_traits_of_one_value(value, said):
    assert said == {each.what for each in traits_of({"a": value})}


def test_what_is_at_the_top_of_a_payload_comes_first():
    lost = changed(lines=[{"gtin": None}], customer={"name": None})
    assert shared_by([lost], [SALE] * 3).startswith("`customer.name` is null and `lines[].gtin` is null in the one")


def test_an_emoji_is_named_where_other_letters_were_booked():
    found = shared_by([changed(sku="👔")], [changed(sku="Å")] * 3)
    assert found.startswith("`sku` has characters of four bytes, such as an emoji,")


def test_a_value_tells_only_if_several_have_it():
    """One event differs from all others in many values."""
    assert "" == shared_by([changed(sku="B-2")], [SALE] * 3)
    assert shared_by([changed(sku="B-2", total=6), changed(sku="B-2", total=7)], [SALE] * 3).startswith(
        "`sku` is 'B-2' in all 2 events"
    )
    assert shared_by([changed(voided=True)] * 2, [SALE] * 3).startswith("`voided` is true in all 2 events")


def test_the_most_telling_traits_come_first_and_one_for_each_field():
    lost = [changed(voided=True, sku=None, total=-1.5, customer=None)] * 2
    assert shared_by(lost, [SALE] * 3).startswith(
        "`customer` is null and `sku` is null and `total` has decimals (and 1 more) in all 2"
    )


def test_what_differs_in_too_much_tells_nothing():
    """Of one event, any of 13 oddities may be the cause, but not of 12; of two, the first three are named."""
    assert shared_by([{**SALE, **dict.fromkeys("abcdefghijkl")}], [SALE] * 3).startswith("`a` is null")
    lost = {**SALE, **dict.fromkeys("abcdefghijklm")}
    assert "" == shared_by([lost], [SALE] * 3)
    assert shared_by([lost] * 2, [SALE] * 3).startswith(
        "`a` is null and `b` is null and `c` is null (and 10 more) in all 2"
    )


def test_too_few_booked_ones_prove_nothing():
    assert "" == shared_by([changed(sku=None)], [SALE] * 2)
    assert "" == shared_by([], [SALE] * 3)
    assert "" == shared_by([SALE], [SALE] * 3)


def test_values_that_are_too_long_to_be_named_have_no_value():
    named = [[each.what for each in traits_of({"a": "x" * n}) if each.what.startswith("is ")] for n in (40, 41)]
    assert [[f"is '{'x' * 40}'"], []] == named
