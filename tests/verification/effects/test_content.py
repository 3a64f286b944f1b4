from decimal import Decimal
from typing import Any

import pytest

from frontsim.verification.effects.content import (
    Pair,
    different,
    embedded_payload,
    first_difference,
    first_inexact,
    is_copy,
    pairs,
    would_change,
)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"total": 1199.95}, {"total": "1199.95"}),
        ({"total": 1199.95}, {"total": 1199.950000000001}),
        ({"at": "2021-12-09T08:50:46.02"}, {"at": "2021-12-09T08:50:46.020000"}),
        ({"at": "2021-12-09T08:50:46.02"}, {"at": "2021-12-09T07:50:46.02Z"}),
        ({"deleted": False}, {"deleted": 0}),
        ({"name": "Åse"}, {"name": "A\u030ase"}),
        ({"name": "x", "more": 1}, {"name": "x"}),
        ({"name": "x"}, {"name": None}),
        ({"lines": [{"a": 1}]}, '{"lines": [{"a": 1}]}'),
        ({"id": "0192a4be-1111-7222-8333-444455556666"}, {"id": "0192A4BE111172228333444455556666"}),
        ({"lines": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}, {"lines": [{"a": "2", "b": "y"}, {"a": "1", "b": "x"}]}),
        ({"store": {"id": 1, "name": "A"}}, {"store": {"storeNo": 7}}),
    ],
)
def test_another_form_of_the_same_is_no_corruption(sent, kept):
    """Numbers as text, more digits, zones, flags, composed letters, fields left out: a receiver is free to."""
    assert first_difference(sent, kept) == ""


@pytest.mark.parametrize(
    ("sent", "kept", "path"),
    [
        ({"total": 1199.95}, {"total": 1199.9}, "total"),
        ({"total": 1199.95}, {"total": 1200}, "total"),
        ({"name": "Åse"}, {"name": "?se"}, "name"),
        ({"name": "Åse"}, {"name": "Ase"}, "name"),
        ({"name": "Grünerløkka"}, {"name": "Grünerl"}, "name"),
        ({"lines": [1, 2, 3]}, {"lines": [1, 2]}, "lines"),
        ({"lines": [{"gtin": "1"}, {"gtin": "2"}]}, {"lines": [{"gtin": "1"}, {"gtin": "3"}]}, "lines[1].gtin"),
    ],
)
def test_changed_content_is_found_by_its_path(sent, kept, path):
    """A text, a number or a list that changed is told by its path."""
    assert first_difference(sent, kept).startswith(f"{path}: sent ")


def test_a_copy_that_was_cut_off_is_found():
    """A text that begins as JSON and is not whole was cut, as by a column that is too short."""
    kept = embedded_payload({"payload": '{"lines": [1, 2'})
    assert "kept 15 characters that are not" in first_difference({"lines": [1, 2, 3]}, kept)


def test_only_a_copy_of_the_payload_is_compared():
    """An effect without the payload carries nothing to compare."""
    assert embedded_payload({"webhookEventId": "x", "total": 1}) is None
    assert embedded_payload("x") is None
    assert embedded_payload({"payload": '{"total": 1}'}) == {"total": 1}


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "more": 6}, True),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, True),
        ({"a": 1, "b": 2, "c": 3}, False),
        ({"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}, False),
        ('{"a": 1, "b": 2, "c', True),
        ('{"my_a": 1, "my_b": 2, "c', False),
        ([1, 2], False),
    ],
)
def test_a_copy_has_four_fifths_of_the_keys(kept, expected):
    """What has its own keys is the receiver's data, whatever its column is called."""
    assert is_copy({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, kept) is expected


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"b": [{"c": 2}], "a": 1.0}, ""),
        ({"a": 1}, "b: sent [{'c': 2}], kept no such key"),
        ({"a": "1", "b": [{"c": 2}]}, "a: sent 1, kept '1'"),
        ({"a": True, "b": [{"c": 2}]}, "a: sent 1, kept True"),
        ({"a": 1, "b": [{"c": 3}]}, "b[0].c: sent 2, kept 3"),
        ({"a": 1, "b": []}, "b: sent 1 entries, kept 0"),
    ],
)
def test_an_exact_copy_has_every_key_and_value(kept, told):
    """Only the order of keys and the form of a number are free."""
    assert told == first_inexact({"a": 1, "b": [{"c": 2}]}, kept)


