"""Receivers on PostgreSQL and MariaDB: `python -m tests.stacks.relational STACK NAME`."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import pymysql

from tests.stacks.receiving import Book, Pool, address, serve

Connection = Any
"""A connection of either driver, as the Python database API has it."""
Connect = Callable[..., Connection]

SCHEMA = (
    "CREATE TABLE events (event_id VARCHAR(64) PRIMARY KEY, done INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE sales (event_id VARCHAR(64) NOT NULL, total DECIMAL(12, 2))",
    "CREATE TABLE stock (stock_id INTEGER, gtin VARCHAR(20), on_hand DECIMAL(12, 3), PRIMARY KEY (stock_id, gtin))",
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(200), address VARCHAR(400), changed VARCHAR(40))",
    "CREATE TABLE sale_lines (event_id VARCHAR(64) NOT NULL, total DECIMAL(12, 2))",
)
NEW = {
    "postgresql": "INSERT INTO events (event_id) VALUES (%s) ON CONFLICT DO NOTHING",
    "mariadb": "INSERT IGNORE INTO events (event_id) VALUES (%s)",
}
SALE = "INSERT INTO sales (event_id, total) VALUES (%s, %s)"
LINE = "INSERT INTO sale_lines (event_id, total) VALUES (%s, %s)"
BROKEN = (psycopg.Error, pymysql.Error)


def postgresql(*, autocommit: bool = False) -> Connection:
    host, port = address()
    return psycopg.connect(host=host, port=port, user="postgres", autocommit=autocommit, connect_timeout=30)


def mariadb(*, autocommit: bool = False) -> Connection:
    return _mariadb(autocommit=autocommit, ssl_disabled=True)


def mariadb_tls(*, autocommit: bool = False) -> Connection:
    """The driver's own default: what passes is encrypted, so nothing but requests and answers can be seen."""
    return _mariadb(autocommit=autocommit)


def _mariadb(**others: Any) -> Connection:
    host, port = address()
    return pymysql.connect(
        host=host, port=port, user="root", database="shop", connect_timeout=30, read_timeout=30, **others
    )


STACKS: Mapping[str, tuple[str, Connect]] = {
    "postgresql": ("postgresql", postgresql),
    "mariadb": ("mariadb", mariadb),
    "mariadb-tls": ("mariadb", mariadb_tls),
}


class Database:
    """A database of one kind, with a pool of connections."""

    def __init__(self, kind: str, connect: Connect, *, autocommit: bool = False) -> None:
        self.kind = kind
        self.pool = Pool(lambda: connect(autocommit=autocommit))
        self.connect = connect

    def note(self, connection: Connection, event_id: str) -> bool:
        """Note an event's id; whether it is new."""
        return bool(run(connection, NEW[self.kind], event_id))


