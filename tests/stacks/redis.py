"""Receivers on Redis: `python -m tests.stacks.redis NAME`. A sale is an entry of the list `sales`."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.stacks.receiving import Book, address, serve

BOTH = "if redis.call('SETNX', KEYS[1], '1') == 1 then redis.call('RPUSH', KEYS[2], ARGV[1]) end return 1"


def client(*, retries: int = 0) -> "redis.Redis":
    host, port = address()
    return redis.Redis(
        host=host, port=port, retry=Retry(NoBackoff(), retries), socket_timeout=30, socket_connect_timeout=30
    )


def one_script() -> Book:
    store = client()

    def book(event_id: str, _: Any) -> None:
        store.eval(BOTH, 2, f"event:{event_id}", "sales", event_id)

    return book


def script_with_retries() -> Book:
    store = client(retries=3)

    def book(event_id: str, _: Any) -> None:
        store.eval(BOTH, 2, f"event:{event_id}", "sales", event_id)

    return book


def one_hash() -> Book:
    """The booking is its own key: a second HSET changes nothing."""
    store = client(retries=3)

    def book(event_id: str, _: Any) -> None:
        store.hsetnx("sales-by-event", event_id, "1")

    return book


def setnx_first() -> Book:
    store = client()

    def book(event_id: str, _: Any) -> None:
        if store.setnx(f"event:{event_id}", "1"):
            store.rpush("sales", event_id)

    return book


def push_with_retries() -> Book:
    """The client's own retries push again what was pushed."""
    store = client(retries=3)

    def book(event_id: str, _: Any) -> None:
        if not store.exists(f"event:{event_id}"):
            with store.pipeline(transaction=True) as transaction:
                transaction.rpush("sales", event_id).set(f"event:{event_id}", "1")
                transaction.execute()

    return book


def swallows() -> Book:
    once = one_script()

    def book(event_id: str, sale: Any) -> None:
        try:
            once(event_id, sale)
        except redis.RedisError as error:
            print("logged, and answered 204:", error, flush=True)

    return book


RECEIVERS: Mapping[str, Callable[[], Book]] = {
    "one-script": one_script,
    "script-with-retries": script_with_retries,
    "one-hash": one_hash,
    "setnx-first": setnx_first,
    "push-with-retries": push_with_retries,
    "swallows": swallows,
}

if __name__ == "__main__":
    serve(RECEIVERS[sys.argv[1]]())