@pytest.mark.parametrize(
    ("sent", "kept", "rewriting"),
    [
        (12.5, 125_000, "times 10,000"),
        (12.5, 12_500, "times 1,000"),
        (12.5, 1250, "times 100"),
        (12.5, 125, "times 10"),
        (12.5, 1.25, "divided by 10"),
        (12.5, 0.125, "divided by 100"),
        (12.5, "0.0125", "divided by 1,000"),
        (12.5, 1251, ""),
        (12.5, 1_250_000, ""),
        (12.5, 0.00125, ""),
        ("Anna", "ANNA", "in another letter case"),
        ("Anna", "ANN", ""),
        ("Anna", "A***", "masked"),
        ("2026-01-25T12:00:00", "2026-01-25", "as a date alone"),
        ("2026-01-25T23:00:00", "2026-01-25", "as a date alone"),
        ("2026-01-25T16:07:00", "2026-01-24", ""),
        ("a long name", "a long nam", ""),
        ("91234567", "+4791234567", "with the country's number in front"),
        ("2026-01-25T12:00:00", "2026-01-25T11:00:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-25T12:15:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-25T12:10:00", ""),
        ("2026-01-25T12:00:00", "2026-01-26T02:00:00", "in another time zone"),  # 14 hours, as on Kiritimati
        ("2026-01-25T12:00:00", "2026-01-24T22:00:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-26T02:15:00", ""),
        ("2026-01-25T12:00:00", "2026-01-26T03:00:00", ""),
        (0, 0.1, ""),
        (1, "10.000001", ""),
        ("12.5", 125, "times 10"),
        ("NaN", 5, ""),
        (5, "NaN", ""),
        ("2026-01-25T12:00:00", "2026-01-25T13:00:01.999", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-25T13:00:02", ""),
        ("2026-01-25T12:00:00", "2026-01-25T10:59:58", ""),
        ("2026-01-25T12:00:00", "2026-01-25T10:59:58.001", "in another time zone"),
        ("2026-01-25T12:00:00Z", "2026-01-25T13:00:00+00:00", "in another time zone"),
    ],
)
def test_a_rewriting_that_loses_nothing_is_named(sent, kept, rewriting):
    """Amounts in another unit, texts in another case, times in another zone, and nothing between these."""
    assert rewriting == Pair("total", sent, kept).rewriting


@pytest.mark.parametrize("carrier", ["payload", "body", "data"])
def test_a_copy_stands_under_one_of_three_names(carrier):
    assert {"total": 1} == embedded_payload({"id": 7, carrier: {"total": 1}})
    assert None is embedded_payload({"id": 7, carrier.upper(): {"total": 1}})


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (True, ["true", "True", "1", "1.0", "t", "Y", "yes", " on ", 1, 1.0]),
        (False, ["false", "False", "0", "0.0", "f", "N", "no", "off", "", " ", 0, 0.0]),
    ],
)
def test_a_flag_is_kept_in_many_words(flag, words):
    """Each of them is one of the two, and a word that is neither proves nothing."""
    for word in words:
        assert (True, False) == (Pair("x", flag, word).is_same, Pair("x", not flag, word).is_same), word
    assert Pair("x", flag, "perhaps").is_same


def test_a_pair_tells_where_it_is_and_what_it_is():
    """Without positions by its field; the whole payload has a name; a list of another length has no rewriting."""
    assert "lines[].tags[]" == Pair("lines[3].tags[12]", 1, 2).field
    assert "payload: sent 1, kept 2" == str(Pair("", 1, 2))
    assert ("", False) == (Pair("x", 1, 100, "sent 1 entries").rewriting, Pair("x", 1, 1, "sent 1 entries").is_same)


@pytest.mark.parametrize(
    ("text", "shown"), [("a" * 78, f"'{'a' * 78}'"), ("a" * 79, f"'{'a' * 79}..."), ("a" * 99, f"'{'a' * 79}...")]
)
def test_a_long_value_is_cut(text, shown):
    """To 80 characters."""
    assert f"x: sent {shown}, kept 1" == str(Pair("x", text, 1))


def test_entries_of_a_sorted_list_keep_the_positions_that_they_were_sent_at():
    found = list(pairs({"x": [2, 1]}, {"x": [1, 2]}))
    assert [("x[0]", 2, 2), ("x[1]", 1, 1)] == [(pair.path, pair.sent, pair.kept) for pair in found]


@pytest.mark.parametrize(
    ("sent", "kept", "expected"),
    [
        ("2026-01-25T12:00:00", "2026-01-25T11:00:00", True),
        ("2026-01-25T12:00:00", "noon", False),
        ("noon", "2026-01-25T12:00:00", False),
        ("2026-01-25T12:00:00Z", "2026-01-25T12:00:00", True),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:00+01:00", True),
        ("2026-01-25T12:00:00", 5, False),
        (5, "2026-01-25T12:00:00", False),
    ],
)
def test_a_moment_is_two_date_times(sent, kept, expected):
    assert expected is Pair("at", sent, kept).is_moment


