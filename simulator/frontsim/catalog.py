"""The event types and their schemas, as they lie in a folder, and whether a payload is valid.

DIR/events.json         a list of {"name", "trigger", "usage", "identity", "version", "store",
                            "state": {"of", "since"}, "past": {"event", "keep"}, "provenance"},
                            all but the name optional
    DIR/schemas/NAME.json   the schema of each; it may also lie in DIR itself, and needs no entry

The catalogue checks whether the schemas are valid.

Types come from `contracts/events.json`, one schema each from `contracts/schemas/`; a user's own folder of
the same shape adds more. jsonschema-rs decides validity, a hundred times as fast as jsonschema (6 us against
670 us for an order); `frontsim.user_input.explainer` says why a value is not valid.

Invariants: a name is in the catalogue once, whatever its case; every schema in it is a valid JSON Schema of
a draft that both validators know and refers to nothing outside its own file, so nothing is ever fetched.
"""

import difflib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from frontsim import bundled
from frontsim.errors import InvalidPayload, UnknownEventType, Unusable
from frontsim.schemas.cost import backtracking_patterns, costly
from frontsim.user_input.fields import Fields, read_json, shown_briefly
from frontsim.user_input.validation import Violation, shown

logger = logging.getLogger(__name__)

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


Schema = Mapping[str, Any]

WHERE_LISTED = "`frontsim types` and GET /api/WebhooksTypes list them"
_LONGEST = 300
"""Characters of a reason that are shown: it may quote a whole schema."""


@dataclass(frozen=True)
class EventType:
    """One kind of event, and what is known of it.

    Paths are dotted and start at the payload's top. `identity` names the type's own id (`saleId`), `""`
    where it is unknown; `version` the fields which together with it tell apart two occurrences of one
    entity; `store` the field that a webhook's `storeId` is compared with, None where the payload has none.
    `state` names the fields that say what the event gives the newest state of (a customer, a stock item), and
    `since` the times since when, of which the first that is set counts: both are empty for what happens once.
    `past` is the type that a receiver must have had about the same entity before, "" where that needs none, and `keep`
    the fields that both have in common.
    `provenance` says of each of these how sure it is: published, seen, inferred or open.
    """

    name: str
    trigger: str
    usage: str
    identity: str
    version: Sequence[str]
    store: str | None
    state: Sequence[str]
    since: Sequence[str]
    past: str
    keep: Sequence[str]
    provenance: Mapping[str, str] = field(compare=False)
    schema: Schema = field(compare=False, repr=False)
    schema_json: bytes = field(compare=False, repr=False)
    """The schema as it is served: compact JSON."""
    is_replaced: bool = False
    """A user's schema stands in for the bundled one."""


class Catalog:
    """Event types by name, whatever its case, in the order in which they were given.

    Raises:
        Unusable: a name comes twice.
    """

    def __init__(self, types: Iterable[EventType]) -> None:
        self._types: dict[str, EventType] = {}
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        for each in types:
            twin = self._types.get(each.name.lower())
            if twin is not None:
                raise Unusable(f"expected each event type once, whatever its case, got {twin.name} and {each.name}")
            self._types[each.name.lower()] = each

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def find(self, name: str) -> EventType:
        """The type of that name, in any case.

        Raises:
            UnknownEventType: there is none; the text names those that are spelt nearly so.
        """
        found = self._types.get(name.lower())
        if found is None:
            close = difflib.get_close_matches(name.lower()[:100], self._types, n=3)
            hint = f" (did you mean {' or '.join(self._types[each].name for each in close)}?)" if close else ""
            text = f"expected an event type of the catalogue, got {name[:100]!r}{hint}; {WHERE_LISTED}"
            raise UnknownEventType(text, {"event": [text]})
        return found

    def same_entity(self, event: str) -> tuple[Sequence[str], list[str]]:
        """The paths of the fields that say which entity a type is about, and every type about such entities.

        Without paths where that is not known.

        Raises:
            UnknownEventType: no such type.
        """
        paths = _entity_paths(self.find(event))
        return paths, [kind.name for kind in self if paths and _entity_paths(kind) == paths]

    def is_valid(self, event: str, body: bytes) -> bool:
        """A body is valid if it is JSON and fits the schema of the type `event`, formats included.

        Raises:
            UnknownEventType: no such type.
        """
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            self.find(event)
            return False
        return self.fits(event, value)

    def fits(self, event: str, value: object) -> bool:
        """As `is_valid`, of what a body holds. Raises UnknownEventType."""
        return self._validator(event).is_valid(value)

    def problems(self, event: str, value: object) -> list[Violation]:
        """Why a parsed `value` is not valid under the schema of the type `event`; empty when it is.

        A separate process explains, within a second; the first explanation waits until it has started.

        Raises:
            UnknownEventType: no such type.
        """
        from frontsim.user_input.explainer import explained  # noqa: PLC0415 - a start need not wait for it

        return explained(self.find(event).schema, value, self._validator(event))

    def check(self, event: str, body: bytes) -> None:
        """Refuse a `body` that is not valid under the schema of the type `event`.

        Raises:
            InvalidPayload: `fields` maps each dotted path to what was expected and what came.
            UnknownEventType: no such type.
        """
        name = self.find(event).name
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            text = f"expected JSON, got {error}"
            raise InvalidPayload(f"the payload of {name}: {text}", {"": [text]}) from None
        self.check_value(name, value)

    def check_value(self, event: str, value: object) -> None:
        """As `check`, of what a body holds. Raises InvalidPayload, UnknownEventType."""
        found = self.problems(event, value)
        if found:
            raise _invalid(self.find(event).name, found)

    def _validator(self, event: str) -> jsonschema_rs.Validator:
        """Compiled at the type's first use: a start does not wait for 21 of them."""
        validator = self._validators.get(event)
        if validator is None:
            found = self.find(event)
            validator = self._validators.get(found.name) or _compiled(found.schema)
            self._validators[found.name] = validator
        return validator


