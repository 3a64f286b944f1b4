"""Event types as they lie in a folder: `events.json` and a JSON Schema each, read and checked for their shape.

    DIR/events.json         a list of {"name", "trigger", "usage", "identity", "version", "store", "provenance"},
                            all but the name optional
    DIR/schemas/NAME.json   the schema of each; it may also lie in DIR itself, and needs no entry

What the schemas say is not looked at here: whether they are valid is known to the catalogue.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from frontsim.errors import Unusable
from frontsim.json_depth import MOST_LEVELS, is_too_deep

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_FACTS = {"name": str, "trigger": str, "usage": str, "identity": str, "version": list, "store": str, "provenance": dict}
_WANTED = "expected a folder with events.json, schemas/NAME.json or NAME.json (README, Event types of your own)"
_KINDS = {str: "text", list: "a list", dict: "an object", bool: "a boolean", int: "a number", float: "a number"}


@dataclass(frozen=True)
class TypeContract:
    """One event type as written: its schema, the file that holds it, and its entry in `events.json`."""

    name: str
    file: Path
    schema: Mapping[str, Any]
    facts: Mapping[str, Any]


def contracts_in(folder: Path) -> list[TypeContract]:
    """The entries of `events.json` in their order, then the schemas that have none, by name.

    Raises:
        Unusable: the folder, or the schema of an entry, is missing; a file is not JSON or not of the shape
            above; a name is not letters, digits, `_`, `-` and `.`. The text names the file and the key.
    """
    try:
        return _read(folder)
    except OSError as error:
        raise Unusable(f"{folder}: {_WANTED}, got {error.strerror}") from None


def _read(folder: Path) -> list[TypeContract]:
    if not folder.is_dir():
        raise Unusable(f"{folder}: {_WANTED}, got no folder")
    listing = folder / "events.json"
    schemas = folder / "schemas" if (folder / "schemas").is_dir() else folder
    entries = list(_entries(listing)) if listing.exists() else []
    listed = {entry["name"] for entry in entries}
    alone = sorted(
        file.stem
        for file in schemas.glob("*.json")
        if file != listing and file.stem not in listed and not file.name.startswith(".")
    )
    if not entries and not alone:
        raise Unusable(f"{folder}: {_WANTED}, got none of them")
    everything = [*entries, *({"name": name} for name in alone)]
    return [_contract(entry, schemas / f"{entry['name']}.json") for entry in everything]


def _contract(facts: Mapping[str, Any], file: Path) -> TypeContract:
    name = facts["name"]
    if not _NAME.fullmatch(name):
        raise Unusable(
            f"{file}: expected a name that starts with a letter and has up to 100 letters, digits, _ - . "
            f"in all, got {name[:120]!r}"
        )
    schema = _json(file)
    if not isinstance(schema, dict):
        raise Unusable(f"{file}: expected a JSON Schema as an object, got {_kind(schema)}")
    return TypeContract(name, file, schema, facts)


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    listing = _json(file)
    if not isinstance(listing, list):
        raise Unusable(f"{file}: expected a list of event types, got {_kind(listing)}")
    for number, entry in enumerate(listing):
        if not isinstance(entry, dict):
            raise Unusable(f"{file}: [{number}]: expected an object with a name, got {_kind(entry)}")
        if not isinstance(entry.get("name"), str):
            raise Unusable(f"{file}: [{number}].name: expected text, got {_kind(entry.get('name'))}")
        for key, value in entry.items():
            _check_fact(f"{file}: [{number}].{key}", key, value)
        yield entry


def _check_fact(where: str, key: str, value: object) -> None:
    wanted = _FACTS.get(key)
    if wanted is None:
        raise Unusable(f"{where}: expected one of the keys {', '.join(_FACTS)}")
    if not isinstance(value, wanted) and not (key == "store" and value is None):
        raise Unusable(f"{where}: expected {_KINDS[wanted]}, got {_kind(value)}")
    inner: list[object] = [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for each in inner:
        if not isinstance(each, str):
            raise Unusable(f"{where}: expected nothing but text in it, got {_kind(each)}")


def _json(file: Path) -> Any:
    try:
        body = file.read_bytes()
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unusable(f"{file}: expected JSON, got {error}") from None
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be read, got {error.strerror}") from None
    if is_too_deep(body, value):
        raise Unusable(f"{file}: expected JSON nested at most {MOST_LEVELS} deep, got deeper")
    return value


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS[type(value)]
