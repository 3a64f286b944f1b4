import pytest

from frontsim.verification.facts.lookup import find, normalised


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
