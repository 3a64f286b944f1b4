"""JSON that a user sends or writes: how deep it may be nested, and how many values it holds at most.

What is read is stored, answered and sent, so it must be writable again, and orjson writes fewer levels than it reads.
"""

from typing import Any

import orjson

MOST_LEVELS = 250
_BRACKETS = (b"[", b"{")


def read_json(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: says what was expected and what came.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"expected JSON, got something else: {error}") from None
    if is_too_deep(body, value):
        raise ValueError(f"expected JSON that is nested at most {MOST_LEVELS} deep, got deeper")
    return value


def most_values(text: bytes) -> int:
    """How many values a JSON text holds, at most: each but the first stands behind one of these characters.

    A parser takes up to 0.3 microseconds for each, and some hundred bytes of memory, however short they are.
    """
    return 1 + sum(text.count(opening) for opening in (b",", *_BRACKETS))


def is_too_deep(body: bytes, value: object) -> bool:
    """Whether a value that was read from `body` is nested deeper than it could be written.

    A body with few brackets cannot be; only the others are tried.
    """
    if sum(body.count(bracket) for bracket in _BRACKETS) <= MOST_LEVELS:
        return False
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False