def run(connection: Connection, statement: str, *values: Any) -> int:
    """Run a statement; how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def one_transaction(kind: str, connect: Connect) -> Book:
    database = Database(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        def work(connection: Connection) -> None:
            if database.note(connection, event_id):
                run(connection, SALE, event_id, sale.get("total"))
            connection.commit()

        database.pool.run(work)

    return book


def levels_added(kind: str, connect: Connect, *, reads_first: bool = False, commits_between: bool = False) -> Book:
    """It books a movement and changes the level of its stock item, in one transaction or two."""
    database = Database(kind, connect)

    def book(event_id: str, movement: Any) -> None:
        def work(connection: Connection) -> None:
            if database.note(connection, event_id):
                run(connection, SALE, event_id, movement["quantity"])
                if commits_between:
                    connection.commit()
                _move(connection, movement, reads_first=reads_first)
            connection.commit()

        database.pool.run(work)

    return book


def _move(connection: Connection, movement: Any, *, reads_first: bool) -> None:
    item, quantity = (movement["stockId"], movement["gtin"] or ""), movement["quantity"]
    run(connection, "INSERT INTO stock VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", *item)
    if not reads_first:
        run(connection, "UPDATE stock SET on_hand = on_hand + %s WHERE stock_id = %s AND gtin = %s", quantity, *item)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT on_hand FROM stock WHERE stock_id = %s AND gtin = %s", item)
        level = float(cursor.fetchone()[0]) + quantity
    run(connection, "UPDATE stock SET on_hand = %s WHERE stock_id = %s AND gtin = %s", level, *item)


CUSTOMER = """
INSERT INTO customers VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, changed = excluded.changed
"""
IF_NEWER = "WHERE excluded.changed >= customers.changed"


def customers_kept(kind: str, connect: Connect, *, which: str) -> Book:
    """It books an event and keeps what it says of the customer, in one transaction."""
    database = Database(kind, connect)

    def book(event_id: str, told: Any) -> None:
        name = " ".join(filter(None, (told["lastName"], told["firstName"]))).upper()
        place = ", ".join(filter(None, (told["address1"], told["postalCode"], told["city"])))

        def work(connection: Connection) -> None:
            if database.note(connection, event_id):
                run(connection, SALE, event_id, 0)
                changed = told["updatedDateTime"] or told["createdDateTime"]
                run(connection, CUSTOMER + which, told["customerId"], name, place, changed)
            connection.commit()

        database.pool.run(work)

    return book


def no_pool(kind: str, connect: Connect) -> Book:
    database = Database(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        connection = connect()
        try:
            if database.note(connection, event_id):
                run(connection, SALE, event_id, sale.get("total"))
            connection.commit()
        finally:
            connection.close()

    return book


def retries(kind: str, connect: Connect) -> Book:
    once = one_transaction(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        try:
            once(event_id, sale)
        except BROKEN:
            once(event_id, sale)

    return book


def dies(kind: str, connect: Connect) -> Book:
    """It ends when its database is away: its supervisor, or verify, starts it again."""
    once = one_transaction(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        try:
            once(event_id, sale)
        except BROKEN:
            os._exit(1)

    return book


def waits_for_database(kind: str, connect: Connect) -> Book:
    """It does not listen before it has a connection."""
    while True:
        try:
            connect().close()
        except BROKEN:
            time.sleep(0.1)
        else:
            return one_transaction(kind, connect)


def swallows(kind: str, connect: Connect) -> Book:
    once = one_transaction(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        try:
            once(event_id, sale)
        except BROKEN as error:
            print("logged, and answered 204:", error, flush=True)

    return book


def id_first(kind: str, connect: Connect) -> Book:
    database = Database(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        def work(connection: Connection) -> None:
            is_new = database.note(connection, event_id)
            connection.commit()
            if is_new:
                run(connection, SALE, event_id, sale.get("total"))
                connection.commit()

        database.pool.run(work)

    return book


def booking_first(kind: str, connect: Connect) -> Book:
    database = Database(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        def work(connection: Connection) -> None:
            if not run(connection, "SELECT event_id FROM events WHERE event_id = %s", event_id):
                run(connection, SALE, event_id, sale.get("total"))
                connection.commit()
                database.note(connection, event_id)
            connection.commit()

        database.pool.run(work)

    return book


def header_then_lines(kind: str, connect: Connect) -> Book:
    """Without a transaction. Its effects are the lines, one for each event."""
    database = Database(kind, connect, autocommit=True)

    def book(event_id: str, sale: Any) -> None:
        def work(connection: Connection) -> None:
            if database.note(connection, event_id):
                run(connection, SALE, event_id, sale.get("total"))
                run(connection, LINE, event_id, sale.get("total"))

        database.pool.run(work)

    return book


def inbox(kind: str, connect: Connect, *, marks_first: bool = False) -> Book:
    """It stores the event and answers; a worker books what is new, in one transaction with the mark that it is done."""
    database = Database(kind, connect)
    threading.Thread(target=_work_through, args=(connect(), connect, marks_first), daemon=True).start()
    return _storing(database)


def _storing(database: Database) -> Book:
    def book(event_id: str, _: Any) -> None:
        def work(connection: Connection) -> None:
            database.note(connection, event_id)
            connection.commit()

        database.pool.run(work)

    return book


def _work_through(connection: Connection, connect: Connect, marks_first: bool) -> None:
    """Book what is in the inbox, for ever; connect again when the connection is gone."""
    while True:
        try:
            _work(connection, marks_first)
        except BROKEN:
            time.sleep(0.1)
            with suppress(*BROKEN):
                connection.close()  # PyMySQL refuses to close what is closed
            with suppress(*BROKEN):
                connection = connect()


def _work(connection: Connection, marks_first: bool) -> None:
    event_id = _next_in(connection)
    if event_id:
        run(connection, "UPDATE events SET done = 1 WHERE event_id = %s", event_id)
        if marks_first:
            connection.commit()
        run(connection, SALE, event_id, 0)
    connection.commit()
    time.sleep(0 if event_id else 0.03)


def _work_until_broken(connection: Connection) -> None:
    with suppress(*BROKEN):
        while True:
            _work(connection, marks_first=False)


def _next_in(connection: Connection) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id FROM events WHERE done = 0 LIMIT 1 FOR UPDATE")
        row = cursor.fetchone()
        return str(row[0]) if row else ""


def inbox_worker_ends(kind: str, connect: Connect) -> Book:
    """Its worker ends with its first connection, without a sign of it: the receiver still takes events."""
    database = Database(kind, connect)
    threading.Thread(target=_work_until_broken, args=(connect(),), daemon=True).start()
    return _storing(database)


def inbox_marks_first(kind: str, connect: Connect) -> Book:
    return inbox(kind, connect, marks_first=True)


def no_key(kind: str, connect: Connect) -> Book:
    """It looks, then books in one transaction, and retries by itself without seeing that the first try succeeded."""
    database = Database(kind, connect)

    def book(event_id: str, sale: Any) -> None:
        def work(connection: Connection) -> None:
            run(connection, SALE, event_id, sale.get("total"))
            connection.commit()

        try:
            database.pool.run(work)
        except BROKEN:
            database.pool.run(work)

    return book


RECEIVERS: Mapping[str, Callable[[str, Connect], Book]] = {
    "one-transaction": one_transaction,
    "no-pool": no_pool,
    "levels-added": levels_added,
    "levels-read-first": partial(levels_added, reads_first=True),
    "levels-committed-later": partial(levels_added, commits_between=True),
    "customers-newest": partial(customers_kept, which=IF_NEWER),
    "customers-last": partial(customers_kept, which=""),
    "retries": retries,
    "dies": dies,
    "dies-alone": dies,
    "waits-for-database": waits_for_database,
    "swallows": swallows,
    "id-first": id_first,
    "booking-first": booking_first,
    "header-then-lines": header_then_lines,
    "retries-without-key": no_key,
    "inbox": inbox,
    "inbox-marks-first": inbox_marks_first,
    "inbox-worker-ends": inbox_worker_ends,
}

if __name__ == "__main__":
    serve(RECEIVERS[sys.argv[2]](*STACKS[sys.argv[1]]))
