"""Receivers on RabbitMQ: `python -m tests.stacks.rabbitmq NAME`. A consumer books into the SQLite file at BOOKED."""

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Any

import pika
from pika.exceptions import AMQPError

from tests.stacks.receiving import Book, Pool, address, serve

QUEUE = "sales"
BROKEN = (AMQPError, OSError)
DURABLE = pika.BasicProperties(delivery_mode=2)
SCHEMA = "CREATE TABLE IF NOT EXISTS {} (event_id TEXT {})"


def connected() -> Any:
    host, port = address()
    parameters = pika.ConnectionParameters(
        host, port, heartbeat=0, socket_timeout=30, blocked_connection_timeout=30, stack_timeout=30
    )
    channel = pika.BlockingConnection(parameters).channel()
    channel.queue_declare(QUEUE, durable=True)
    return channel


def confirmed() -> Any:
    channel = connected()
    channel.confirm_delivery()
    return channel


class Channels(Pool):
    """Channels, each on a separate connection; `close` of a broken one does no harm."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__(lambda: Channel(connect()))


class Channel:
    def __init__(self, channel: Any) -> None:
        self.publish = channel.basic_publish
        self._channel = channel

    def close(self) -> None:
        with suppress(*BROKEN):
            self._channel.connection.close()


def publisher(connect: Callable[[], Any], *, is_swallowing: bool = False) -> Book:
    channels = Channels(connect)

    def book(event_id: str, _: Any) -> None:
        try:
            channels.run(lambda channel: channel.publish("", QUEUE, event_id.encode(), DURABLE))
        except BROKEN:
            if not is_swallowing:
                raise

    return book


def consume(*, unique: bool) -> None:
    """Book what comes, and acknowledge it then; connect again whenever the connection is gone."""
    with closing(sqlite3.connect(os.environ["BOOKED"])) as database:
        database.execute(SCHEMA.format("sales", "PRIMARY KEY" if unique else ""))
        insert = "INSERT OR IGNORE INTO sales VALUES (?)" if unique else "INSERT INTO sales VALUES (?)"
        while True:
            with suppress(*BROKEN):
                channel = connected()
                for delivery, _, body in channel.consume(QUEUE):
                    with database:
                        database.execute(insert, (body.decode(),))
                    channel.basic_ack(delivery.delivery_tag)
            time.sleep(0.05)


def right() -> Book:
    threading.Thread(target=consume, kwargs={"unique": True}, daemon=True).start()
    return publisher(confirmed)


def no_key() -> Book:
    threading.Thread(target=consume, kwargs={"unique": False}, daemon=True).start()
    return publisher(confirmed)


def no_confirms() -> Book:
    threading.Thread(target=consume, kwargs={"unique": True}, daemon=True).start()
    return publisher(connected)


def swallows() -> Book:
    threading.Thread(target=consume, kwargs={"unique": True}, daemon=True).start()
    return publisher(confirmed, is_swallowing=True)


RECEIVERS: Mapping[str, Callable[[], Book]] = {
    "confirmed-and-unique": right,
    "consumer-without-key": no_key,
    "no-confirms": no_confirms,
    "swallows": swallows,
}

if __name__ == "__main__":
    serve(RECEIVERS[sys.argv[1]]())
