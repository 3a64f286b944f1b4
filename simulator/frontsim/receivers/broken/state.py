"""Wrong order: what was true before overwrites what is true now."""

import sqlite3

from frontsim.receivers.entity import State
from frontsim.receivers.reference import Receiver

_OVERWRITE = "INSERT OR REPLACE INTO states (entity, moment, rank, effect) VALUES (?, ?, ?, ?)"


class LastWriterWins(Receiver):
    """Whatever comes last is the present state: a resend from yesterday undoes today's update."""

    def update(self, db: sqlite3.Connection, state: State, effect: int) -> None:
        """Overwrite, however old this is."""
        db.execute(_OVERWRITE, (state.entity, state.moment, state.rank, effect))
