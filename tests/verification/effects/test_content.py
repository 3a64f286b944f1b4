from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from frontsim.verification.effects.content import (
    ABSENT,
    Pair,
    different,
    embedded_payload,
    is_copy,
    is_cut,
    is_nothing,
    is_same,
    moment,
    pairs,
)


def first_difference(sent, kept):
    return next(map(str, different(sent, kept)), "")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"total": 1199.95}, {"total": "1199.95"}),
        ({"total": 1199.95}, {"total": 1199.950000000001}),
        ({"at": "2021-12-09T08:50:46.02"}, {"at": "2021-12-09 08:50:46.020000"}),
        ({"deleted": False}, {"deleted": 0}),
        ({"name": "Åse"}, {"name": "A\u030ase"}),
        ({"name": "x", "more": None}, {"name": "x"}),
        ({"name": "x", "more": {"a": None}}, {"name": "x", "more": None}),
        ({"name": "x", "more": None}, {"name": "x", "more": {"a": ""}}),
        ({"lines": [{"a": 1}]}, '{"lines": [{"a": 1}]}'),
        ({"lines": [{"a": 1}]}, {"lines": '[{"a": 1}]'}),
        ({"lines": []}, {"lines": "[]"}),
        ({"id": "0192a4be-1111-7222-8333-444455556666"}, {"id": "0192A4BE111172228333444455556666"}),
        ({"lines": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}, {"lines": [{"a": "2", "b": "y"}, {"a": "1", "b": "x"}]}),
        ({"store": {"id": 1}}, {"store": {"id": 1, "own": 7}}),
    ],
)
def test_another_form_of_the_same_is_no_corruption(sent, kept):
    """Numbers as text, more digits, flags, composed letters, empty fields left out: a receiver is free to."""
    assert first_difference(sent, kept if isinstance(kept, dict) else orjson.loads(kept)) == ""


@pytest.mark.parametrize(
    ("sent", "kept", "path"),
    [
        ({"total": 1199.95}, {"total": 1199.9}, "total"),
        ({"total": 1199.95}, {"total": 1200}, "total"),
        ({"name": "Åse"}, {"name": "?se"}, "name"),
        ({"name": "Åse"}, {"name": "Ase"}, "name"),
        ({"name": "Grünerløkka"}, {"name": "Grünerl"}, "name"),
        ({"name": "Åse"}, {"name": None}, "name"),
        ({"name": "Åse"}, {}, "name"),
        ({"store": {"id": 1}}, {"store": {"storeNo": 7}}, "store.id"),
        ({"store": {"id": 1}}, {"store": None}, "store"),
        ({"store": {"id": 1}}, {}, "store.id"),
        ({"store": {"id": 1}}, {"store": 1}, "store"),
        ({"lines": [1, 2, 3]}, {"lines": [1, 2]}, "lines"),
        ({"lines": [{"gtin": "1"}, {"gtin": "2"}]}, {"lines": [{"gtin": "1"}, {"gtin": "3"}]}, "lines[1].gtin"),
        ({"lines": [{"gtin": "1"}]}, {}, "lines[0].gtin"),
        ({"lines": [{"gtin": "1"}]}, {"lines": None}, "lines"),
        ({"lines": [{"gtin": "1"}]}, {"lines": {"0": {"gtin": "1"}}}, "lines"),
    ],
)
def test_changed_content_is_found_by_its_path(sent, kept, path):
    """A text, a number or a list that changed, or that is not there, is told by its path."""
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
        (dict.fromkeys("abcd"), True),
        ({}, False),
    ],
)
def test_a_copy_has_four_fifths_of_the_keys(kept, expected):
    """A value with its own keys is the receiver's data, whatever its column is called; values do not count."""
    assert is_copy({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, kept) is expected


def test_nulls_that_were_dropped_do_not_count():
    """Nor do empty texts, lists and objects."""
    sent = {"a": 1, "b": None, "c": "", "d": [], "e": {"f": None}}
    assert is_copy(sent, {"a": 1})
    assert not is_copy({**sent, "b": 2}, {"a": 1})


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"b": [{"c": 2}], "a": 1.0}, ""),
        ({"a": 1}, "b[0].c: sent 2, kept no such key"),
        ({"a": "1", "b": [{"c": 2}]}, "a: sent 1, kept '1'"),
        ({"a": True, "b": [{"c": 2}]}, "a: sent 1, kept True"),
        ({"a": 1, "b": [{"c": 3}]}, "b[0].c: sent 2, kept 3"),
        ({"a": 1, "b": []}, "b: sent 1 entries, kept 0"),
    ],
)
def test_an_exact_copy_has_every_key_and_value(kept, told):
    """Only the order of keys and the form of a number are free."""
    assert told == inexact({"a": 1, "b": [{"c": 2}]}, kept)


