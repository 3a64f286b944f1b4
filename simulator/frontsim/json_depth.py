"""How deep JSON may be nested: what is read must be writable again, and orjson writes fewer levels than it reads."""

import orjson

MOST_LEVELS = 250
_BRACKETS = (b"[", b"{")


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
