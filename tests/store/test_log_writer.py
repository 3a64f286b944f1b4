"""A log's writer refuses wrong steps, and a step that it refuses writes nothing."""

import sqlite3

import pytest

from frontsim.clock import Clock, Ids
from frontsim.domain.model import Delivery, Finished, Occurrence
from frontsim.errors import BadInput, Busy, UnknownEvent
from frontsim.store.log_writer import LogWriter
from tests.store.shop import NOT_FOUND

MOST = 3


@pytest.fixture
def writer(tables: sqlite3.Connection) -> LogWriter:
    writer = LogWriter(tables, clock=Clock(), ids=Ids(), concurrency=8, most_waiting=MOST)
    writer.subscribe("SaleCreated", "http://a.example/", None)
    return writer


def sell(writer: LogWriter, count: int = 1, event: str = "SaleCreated") -> list[Delivery]:
    """The deliveries that begin."""
    writer.accept([Occurrence(event, b"{}", 7)] * count, writer.next_occurrence)
    writer.next_occurrence += count
    return writer.write_queue(begin=True)


def count(tables: sqlite3.Connection) -> tuple[int, int, int]:
    (found,) = tables.execute(
        "SELECT (SELECT count(*) FROM occurrences), (SELECT count(*) FROM events), (SELECT count(*) FROM queue)"
    )
    return found


def test_what_is_too_much_writes_nothing(writer: LogWriter, tables: sqlite3.Connection) -> None:
    """For now, or for ever."""
    sell(writer, 2)
    with pytest.raises(Busy, match="2 events wait to be sent, and at most 3 may"):
        sell(writer, 2)
    with pytest.raises(BadInput, match="expected at most 3 events at a time"):
        sell(writer, MOST + 1)
    assert (2, 2, 2) == count(tables)
    assert 1 == writer.free


def test_what_no_webhook_matches_leaves_no_trace(writer: LogWriter, tables: sqlite3.Connection) -> None:
    """As at the vendor (inferred)."""
    assert [] == sell(writer, event="InvoiceCreated")
    assert (0, 0, 0) == count(tables)


def test_an_unknown_event_is_not_resent(writer: LogWriter, tables: sqlite3.Connection) -> None:
    """Nor another webhook's."""
    [sale] = sell(writer)
    other = writer.subscribe("InvoiceCreated", "http://a.example/", None)
    with pytest.raises(UnknownEvent, match=f"webhook {other.id} has no event {sale.webhook_event_id}"):
        writer.resend(other.id, sale.webhook_event_id)
    assert (1, 1, 1) == count(tables)


def test_a_reset_forgets_all_but_the_numbers_of_runs_and_changes(writer: LogWriter, tables: sqlite3.Connection) -> None:
    """A run that ends after it is not logged for the event that has its number now; no copy of it is made either."""
    [before] = sell(writer)
    writer.take_changes()
    sequence = writer.sequence
    first_kept = writer.reset()
    assert (0, 0, 0) == count(tables)
    assert first_kept > before.run_id
    assert ["reset"] == [name for name, _ in writer.take_changes()]
    assert sequence + 1 == writer.sequence

    writer.subscribe("SaleCreated", "http://a.example/", None)
    [after] = sell(writer)
    assert before.event_number == after.event_number
    writer.finish([Finished(before, NOT_FOUND, 0)])
    assert [] == writer.copy(before, 2)
    assert (0,) == tables.execute("SELECT count(*) FROM runs").fetchone()
    assert (1, 1, 1) == count(tables)


def test_failed_events_are_leased_once(writer: LogWriter) -> None:
    """Oldest first, as the second run; what is leased is not leased again until that run is over."""
    sales = sell(writer, 3)
    writer.finish([Finished(sale, NOT_FOUND, 0) for sale in sales])
    leased = writer.lease_resends(2)
    assert [(sale.webhook_event_id, 2) for sale in sales[:2]] == [(run.webhook_event_id, run.run) for run in leased]
    assert [sales[2].webhook_event_id] == [run.webhook_event_id for run in writer.lease_resends(2)]
    writer.finish([Finished(leased[0], NOT_FOUND, 0)])
    [again] = writer.lease_resends(2)
    assert (leased[0].webhook_event_id, 3) == (again.webhook_event_id, again.run)
