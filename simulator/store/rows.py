"""Many rows in few statements.

Python gives its lock away at each step of a statement, and with a busy event loop beside it waits to get it
back. A row a step would make that wait the cost of a row; here it is the cost of some hundred.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

_MOST = 128
"""Rows in one statement; fewer are split into powers of two, so that few texts of statements are needed."""


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows that all have the same number of values.

    Args:
        connection: in a transaction.
        into: the statement up to `VALUES`, such as `INSERT INTO runs`.
        rows: the values, in the order of the columns.
    """
    start = 0
    while start < len(rows):
        left = len(rows) - start
        size = min(_MOST, 1 << left.bit_length() - 1)
        part = rows[start : start + size]
        connection.execute(_statement(into, size, len(part[0])), list(chain.from_iterable(part)))
        start += size


@lru_cache(maxsize=256)
def _statement(into: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * rows)}"