def inexact(sent, kept):
    return "; ".join(map(str, different(sent, kept, is_exact=True)))


@pytest.mark.parametrize("carrier", ["payload", "body", "data"])
def test_a_copy_stands_under_one_of_three_names(carrier):
    assert {"total": 1} == embedded_payload({"id": 7, carrier: {"total": 1}})
    assert None is embedded_payload({"id": 7, carrier.upper(): {"total": 1}})
    assert None is embedded_payload({"id": 7, carrier: {"total": 1}}, without=[carrier])


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (True, ["true", "True", "1", "1.0", "t", "Y", "yes", " on ", 1, 1.0, b"\x01"]),
        (False, ["false", "False", "0", "0.0", "f", "N", "no", "off", 0, 0.0, b"\x00"]),
    ],
)
def test_a_flag_is_kept_in_many_words(flag, words):
    """Each of them is one of the two, and a word that is neither is none of them; nor is nothing."""
    for word in words:
        assert (True, False) == (Pair("x", flag, word).is_same, Pair("x", not flag, word).is_same), word
    for other in ("perhaps", "", None, 2, [flag]):
        assert not Pair("x", flag, other).is_same


def test_a_pair_tells_where_it_is_and_what_it_is():
    """Without positions by its field; the whole payload has a name; a list of another length is not the same."""
    assert "lines[].tags[]" == Pair("lines[3].tags[12]", 1, 2).field
    assert "payload: sent 1, kept 2" == str(Pair("", 1, 2))
    assert not Pair("x", 1, 1, "sent 1 entries").is_same


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
    assert told == inexact(sent, kept)


@pytest.mark.parametrize(
    ("sent", "kept", "told"),
    [
        ([3, 1, 2], [1, 2, 9], "x[0]: sent 3, kept 9"),  # the others are there
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
        ([1, 1, 2], [2, 1, 1], ""),
        ([1, 1, 2], [2, 2, 1], "x[1]: sent 1, kept 2"),
        ([{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}], [{"a": 1, "b": 3}, {"a": 1}, {"a": 1, "b": 2}], ""),
        ([{"a": True, "n": 1}, {"a": False, "n": 2}], [{"a": "N", "n": 2}, {"a": "Y", "n": 1}], ""),
        ([{"a": {"b": 1}, "n": 2}, {"a": {"b": 2}, "n": 1}], [{"a": {"b": 2}, "n": 1}, {"a": {"b": 1}, "n": 2}], ""),
        ([{"a": [2], "n": 1}, {"a": [1], "n": 2}], [{"a": "[1 ]", "n": 2}, {"a": "[ 2]", "n": 1}], ""),
        ([{"a": "B", "n": 1}, {"a": None, "n": 2}], [{"a": "", "n": 2}, {"a": "B", "n": 1}], ""),
        ([0.5, 0.00001], ["0.00001", "0.50"], ""),
        (["sNaN", "a"], ["a", "sNaN"], ""),
    ],
)
def test_a_list_may_be_sorted_and_nothing_else(sent, kept, told):
    assert told == first_difference({"x": sent}, {"x": kept})


def test_a_long_list_may_be_turned_round():
    """Entries of a form that no key of equal content finds are looked for one by one, up to fifty."""
    sent = [{"at": f"2026-01-25T12:00:{number:02}.5", "n": number} for number in range(50)]
    kept = [{**each, "at": each["at"][:19]} for each in reversed(sent)]
    assert "" == first_difference({"x": sent}, {"x": kept})
    ids = [{"id": number} for number in range(5_000)]
    assert "" == first_difference({"x": ids}, {"x": ids[::-1]})


def test_a_list_that_is_rewritten_throughout_is_compared_in_its_order():
    """Cents, entry by entry."""
    found = different(
        {"x": [{"p": 1.5, "q": "b"}, {"p": 2, "q": "a"}]}, {"x": [{"p": 150, "q": "b"}, {"p": 200, "q": "a"}]}
    )
    assert [("x[0].p", 150), ("x[1].p", 200)] == [(pair.path, pair.kept) for pair in found]


