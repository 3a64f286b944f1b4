"""Event types as they lie in a folder: `events.json` and a JSON Schema each, read and checked for their shape.

    DIR/events.json         a list of {"name", "trigger", "usage", "identity", "version", "store",
                            "state": {"of", "since"}, "past": {"event", "keep"}, "provenance"},
                            all but the name optional
    DIR/schemas/NAME.json   the schema of each; it may also lie in DIR itself, and needs no entry

The catalogue checks whether the schemas are valid.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontsim.errors import Unusable
from frontsim.user_input.fields import Fields, shown_briefly
from frontsim.user_input.json_depth import read_json

TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_TEXTS = ("name", "trigger", "usage", "identity")
_FACTS = (*_TEXTS, "version", "store", "state", "past", "provenance")
_SHAPES: Mapping[str, Mapping[str, type]] = {"state": {"of": list, "since": list}, "past": {"event": str, "keep": list}}
_WANTED = "expected a folder with events.json, schemas/NAME.json or NAME.json (docs, how-to/own-event-type)"


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
    if not TYPE_NAME.fullmatch(name):
        raise Unusable(
            f"{file}: expected a name that starts with a letter and has up to 100 letters, digits, _ - . "
            f"in all, got {name[:120]!r}"
        )
    schema = _json(file)
    if not isinstance(schema, dict):
        raise Unusable(f"{file}: expected a JSON Schema as an object, got {shown_briefly(schema)}")
    return TypeContract(name, file, schema, facts)


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    listing = _json(file)
    if not isinstance(listing, list):
        raise Unusable(f"{file}: expected a list of event types, got {shown_briefly(listing)}")
    for number, entry in enumerate(listing):
        if not isinstance(entry, dict):
            raise Unusable(f"{file}: [{number}]: expected an object with a name, got {shown_briefly(entry)}")
        fields = Fields(entry, at=f"[{number}]")
        _check_entry(fields)
        if fields.problems:
            raise Unusable(f"{file}: {fields.story}")
        yield entry


def _check_entry(fields: Fields) -> None:
    """Only the name must be there, only the store may be null."""
    fields.only(*_FACTS)
    for name in _TEXTS:
        fields.text(name, "text", required=name == "name" or fields.has(name), blank=True)
    fields.text("store", "text or null", blank=True)
    version = fields.items("version", "a list of texts", required=fields.has("version")) or []
    provenance = fields.mapping("provenance", required=fields.has("provenance")) or {}
    tables = {name: _checked_table(fields, name) for name in _SHAPES}
    for name, inner in (("version", version), *tables.items(), ("provenance", provenance.values())):
        for each in inner:
            if not isinstance(each, str):
                fields.note(name, f"expected nothing but text in it, got {shown_briefly(each)}")


def _checked_table(fields: Fields, name: str) -> list[Any]:
    """The texts and entries of lists in a table of a known shape."""
    table, shape = fields.mapping(name, required=fields.has(name)) or {}, _SHAPES[name]
    if table and {key: type(value) for key, value in table.items()} != shape:
        wanted = " and ".join(f"{key} ({'a list of texts' if kind is list else 'text'})" for key, kind in shape.items())
        fields.note(name, f"expected {wanted}, got {shown_briefly(table)}")
    return [each for value in table.values() if isinstance(value, list) for each in value]


def _json(file: Path) -> Any:
    try:
        return read_json(file.read_bytes())
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be read, got {error.strerror}") from None
    except ValueError as error:
        raise Unusable(f"{file}: {error}") from None
