"""TOML files: every error names the file. Apart from `fields`, because each command reads its configuration first."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from frontsim.errors import BadInput, Unusable

T = TypeVar("T")


def read_toml(file: Path, of: Callable[[Mapping[str, Any]], T], *, expected: str = "a file") -> T:
    """What `of` makes of a file.

    Args:
        file: its path.
        of: reads the document; what it refuses with BadInput is an error of the file.
        expected: what the file should have been, for the message.

    Raises:
        Unusable: the file cannot be read, is not TOML, or says what `of` refuses.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Unusable(f"{file}: expected {expected} that can be read, got {error.strerror}") from None
    try:
        return of(parsed_toml(text, file))
    except BadInput as error:
        raise Unusable(f"{file}: {error}") from None


def parsed_toml(text: bytes, file: str | Path) -> dict[str, Any]:
    """What the text of a file says. Raises Unusable."""
    try:
        return tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: expected TOML, got {error}") from None
