"""The keys of processed events, in the file that also holds the effects."""

import sqlite3


def take(db: sqlite3.Connection, key: str) -> bool:
    """Take a key; returns whether it was free. Looking and taking are one statement, so they are atomic."""
    return db.execute("INSERT OR IGNORE INTO keys (key) VALUES (?)", (key,)).rowcount == 1


def is_taken(db: sqlite3.Connection, key: str) -> bool:
    """Whether a key is taken. The answer may be out of date by the time the caller acts on it."""
    return db.execute("SELECT 1 FROM keys WHERE key = ?", (key,)).fetchone() is not None


def give_back(db: sqlite3.Connection, key: str) -> None:
    """Free the key: the next `take` succeeds."""
    db.execute("DELETE FROM keys WHERE key = ?", (key,))


def keep_newest(db: sqlite3.Connection, count: int) -> None:
    """Forget all but the newest keys."""
    db.execute("DELETE FROM keys WHERE number <= (SELECT max(number) FROM keys) - ?", (count,))
