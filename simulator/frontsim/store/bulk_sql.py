"""Many rows in few statements.

A statement costs some microseconds beside its rows, and gives Python's lock away several times, to whoever waits for
it. A row a statement would make that the cost of a row; here it is the cost of some hundred.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat

_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Rows in one statement: of each size its text is kept. What is between two of them is filled up to the larger."""


def write(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]], *after: object) -> None:
    """Do a statement for rows that all have the same number of values.

    Args:
        connection: in a transaction.
        sql: the statement, with `{rows}` where it lists them; it must pass over rows that begin with 0:
            `INSERT INTO runs SELECT * FROM (VALUES {rows}) WHERE column1 > 0`.
        rows: the values, in the order of the columns. Bytes are quickest as a `bytearray`: sqlite3 takes that as it
            is, as it does a number or a text, and asks for each `bytes` and `None` whether somebody adapts it.
        after: values of the marks that follow the rows in the statement.
    """
    for start in range(0, len(rows), _SIZES[-1]):
        part = rows[start : start + _SIZES[-1]]
        size, columns = _SIZES[bisect_left(_SIZES, len(part))], len(part[0])
        filling = repeat(0, (size - len(part)) * columns)
        connection.execute(_statement(sql, size, columns), [*chain.from_iterable(part), *filling, *after])


@lru_cache(maxsize=256)
def _statement(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * rows))
