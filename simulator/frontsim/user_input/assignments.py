"""`path=value` as users write it: values that are read as JSON where they are, and as text otherwise."""

from collections.abc import Iterable

import orjson

from frontsim.errors import BadInput


def read_assignments(texts: Iterable[str]) -> dict[str, object]:
    """What the texts assign, by name: `total=12.5` a number, `note=hello` a text.

    Raises:
        BadInput: there is no `=`, or a name comes twice.
    """
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name or not _is_text(text):
            raise BadInput(f"expected a name, = and a value, got {text!r}")
        if name in values:
            raise BadInput(f"expected each name once, got {name!r} twice")
        values[name] = _value(value)
    return values


def _is_text(text: str) -> bool:
    """Whether it is Unicode: an argument that is not UTF-8 comes with surrogates in it."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _value(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