def _entity_paths(kind: EventType) -> Sequence[str]:
    return kind.state or ([kind.identity] if kind.identity else [])


def load(*extra: Path) -> Catalog:
    """The bundled types and those of the user's folders.

    A user's schema replaces the bundled one of the same name, whatever its case; what else is known of that type stays,
    unless the user's `events.json` says otherwise. A schema of another name, without an entry in `events.json`, is a
    type of which nothing more is known.

    Raises:
        Unusable: a folder is not as `contracts_in` takes it, a schema is not a valid JSON Schema or refers
            to something outside its file, a name comes twice; the text names the file and the key.
    """
    if not extra:
        return _bundled_catalog()
    taken: set[str] = set()
    own = [_proven(each, taken) for folder in extra for each in contracts_in(folder)]
    replacements = {each.name.lower(): each for each in own}
    types = [_merged(each, replacements.pop(each.name.lower(), None)) for each in _bundled_contracts()]
    return Catalog([*types, *map(_event_type, replacements.values())])


@cache
def _bundled_catalog() -> Catalog:
    """One for all simulators of a process: a run of `verify` starts one for each scenario."""
    return Catalog(map(_event_type, _bundled_contracts()))


@cache
def _bundled_contracts() -> Sequence[TypeContract]:
    return contracts_in(bundled.folder("contracts"))


def _merged(ours: TypeContract, own: TypeContract | None) -> EventType:
    """A bundled type, with the user's schema and facts where there are any."""
    if own is None:
        return _event_type(ours)
    facts = {**ours.facts, **own.facts, "name": ours.name}
    return _event_type(TypeContract(ours.name, own.file, own.schema, facts), is_replaced=True)


def _event_type(contract: TypeContract, *, is_replaced: bool = False) -> EventType:
    facts = contract.facts
    return EventType(
        name=contract.name,
        trigger=facts.get("trigger", ""),
        usage=facts.get("usage", ""),
        identity=facts.get("identity", ""),
        version=tuple(facts.get("version", ())),
        store=facts.get("store"),
        state=tuple(facts.get("state", {}).get("of", ())),
        since=tuple(facts.get("state", {}).get("since", ())),
        past=facts.get("past", {}).get("event", ""),
        keep=tuple(facts.get("past", {}).get("keep", ())),
        provenance=facts.get("provenance", {}),
        schema=contract.schema,
        schema_json=orjson.dumps(contract.schema),
        is_replaced=is_replaced,
    )


def _proven(contract: TypeContract, taken: set[str]) -> TypeContract:
    """A user's contract, checked as a test checks the bundled ones."""
    if contract.name.lower() in taken:
        raise Unusable(f"{contract.file}: expected a name that no other of your event types has, in any case")
    taken.add(contract.name.lower())
    if problem := schema_problem(contract.schema):
        raise Unusable(f"{contract.file}: {problem}")
    for pattern in dict.fromkeys(backtracking_patterns(contract.schema)):
        text = "%s: the pattern %s may backtrack: a text that it refuses may be too costly to explain"
        logger.warning(text, contract.file, pattern[:_LONGEST])
    return contract


def schema_problem(schema: object) -> str:
    """Why something cannot be the schema of a type, "" if it can."""
    if not isinstance(schema, dict):
        return f"expected a JSON Schema as an object, got {shown(schema)}"
    try:
        _compiled(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        return f"expected a JSON Schema that holds all it refers to: {_reason(error)}"
    too_much = costly(schema)
    return f"expected a JSON Schema that can be checked quickly: {too_much}" if too_much else ""


def _compiled(schema: Schema) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(schema), validate_formats=True, retriever=_refuse_to_fetch)


def _refuse_to_fetch(uri: str) -> Any:
    raise LookupError(f"{uri} is outside this file, and nothing is fetched")


def _reason(error: jsonschema_rs.ValidationError | jsonschema_rs.ReferencingError) -> str:
    where = ".".join(map(str, error.instance_path)) if isinstance(error, jsonschema_rs.ValidationError) else ""
    text = f"{where}: {error.message}" if where else error.message
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _invalid(name: str, found: Sequence[Violation]) -> InvalidPayload:
    fields: dict[str, list[str]] = {}
    for each in found:
        fields.setdefault(each.path, []).append(f"expected {each.expected}, got {each.got}")
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    first = "; ".join(map(str, found[:3]))
    return InvalidPayload(f"the payload of {name}: {first}{more}; `frontsim schema {name}` shows its schema", fields)
