"""TOML files: every error names the file. Apart from `fields`, because each command reads its configuration first.

A file may come from a stranger, so its size and its depth are bounded: `tomllib` takes 40 s for a key of 50,000 parts.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from frontsim.errors import BadInput, Unusable

MOST_BYTES, MOST_DEEP = 1_000_000, 100

T = TypeVar("T")

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_DEEP}}}")


def read_toml(file: Path, of: Callable[[Mapping[str, Any]], T], *, expected: str = "a file") -> T:
    """Reads a file, and returns what `of` makes of it.

    Args:
        file: its path.
        of: reads the document; what it refuses with BadInput is an error of the file.
        expected: what the file should have been, for the message.

    Raises:
        Unusable: the file cannot be read, is not TOML, or says what `of` refuses.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{file}: expected {expected} that can be read, got {error.strerror}") from None
    try:
        return of(parsed_toml(text, file))
    except BadInput as error:
        raise Unusable(f"{file}: {error}") from None


def parsed_toml(text: bytes, file: str | Path) -> dict[str, Any]:
    """Reads the text of a file. Raises Unusable."""
    if len(text) > MOST_BYTES:
        raise Unusable(f"{file}: expected TOML of at most {MOST_BYTES:,} bytes, got more")
    try:
        decoded = text.decode("utf-8")
        document = None if _DEEP_KEY.search(decoded) else tomllib.loads(decoded)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: expected TOML, got {error}") from None
    except RecursionError:
        document = None
    if document is None or _is_deep(document):
        raise Unusable(f"{file}: expected TOML that is nested less than {MOST_DEEP} deep, got more")
    return document


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MOST_DEEP):
        level = [
            below
            for value in level
            for below in (value.values() if isinstance(value, dict) else value)
            if isinstance(below, dict | list)
        ]
        if not level:
            return False
    return True
