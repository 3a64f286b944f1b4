"""The key of effects, found by the values of clean events."""

import hashlib

import pytest

from frontsim.verification.effects.history import Entity
from frontsim.verification.play.clean_round import FoundKey, find_key
from tests.verification.judge.histories import event


def sales(number, *, type_="SaleCreated", path="saleId"):
    return [event(type=type_, entity=Entity(path, str(1_100_000_000 + n))) for n in range(number)]


SALES, INVOICES = sales(3), sales(2, type_="InvoiceCreated", path="invoiceId")
LINES = (1, 3, 2)


def named(*events, column="event_id"):
    return [{"no": n, column: each.webhook_event_id} for n, each in enumerate(events)]


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (lambda id_: {"event_id": id_}, "event_id"),
        (lambda id_: {"meta": {"event": {"id": id_.upper()}}}, "meta.event.id"),
        (lambda id_: {"doc": f'{{"headers": {{"id": "{id_}"}}}}', "ref": id_}, "ref"),
        (lambda id_: {"raw": f'{{"id": "{id_}"}}'}, "raw.id"),
    ],
)
def test_the_column_with_the_ids(row, key):
    """Also within an object or a text; the one nearest to the top."""
    events = [event(name=f"01a23874-9eb4-7f57-8001-b8b536b2951{n}") for n in range(2)]
    found = find_key([{"of": "another system"}, *(row(each.webhook_event_id) for each in events)], events)
    assert FoundKey(key, f"your ids stand in column `{key}`: using it (--observe-key {key})", is_sure=True) == found


def test_a_type_that_is_not_booked_says_nothing():
    assert "event_id" == find_key(named(*SALES), [*SALES, *INVOICES]).key


def test_what_the_effects_are_about():
    """A list of ids of sales, or rows of a table."""
    ids = [each.entity.value for each in SALES]
    found = find_key([{"sale_id": int(id_)} for id_ in ids], [*SALES, *INVOICES])
    assert FoundKey("business", "books by saleId: using --observe-key business", is_sure=True) == found
    assert "business" == find_key(ids, SALES).key


def test_a_row_for_each_line_is_no_key():
    """The candidates are named with how many rows an event has."""
    by_line = [each for each, number in zip(SALES, LINES, strict=True) for _ in range(number)]
    found = find_key(named(*by_line), SALES)
    assert "" == found.key
    assert "`event_id` (SaleCreated: 1 or 2 or 3 rows for an event); let the observer show one row" in found.sentence
    about = find_key([{"saleId": each.entity.value} for each in by_line], SALES)
    assert ("", True) == (about.key, "saleId (SaleCreated: 1 or 2 or 3 rows" in about.sentence)


def test_one_column_of_two():
    """The ids stand in a table of lines, joined with one that has each event once."""
    by_line = [{"line_event": each.webhook_event_id} for each in SALES for _ in range(2)]
    assert "event_id" == find_key([*by_line, *named(*SALES)], SALES).key


def test_an_event_that_is_missing_leaves_the_column_open():
    """It may be late: the caller looks again."""
    found = find_key(named(*SALES[:2]), SALES)
    assert ("", True) == (found.key, "0 or 1 row" in found.sentence)


@pytest.mark.parametrize("rows", [[], [{"hash": "ab12"}], ["x"], [None], [{"id": None, "lines": [1]}]])
def test_what_shows_nothing_of_the_events(rows):
    assert FoundKey() == find_key(rows, [*SALES, *INVOICES])


@pytest.mark.parametrize("name", ["sha256", "sha1", "md5"])
def test_a_hash_of_the_ids_is_named(name):
    """No key can be made of it: the line that mends it comes at once."""
    rows = [{"h": hashlib.new(name, each.webhook_event_id.encode()).hexdigest()} for each in SALES]
    told = f"column `h` has the {name} of your ids: let the observer show the id itself"
    assert FoundKey("", told, is_sure=True) == find_key(rows, SALES)
    assert (
        "business"
        == find_key([{**row, "saleId": each.entity.value} for row, each in zip(rows, SALES, strict=True)], SALES).key
    )


def test_a_second_row_for_an_event_does_not_go_away():
    """Waiting helps where one is missing, and not where there are two."""
    assert find_key(named(*SALES, *SALES), SALES).is_sure
    assert not find_key(named(*SALES[:2]), SALES).is_sure