@pytest.mark.parametrize(
    ("payload", "copy"), [("hello", None), ("[1, 2", "[1, 2"), ("[1]", [1]), ("{", "{"), (5, None), ("", None)]
)
def test_a_text_is_a_copy_if_it_begins_as_json(payload, copy):
    assert copy == embedded_payload({"payload": payload})


LINES = {"lines": [{"sku": 1}, {"gtin": 2}]}


@pytest.mark.parametrize(
    ("sent", "kept", "expected"),
    [
        (LINES, '{"lines": [{"sku": 1, "gtin": 2', True),
        (LINES, '{"lines": [{"sku": 1, "own": 2', False),
        (dict.fromkeys("abcd"), '{"a": 1, "b": 2, "c": 3, "d": 4, "x": 5', True),  # four of five
        (dict.fromkeys("abcd"), '{"a": 1, "b": 2, "c": 3, "x": 4', False),
        (LINES, "{1", False),
        ([1], {"a": 1}, False),
        ({"a": 1}, [1], False),
        ([1], 5, False),
        (5, [1], False),
        ([], [1], True),
        ([{"a": 1}], [], True),
        ([{"a": 1}], [{"b": 1}], False),
        ([{"a": 1}, 2], [{"a": 1}, {"b": 1}], True),
        ([1, {"a": 1}], [2, {"b": 1}], True),
        ([{"a": 1}, {"b": 1}], [{"a": 2}, {"c": 1}], True),
    ],
)
def test_a_copy_is_known_by_its_keys(sent, kept, expected):
    """Of a text that is cut off, by those within lists too; of lists, by the first entry."""
    assert expected is is_copy(sent, kept)


def test_what_is_no_copy_within_a_copy_is_passed_over():
    """The whole was found to be a copy before; a part with its own keys is the receiver's data."""
    assert "a: sent 1, kept 9" == first_difference({"a": 1, "b": 2, "c": 3}, {"a": 9})
    assert "" == first_difference({"store": {"id": 1, "name": "A", "x": 1}}, {"store": {"id": 9}})
    assert "" == first_difference({"store": {"id": 1}}, {"store": None})


def test_a_copy_that_was_cut_off_shows_its_end():
    """The last 40 characters."""
    kept = '{"lines": [' + "1" * 30 + "2" * 39 + "3"
    assert f"kept {len(kept)} characters that are not: '{'2' * 39}3'" in first_difference({"lines": [1]}, kept)


def test_the_pairs_that_differ():
    """All of them and no other; what a database makes of a value or a key is compared like any other."""
    assert ["b", "c.d"] == [
        pair.path for pair in different({"a": 1, "b": 2, "c": {"d": 1}}, {"a": 1, "b": 3, "c": {"d": 2}})
    ]
    assert [] == different({"a": 1.5}, {"a": Decimal("1.5"), 7: 1})
    assert [] == different({"a": 1}, {"a": 1})


def test_a_part_of_the_receivers_own_may_be_nested_deep():
    """Deeper than orjson writes."""
    own: list[Any] = []
    for _ in range(300):
        own = [own]
    assert [] == different({"a": 1}, {"a": 1, "own": own})


@pytest.mark.parametrize(
    ("sent", "kept", "told"),
    [
        ({"a": 1}, [1], "payload: sent {'a': 1}, kept [1]"),
        ([1], {"a": 1}, "payload: sent [1], kept {'a': 1}"),
        ([1], 5, "payload: sent [1], kept 5"),
        (5, [1], "payload: sent 5, kept [1]"),
        (5, {"a": 1}, "payload: sent 5, kept {'a': 1}"),
        ({"a": 1}, 5, "payload: sent {'a': 1}, kept 5"),
    ],
)
def test_another_kind_of_value_is_inexact(sent, kept, told):
    assert told == first_inexact(sent, kept)


@pytest.mark.parametrize(
    ("rewriting", "value", "expected"),
    [
        ("times 100", 0, False),
        ("times 100", 5, True),
        ("in another letter case", "ANNA", False),
        ("in another letter case", "anna", False),
        ("in another letter case", "Anna", True),
        ("in another time zone", "ANNA", True),
        ("in another time zone", "", True),
        ("with the country's number in front", "+4791234567", False),
        ("with the country's number in front", "", False),
        ("with the country's number in front", "91234567", True),
        ("masked", "4247", False),
        ("masked", "54247", True),
    ],
)
def test_a_rewriting_leaves_some_values_as_they_were(rewriting, value, expected):
    """Zero is zero in any unit, and a text of capitals in capitals."""
    assert expected is would_change(rewriting, value)


def line(number, **others):
    return {**dict.fromkeys("abcd", number), "e": -number, **others}


def kept_line(number):
    return {**dict.fromkeys("abcd", f"{number}.0"), "own": 9 - number}


