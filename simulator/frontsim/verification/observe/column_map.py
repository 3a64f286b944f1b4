"""`--observe-map FILE`: which column of an effect holds which field of the payload, in TOML or JSON.

amount = "total"               # column = path of the field
status = ""                    # not compared: it only has the name of a field

[SaleCreated]                  # of this type alone
sold = "saleDateTime"

[state]                        # of --observe-state
on_hand = "stockLevel"         # or availableLevel, reservedLevel, quantity (for their sum)
contact = "email"              # of a customer
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from frontsim import catalog
from frontsim.errors import Unusable
from frontsim.user_input.json_depth import read_json
from frontsim.verification.facts.columns import ColumnMap
from frontsim.verification.facts.derived_state.customer_changes import UPDATED
from frontsim.verification.facts.derived_state.stock_movements import LEVELS, SUM

_STATE = "state."
_HELD = {**{path: path for path in LEVELS}, "quantity": SUM, "": ""}


def read_column_map(file: Path | None) -> ColumnMap:
    """The path of a field by its column, or by `TYPE.column`; empty without a file. Raises Unusable."""
    if file is None:
        return {}
    try:
        text = file.read_bytes()
        read: Any = read_json(text) if file.suffix.lower() == ".json" else tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise Unusable(f"--observe-map: expected a file that can be read, got {file} ({error.strerror})") from None
    except ValueError as error:  # TOML and UTF-8 errors are ones, too
        raise Unusable(f"--observe-map {file}: expected TOML, or JSON in a file *.json, got {error}") from None
    if not isinstance(read, Mapping):
        raise Unusable(f'--observe-map {file}: expected an object such as {{"amount": "total"}}, got another value')
    found: dict[str, str] = {}
    for column, path in _entries(read):
        if not isinstance(path, str):
            raise Unusable(f"--observe-map {file}: {column}: expected the path of a field as a text, got {path!r:.60}")
        found[column] = path
    return found


def read_state_map(file: Path | None) -> Mapping[str, str]:
    """What columns of `--observe-state` hold: the table `[state]` of the file. Raises Unusable."""
    named = read_column_map(file)
    found = {name.removeprefix(_STATE): path for name, path in named.items() if name.startswith(_STATE)}
    for column, path in found.items():
        if path not in _HELD and path not in _customer_fields():
            names = ", ".join(filter(None, _HELD))
            expected = f'{names}, a field of {UPDATED} or ""'
            raise Unusable(f"--observe-map {file}: state.{column}: expected {expected}, got {path!r:.60}")
    return {column: _HELD.get(path, path) for column, path in found.items()}


def _customer_fields() -> Collection[str]:
    return catalog.load().find(UPDATED).schema["properties"]  # type: ignore[no-any-return]


def _entries(read: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in read.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{column}", path) for column, path in value.items())
        else:
            yield name, value
