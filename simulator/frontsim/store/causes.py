"""What raised the events: an act or a trigger, with the events that were logged for it together.

Events that are logged in one step have consecutive numbers, so a cause is a range of them: no event needs a column.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from frontsim.clock import uuid_text
from frontsim.domain.model import Raised, RaisedBy
from frontsim.store.bulk_sql import execute_bulk

MOST = 50
"""Other events of a cause that are read."""
_CAUSE = """
SELECT first_event, last_event, what, asked, occurrences FROM causes
WHERE first_event <= ? ORDER BY first_event DESC LIMIT 1
"""
_OTHERS = """
SELECT w.id, e.id, o.event
FROM events e JOIN occurrences o ON o.number = e.occurrence JOIN webhooks w ON w.number = e.webhook
WHERE e.number BETWEEN ? AND ? AND e.number <> ? ORDER BY e.number LIMIT ?
"""


class CauseDetail(NamedTuple):
    """What raised an event, and the other events that it raised: the first of them, and how many there are.

    `unmatched` counts the occurrences that no webhook matched.
    """

    what: str
    asked: int
    others: Sequence[Raised]
    others_count: int
    unmatched: int


def insert_causes(db: sqlite3.Connection, causes: Sequence[RaisedBy], places: Sequence[int], first_event: int) -> None:
    """Note which events each cause has; one without events is not noted.

    Args:
        db: in a transaction.
        causes: in the order of the occurrences that they raised.
        places: of each event, in order, which occurrence it is of, from 0.
        first_event: the number of the first event.
    """
    rows: list[tuple[int, int, str, int, int]] = []
    at, occurrences = 0, 0
    for cause in causes:
        begin, occurrences = at, occurrences + cause.occurrences
        at = bisect_left(places, occurrences, at)
        if at > begin:
            rows.append((first_event + begin, first_event + at - 1, *cause))
    execute_bulk(db, "INSERT INTO causes SELECT * FROM (VALUES {rows}) WHERE column1 > 0", rows)


def read_cause(db: sqlite3.Connection, event: int) -> CauseDetail | None:
    """What raised the event of a number; None if that was not noted."""
    row = db.execute(_CAUSE, (event,)).fetchone()
    if row is None or row[1] < event:
        return None
    first, last, what, asked, occurrences = row
    others = [
        Raised(uuid_text(a), uuid_text(b), name) for a, b, name in db.execute(_OTHERS, (first, last, event, MOST))
    ]
    (logged,) = db.execute(
        "SELECT count(DISTINCT occurrence) FROM events WHERE number BETWEEN ? AND ?", (first, last)
    ).fetchone()
    return CauseDetail(what, asked, others, last - first, occurrences - logged)
