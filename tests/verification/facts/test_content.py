import pytest

from frontsim.verification.facts.content import Pair, embedded_payload, first_difference, first_inexact, is_copy


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
    """What has keys of its own is the receiver's data, whatever its column is called."""
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
        ("2026-01-25T12:00:00", "2026-01-25T11:00:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-25T12:15:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-25T12:10:00", ""),
        ("2026-01-25T12:00:00", "2026-01-26T02:00:00", "in another time zone"),  # 14 hours, as on Kiritimati
        ("2026-01-25T12:00:00", "2026-01-24T22:00:00", "in another time zone"),
        ("2026-01-25T12:00:00", "2026-01-26T02:15:00", ""),
        ("2026-01-25T12:00:00", "2026-01-26T03:00:00", ""),
        (0, 0.1, ""),
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
