"""Wrong order: an older state overwrites a newer one."""

import sqlite3

from frontsim.receivers.correct import NewestState
from frontsim.receivers.entity import EntityState
from frontsim.receivers.reference import Receiver

_OVERWRITE = "INSERT OR REPLACE INTO states (entity, moment, rank, effect) VALUES (?, ?, ?, ?)"


class LastWriterWins(Receiver):
    """Treats the last event as the current state: a resend from yesterday undoes today's update."""

    def update(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        db.execute(_OVERWRITE, (state.entity, state.moment, state.rank, effect))


class ForgetsDeletions(NewestState):
    """Deletes all that it has of a deleted customer, also when that was: a late update brings the customer back."""

    def forget(self, db: sqlite3.Connection, state: EntityState) -> None:
        db.execute("DELETE FROM states WHERE entity = ?", (state.entity,))


class OverwritesRows(NewestState):
    """Keeps one row for each customer, order and stock item, and the last event to arrive overwrites it."""

    def note(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        db.execute(_OVERWRITE, (state.entity, state.moment, state.rank, effect))
