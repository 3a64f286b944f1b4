"""Writes many rows with few statements.

Each call of `execute` costs some microseconds beside its rows and releases Python's lock several times, so the event
loop may have to wait to get it back. With one row per statement that is paid for each row; with up to 128 rows it is
paid once for all of them.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat

_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""How many rows a statement may have. SQLite keeps a prepared statement for each text, so there are few sizes: a chunk
between two of them is padded with zeros to the larger. More than 128 rows in a statement save nothing more."""


def execute_bulk(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]], *after: object) -> None:
    """Execute a statement for rows that all have the same number of values.

    Args:
        connection: in a transaction.
        sql: the statement, with `{rows}` where it lists them; it must skip rows that begin with 0, the padding:
            `INSERT INTO runs SELECT * FROM (VALUES {rows}) WHERE column1 > 0`.
        rows: the values, in the order of the columns. Give bytes as `bytearray`: sqlite3 binds that, a number or a text
            directly, but looks for an adapter for each `bytes` and `None`.
        after: values of the placeholders behind the rows.
    """
    for start in range(0, len(rows), _SIZES[-1]):
        chunk = rows[start : start + _SIZES[-1]]
        size, columns = _SIZES[bisect_left(_SIZES, len(chunk))], len(chunk[0])
        padding = repeat(0, (size - len(chunk)) * columns)
        connection.execute(_statement(sql, size, columns), [*chain.from_iterable(chunk), *padding, *after])


@lru_cache(maxsize=256)
def _statement(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * rows))