@pytest.mark.parametrize(
    ("sent", "kept", "told"),
    [
        ([line(2), line(1)], [kept_line(1), kept_line(2)], ""),  # sorted by what both show
        ([3, 1, 2], [1, 2, 9], "x[0]: sent 3, kept 1"),  # as sorted, one of three differs: told as sent
        ([10, 2, None, True], ["2.0", "10", None, True], ""),
        (["NaN", "a", "Infinity"], ["Infinity", "NaN", "a"], ""),
        ([1e3, 20], ["20", "1000"], ""),
        ([1, 2], [1, 3], "x[1]: sent 2, kept 3"),
        ([], [], ""),
        ([{"a": 1}, 7], [{"a": 1}, 8], "x[1]: sent 7, kept 8"),
        ([7, {"a": 1}], [7, {"a": 2}], "x[1].a: sent 1, kept 2"),
        ([[2], [1]], [[2], [1]], ""),
        ([[2], [1]], [[1], [2]], ""),
        ([1, 10], [10, 1], ""),  # no rewriting: ten times the one and a tenth of the other
        ([7, {"a": 1}], [{"a": 1}, 7], ""),
        ([{"a": 1}, 7], [7, {"a": 1}], ""),
        ([{"a": 2}, {"a": 1}], [{"Own": 9, "a": 1}, {"Own": 8, "a": 2}], ""),
        ([{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}], [{"a": 1, "b": 3}, {"a": 1}, {"a": 1, "b": 2}], ""),
        ([{"a": True, "n": 1}, {"a": False, "n": 2}], [{"a": "N", "n": 2}, {"a": "Y", "n": 1}], ""),
        ([{"a": 0, "n": 1}, {"a": 1, "n": 2}], [{"a": True, "n": 2}, {"a": False, "n": 1}], ""),
        ([{"a": {"b": 1}, "n": 2}, {"a": {"b": 2}, "n": 1}], [{"a": {"b": 2}, "n": 1}, {"a": {"b": 1}, "n": 2}], ""),
        ([{"a": [2], "n": 1}, {"a": [1], "n": 2}], [{"a": "[1 ]", "n": 2}, {"a": "[ 2]", "n": 1}], ""),
        ([{"a": "B", "n": 1}, {"a": None, "n": 2}], [{"a": "", "n": 2}, {"a": "B", "n": 1}], ""),
        ([0.5, 0.00001], ["0.00001", "0.50"], ""),
        (["sNaN", "a"], ["a", "sNaN"], ""),
    ],
)
def test_a_list_may_be_sorted_and_nothing_else(sent, kept, told):
    assert told == first_difference({"x": sent}, {"x": kept})


def test_a_list_that_is_rewritten_throughout_is_compared_in_its_order():
    """Cents, entry by entry."""
    found = different(
        {"x": [{"p": 1.5, "q": "b"}, {"p": 2, "q": "a"}]}, {"x": [{"p": 150, "q": "b"}, {"p": 200, "q": "a"}]}
    )
    assert [("x[0].p", "times 100"), ("x[1].p", "times 100")] == [(pair.path, pair.rewriting) for pair in found]


@pytest.mark.parametrize(
    ("sent", "kept", "is_same"),
    [
        (None, 5, True),
        (5, None, True),
        ("5", 6, True),
        (5, True, True),
        (1.5, "about", True),
        (1.5, [1], True),
        ([1], 1.5, True),
        ("a", ["a"], True),
        ("", "  ", True),
        ("Anna", "", False),
        ("", "mutant", False),
        ("", "-", True),
        (" ", "N/A ", True),
        ("", "- a", False),
        ("one\r\ntwo  three", "one\ntwo three", True),
        ("one\ntwo", "onetwo", False),
        ("x", "-", False),
        (5, "NaN", True),
        (1.5, Decimal("1.50"), True),
        (1.5, Decimal("1.6"), False),
        (1, 1.000001, False),
        (1, 1.0000001, True),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:00.5", True),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:01", False),
        ("2026-01-25T12:00:00Z", "2026-01-25T12:00:01.5Z", False),
        ("2026-01-25T12:00:00Z", "2026-01-25T13:00:00+01:00", True),
        ("2026-01-25T12:00:00", "2026-01-25T13:00:00Z", True),
    ],
)
def test_in_doubt_two_values_are_the_same(sent, kept, is_same):
    """Kinds that do not fit each other prove nothing; numbers and moments of one kind do."""
    assert is_same is Pair("x", sent, kept).is_same


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a", 5), (5, "about"), (0, 100), ("about", 5), (None, 5), ("2026-01-25T12:00:00", "2026-01-25T12:00:01")],
)
def test_what_is_no_rewriting(sent, kept):
    """A text and a number, nothing and something, one moment and the next second."""
    assert "" == Pair("x", sent, kept).rewriting
