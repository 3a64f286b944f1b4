import pytest

from frontsim.verification.effects.content import find, find_all, normalised, parsed


@pytest.mark.parametrize(
    "value",
    [
        {"webhookEventId": "x"},
        {"webhook_event_id": "x"},
        {"WEBHOOKEVENTID": "x"},
        {"body": {"webhookEventId": "x"}},
        {"payload": '{"webhookEventId": "x"}'},
    ],
)
def test_a_field_is_found_however_it_is_kept(value):
    """A name is found in any spelling, and inside what usually carries the payload."""
    assert find(value, "webhookEventId") == "x"


def test_a_dotted_path_leads_inside():
    """`meta.event.id` is looked up part by part; a name with a dot in it is found too."""
    assert find({"meta": {"event": {"id": 3}}}, "meta.event.id") == 3
    assert find({"meta.event": 3}, "meta.event") == 3
    assert find({"meta": 3}, "meta.event") is None


@pytest.mark.parametrize(
    "form",
    [
        "0192F0C1-2A3B-7C4D-8E5F-60718293A4B5",
        "0192f0c12a3b7c4d8e5f60718293a4b5",
        "{0192f0c1-2a3b-7c4d-8e5f-60718293a4b5}",
        bytes.fromhex("0192f0c12a3b7c4d8e5f60718293a4b5"),
    ],
)
def test_all_forms_of_a_uuid_are_one(form):
    """Upper case, no dashes, braces, sixteen bytes: the same id."""
    assert normalised(form) == "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (7.0, "7"), (" 7 ", "7"), (True, None), (None, None), ([], None)]
)
def test_numbers_are_texts_and_other_things_are_no_ids(value, text):
    """A whole number is its digits; a flag, a list and nothing are no ids."""
    assert normalised(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.5, "7.5"),
        (b"7", "7"),
        (b" sixteen bytes..", "20736978-7465-656e-2062-797465732e2e"),
        (b"\xff", "\ufffd"),
        ({}, None),
        ("{7}", "{7}"),
    ],
)
def test_what_a_database_makes_of_an_id(value, text):
    """Bytes are a text, unless there are sixteen of them: then they are a UUID, whatever stands in them."""
    assert text == normalised(value)


@pytest.mark.parametrize("carrier", ["body", "payload", "data", "headers"])
def test_a_field_is_found_in_what_carries_the_payload(carrier):
    """And nowhere else; the row's own field comes first."""
    assert [1] == list(find_all({carrier: {"id": 1}}, "id"))
    assert [2, 1] == list(find_all({carrier: {"id": 1}, "id": 2}, "id"))
    assert None is find({f"my_{carrier}": {"id": 1}}, "id")


def test_a_null_is_passed_over():
    """The row's own field may be empty where the payload's is not."""
    assert 5 == find({"id": None, "payload": {"id": 5}}, "id")
    assert None is find({"id": None}, "id")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"ID": 1, "id": 3}, "id"),
        ({"webhookEventId": 3}, "webhook-event_id"),
        ({"webhook-event_id": 3}, "webhookEventId"),
        ({7: 1, "Id": 3}, "id"),
        ({"meta": {"event.id": 3}}, "meta.event.id"),
        ({"meta": '{"event": "{\\"id\\": 3}"}'}, "meta.event.id"),
    ],
)
def test_names_match_in_any_spelling(value, path):
    """The exact name first, then without underscores, dashes and case; JSON in a text is searched too."""
    assert 3 == find(value, path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("[1]", [1]), ('{"a": 1}', {"a": 1}), ("7", "7"), ("true", "true"), ("{7", "{7"), (7, 7), (None, None)],
)
def test_only_objects_and_lists_are_parsed(text, value):
    """A text of digits may be an id with leading zeros; one that is cut off stays a text."""
    assert value == parsed(text)
