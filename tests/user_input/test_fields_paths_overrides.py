import pytest

from frontsim.errors import BadInput
from frontsim.user_input.fields import digits_as_text, found, not_json, overridden

SALE = {"total": 10.0, "store": {"posId": 7}, "salesLines": [{"price": 1}, {"price": 2}], "customer": None, "tags": []}


@pytest.mark.parametrize("path", ["salesLines[1].price", "salesLines.1.price", "salesLines[1][price]"])
def test_a_path_reaches_into_lists_and_objects(path: str) -> None:
    """Brackets and dots say the same."""
    changed = overridden(SALE, {path: 99})

    assert {**SALE, "salesLines": [{"price": 1}, {"price": 99}]} == changed


def test_the_payload_itself_stays_as_it_is() -> None:
    """Overriding makes a copy."""
    overridden(SALE, {"store.posId": 8})

    assert SALE["store"] == {"posId": 7}


def test_several_paths_are_put_in_in_order() -> None:
    """A later path may reach into what an earlier one put there."""
    assert overridden({"a": None}, {"a": {"b": 1}, "a.b": 2}) == {"a": {"b": 2}}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "totl",
            "got 'totl' (did you mean 'total'?), but the payload is an object with total, store, salesLines, customer, "
            "tags",
        ),
        ("store.pos", "got 'pos' (did you mean 'posId'?), but store is an object with posId"),
        ("salesLines[2].price", "got '2', but salesLines is a list with the indices 0 to 1"),
        ("salesLines.first", "got 'first', but salesLines is a list with the indices 0 to 1"),
        ("salesLines[0].price.amount", "got 'amount', but salesLines.0.price is the value '1'"),
        ("customer.email", "got 'email', but customer is null"),
        ("tags[0]", "got '0', but tags is an empty list"),
        ("", "expected a path such as salesLines[0].price"),
        ("salesLines[0", "expected a path such as salesLines[0].price"),
        ("total..x", "expected a path such as salesLines[0].price"),
    ],
)
def test_a_path_that_leads_nowhere_is_reported(path: str, reason: str) -> None:
    """The nearest part that is there is named, with what it holds."""
    with pytest.raises(BadInput) as caught:
        overridden(SALE, {path: 1})

    assert {path: [reason]} == caught.value.fields
    assert reason in str(caught.value)


def test_all_wrong_paths_are_reported_at_once() -> None:
    """One answer names every wrong path."""
    with pytest.raises(BadInput) as caught:
        overridden(SALE, {"a": 1, "total": 2, "b": 3})

    assert {"a", "b"} == set(caught.value.fields)


def test_what_is_at_a_path_is_found() -> None:
    """In a tuple, so that null is not nothing."""
    assert found(SALE, "salesLines[1].price") == (2,)
    assert found(SALE, "customer") == (None,)
    assert found(SALE, "customer.email") is None


def test_numbers_of_other_scripts_are_no_indices() -> None:
    """Only the digits 0 to 9 count, whatever `str.isdecimal` thinks."""
    with pytest.raises(BadInput):
        overridden(SALE, {"salesLines.\u0661": 1})


def test_digits_are_text_where_the_schema_takes_text() -> None:
    """`--set gtin=704...` reads as a number; a field that takes numbers, or an unknown one, keeps it."""
    schema = {
        "properties": {
            "gtin": {"type": ["string", "null"]},
            "total": {"type": "number"},
            "either": {"type": ["string", "integer"]},
            "lines": {"items": {"properties": {"sku": {"type": "string"}}}},
        }
    }
    settings = {"gtin": 7041234567892, "total": 5, "either": 5, "lines[0].sku": 12, "lines.0.sku": True, "new": 5}

    expected = {**settings, "gtin": "7041234567892", "lines[0].sku": "12"}
    assert expected == digits_as_text(settings, schema)


@pytest.mark.parametrize("value", [float("nan"), {"a": [1, float("inf")]}, 2**70, (1, 2), {1: 2}, [object()]])
def test_what_json_cannot_hold(value: object) -> None:
    """Wherever it is in the value."""
    assert "expected a value that JSON can hold" in (not_json(value) or "")


@pytest.mark.parametrize("value", [SALE, None, True, -1, 1.5, "x", [[[]]]])
def test_what_json_can_hold(value: object) -> None:
    assert not_json(value) is None
