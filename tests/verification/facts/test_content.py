import pytest

from frontsim.verification.facts.content import embedded_payload, first_difference, first_inexact, is_copy


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