@pytest.mark.parametrize(
    ("sent", "kept", "expected"),
    [
        (None, ABSENT, True),
        (None, "", True),
        ("", None, True),
        ("", " \n", True),
        (" ", ABSENT, True),
        ([], {}, True),
        ({}, None, True),
        (None, 0, False),
        (None, False, False),
        (None, 5, False),
        ("", "-", False),
        ("", "N/A", False),
        (5, None, False),
        (0, None, False),
        (0, ABSENT, False),
        (False, ABSENT, False),
        ("x", {}, False),
        ("x", 0, False),
        ("x", "-", False),
        (5, True, False),
        (1, True, False),
        (1.5, "about", False),
        (1.5, [1], False),
        (1.5, "NaN", False),
        (1.5, float("nan"), False),
        (1.5, float("inf"), False),
        (1.5, b"1.50", True),
        (1.5, Decimal("1.50"), True),
        (1.5, Decimal("1.6"), False),
        (1, 1.000000002, False),
        (1, 1.0000000001, True),
        (12345678.12, 12345678.13, False),
        (1390673440, 1390673472, False),  # a float of 32 bits
        (10**15, 10**15 + 1, False),
        (-1.5, 1.5, False),
        (19.99, 19.990000000000002, True),
        ("5", 5, True),
        ("7041234567892", 7041234567892.0, True),
        ("1.50", Decimal("1.5"), True),
        ("0041", 41, False),
        ("0041", 41.0, False),
        ("0041", "41", False),
        ("5", 6, False),
        ("1", True, False),
        ("a", ["a"], False),
        ("Anna", "", False),
        ("Anna", "ANNA", False),
        ("Anna", " Anna\u00a0\ufeff", True),
        ("Anna", b"Anna", True),
        ("Anna B", "AnnaB", False),
        ("one\r\ntwo", "one\ntwo", True),
        ("one\rtwo", "one\r\ntwo", True),
        ("one\ntwo", "one two", False),
        ("one  two", "one two", False),
        ("\U0001f9e5\U0001f45f", "??", False),
        ("0192a4be-1111-7222-8333-444455556666", bytes.fromhex("0192a4be111172228333444455556666"), True),
        ("0192a4be-1111-7222-8333-444455556666", UUID("0192a4be-1111-7222-8333-444455556666"), True),
        ("0192a4be-1111-7222-8333-444455556666", "{0192A4BE-1111-7222-8333-444455556666}", True),
        ("0192a4be-1111-7222-8333-444455556666", "0192a4be-1111-7222-8333-444455556667", False),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:00.000", True),
        ("2026-01-25T12:00:00.25", "2026-01-25T12:00:00", True),
        ("2026-01-25T12:00:00.75", "2026-01-25T12:00:01", True),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:01", False),
        ("2026-01-25T12:00:00.25", "2026-01-25T12:00:00.75", False),
        ("2026-01-25T12:00:00.257", "2026-01-25T12:00:00.2567", True),
        ("2026-01-25T12:00:00Z", "2026-01-25T13:00:00+01:00", True),
        ("2026-01-25T12:00:00Z", "2026-01-25T13:00:00Z", False),
        ("2026-01-25T12:00:00", "2026-01-25T12:00:00Z", False),  # all values of the field decide
        ("2026-01-25T12:00:00", datetime.fromisoformat("2026-01-25T12:00:00"), True),
        ("2026-01-25T12:00:00", datetime.fromisoformat("1999-01-01"), False),
        ("2026-01-25T12:00:00", 5, False),
        ("2026-01-25", date(2026, 1, 25), True),
        ("1980-05-05", "1980-05-05T00:00:00", True),
        ("2026-01-25T12:00:00Z", 1769342400, True),
        ("2026-01-25T12:00:00Z", 1769342400000, True),
        ("2026-01-25T12:00:00Z", 0, False),
        ("12345678", "12345679", False),
    ],
)
def test_the_closed_list(sent, kept, expected):
    """A value is the same in one of these forms, and in no other."""
    assert expected is is_same(sent, kept)


@pytest.mark.parametrize("value", [None, ABSENT, "", " ", [], {}, {"a": None, "b": {"c": ""}}])
def test_nothing_has_many_forms(value):
    assert is_nothing(value)


@pytest.mark.parametrize("value", [0, False, "0", "-", [None], {"a": 0}])
def test_zero_is_not_nothing(value):
    assert not is_nothing(value)


@pytest.mark.parametrize("value", ["20260125", "2026-01", "2026-13-01", "noon", 5, 10**14, True, None])
def test_what_is_no_moment(value):
    """Digits may be a code, and small numbers are amounts."""
    assert None is moment(value)


def test_a_clock_may_be_cut_or_rounded_to_its_last_digit():
    """Down to 4 ms, which is the unit of some databases."""
    at = datetime.fromisoformat("2026-01-25T12:00:00.456")
    for kept, expected in ((450, True), (460, True), (400, True), (500, True), (0, True), (470, False), (300, False)):
        assert expected is is_cut(at, at.replace(microsecond=kept * 1_000)), kept
    assert is_cut(at, at.replace(microsecond=457_000))
