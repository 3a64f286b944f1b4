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


def write(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]], *after: object) -> None:
    """Do a statement for rows that all have the same number of values.

    Args:
        connection: in a transaction.
        sql: the statement, with `{rows}` where it lists them: `INSERT INTO destinations VALUES {rows}`.
        rows: the values, in the order of the columns. Bytes are quickest as a `bytearray`: sqlite3 takes that as it
            is, as it does a number or a text, and asks for each `bytes` and `None` whether somebody adapts it.
        after: values of the marks that follow the rows in the statement.
    """
    start = 0
    while start < len(rows):
        left = len(rows) - start
        size = min(_MOST, 1 << left.bit_length() - 1)
        part = rows[start : start + size]
        connection.execute(_statement(sql, size, len(part[0])), [*chain.from_iterable(part), *after])
        start += size


@lru_cache(maxsize=256)
def _statement(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * rows))
