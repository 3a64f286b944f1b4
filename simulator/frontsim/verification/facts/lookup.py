"""Finding a dotted path in any JSON that a receiver shows, and telling whether two values mean the same.

Receivers keep values in many forms: ids in upper case or without dashes, numbers as text, the payload under `payload`
or flat. Reading is lenient here, so that a form never looks like a loss.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

_INNER = ("", "body.", "payload.", "data.", "headers.")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


def find(value: Any, path: str) -> Any:
    """The value at a dotted path, also where it stands under `body`, `payload`, `data` or `headers`; None without.

    Names match in any case when the exact name is not there. A text that holds a JSON object is searched too.
    """
    return next(find_all(value, path), None)


def find_all(value: Any, path: str) -> Iterator[Any]:
    """The values at all places where `find` looks, in its order.

    A row can have its own `id` beside the payload's: both are candidates for the payload's identity.
    """
    for prefix in _INNER:
        found = _at(value, f"{prefix}{path}".split("."))
        if found is not None:
            yield found


def normalised(value: Any) -> str | None:
    """One text for all forms of an id: UUIDs in lower case with dashes, whole numbers without a fraction."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, bytes) and len(value) == 16:
        return str(UUID(bytes=value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    return str(UUID(text)) if _UUID.fullmatch(text) else text


def parsed(value: Any) -> Any:
    """The JSON inside a text; any other value as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _at(value: Any, parts: list[str]) -> Any:
    for number, part in enumerate(parts):
        value = parsed(value)
        if not isinstance(value, dict):
            return None
        rest = ".".join(parts[number:])
        if rest in value:
            return value[rest]
        value = value[part] if part in value else _in_any_case(value, part)
    return value


def _in_any_case(value: dict[str, Any], name: str) -> Any:
    wanted = name.lower().replace("_", "").replace("-", "")
    for key, item in value.items():
        if isinstance(key, str) and key.lower().replace("_", "").replace("-", "") == wanted:
            return item
    return None
