"""A JSON Schema as a document: its draft, the targets of its references, and its validators.

Drafts 04, 06, 07, 2019-09 and 2020-12. Nothing is ever fetched: a reference out of the file is refused, unless it
names a standard meta-schema, which the validator contains.

Invariant: two places with the same pointer and the same scope mean the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin

import jsonschema_rs

from frontsim.payloads.schema.reading.contradiction import NotASchema
from frontsim.payloads.schema.reading.nullable import with_null
from frontsim.payloads.schema.reading.vocabulary import SUBSCHEMA, SUBSCHEMA_LISTS, SUBSCHEMA_MAPS

Json = Any
"""A parsed JSON value."""

_DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-07/schema": 7,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "https://json-schema.org/draft/2020-12/schema": 2020,
}
_HERE = "https://frontsim.invalid/schema"
"""The file's URI for references from outside it; nothing is ever fetched from there."""
_UNDECLARED = (2020, 2019, 7, 4)
"""A schema without `$schema` is the newest of these under which it is itself valid."""


@dataclass(frozen=True, slots=True)
class Place:
    """A schema and where it stands.

    `base` is the URI that its references are relative to. `scope` lists the resources that were entered on the way,
    outermost first: a dynamic reference may lead to any of them.
    """

    schema: Json
    base: str
    pointer: str
    scope: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.pointer, self.scope


class Document:
    """One schema file.

    Raises:
        NotASchema: not a valid JSON Schema of a known draft, or a reference leaves the file.
    """

    def __init__(self, schema: Mapping[str, Json] | bool) -> None:  # noqa: FBT001 - a schema may be true or false
        self.draft, self.root = _read(schema)
        self.validator = jsonschema_rs.validator_for(self.root, validate_formats=True, offline=True)
        self._registry = _registry(self.root)
        self._validators: dict[str, jsonschema_rs.Validator | None] = {"#": self.validator}
        self._resources: dict[str, Place] = {}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: set[tuple[str, str]] = set()
        self.top = self._enter(Place(self.root, "", "#"), ())
        self._resources.setdefault("", self.top)
        self._index(self.top)

    def accepts(self, place: Place, value: Json) -> bool | None:
        """Whether the validator accepts a value for the schema at `place`; None if the schema is derived."""
        pointer = place.pointer
        if pointer not in self._validators:
            self._validators[pointer] = self._validator_at(pointer)
        check = self._validators[pointer]
        return None if check is None else check.is_valid(value)

    def _validator_at(self, pointer: str) -> jsonschema_rs.Validator | None:
        """Made on first use: in a schema that contains itself each one costs as much as the whole."""
        if self._registry is None:
            return None
        schema = {"$schema": self.root["$schema"], "$ref": f"{_HERE}#{quote(pointer[1:])}"}
        try:
            return jsonschema_rs.validator_for(schema, validate_formats=True, registry=self._registry, offline=True)
        except (ValueError, jsonschema_rs.ReferencingError):
            return None

    def child(self, place: Place, *keys: str | int) -> Place:
        """The schema that stands under `place` at these keys."""
        schema = place.schema
        for key in keys:
            schema = schema[key]
        return self._enter(Place(schema, place.base, place.pointer + _pointer(keys)), place.scope)

    def derive(self, place: Place, schema: Json, why: str) -> Place:
        """A schema derived from the one at `place`; its pointer still names the original, for messages."""
        return Place(schema, place.base, f"{place.pointer}/{why}", place.scope)

    def target(self, place: Place, keyword: str) -> Place | None:
        """The target of the `$ref`, `$dynamicRef` or `$recursiveRef` at `place`; None if it is a meta-schema."""
        reference = place.schema[keyword]
        uri, fragment = urldefrag(_join(place.base, reference))
        found = self._resolve(uri, unquote(fragment))
        if found is None:
            return None
        if keyword == "$dynamicRef" and (uri, fragment) in self._dynamic:
            outer = next((base for base in place.scope if (base, fragment) in self._dynamic), uri)
            found = self._anchors[outer, fragment]
        if keyword == "$recursiveRef" and found.schema is not True and found.schema.get("$recursiveAnchor"):
            outer = next((base for base in place.scope if self._recursive(base)), uri)
            found = self._resources[outer]
        return Place(found.schema, found.base, found.pointer, self._scope(place.scope, found.base))

    def _recursive(self, base: str) -> bool:
        return self._resources[base].schema.get("$recursiveAnchor") is True

    def _resolve(self, uri: str, fragment: str) -> Place | None:
        resource = self._resources.get(uri)
        if resource is None:
            return None
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((uri, fragment))
        place = resource
        for key in fragment.split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            place = self.child(place, int(name) if isinstance(place.schema, list) else name)
        return place

    def _enter(self, place: Place, scope: tuple[str, ...]) -> Place:
        base = place.base
        own = self._identity(place.schema)
        if own is not None and not own.startswith("#"):
            base = urldefrag(_join(base, own)).url
        return Place(place.schema, base, place.pointer, self._scope(scope, base))

    def _scope(self, scope: tuple[str, ...], base: str) -> tuple[str, ...]:
        """Add a resource once: only its outermost entry can be a target, so a scope stays finite."""
        return scope if base in scope else (*scope, base)

    def _identity(self, schema: Json) -> str | None:
        if not isinstance(schema, dict) or (self.draft <= 7 and "$ref" in schema):
            return None
        own = schema.get("id" if self.draft == 4 else "$id")
        return own if isinstance(own, str) else None

    def _index(self, place: Place) -> None:
        if not isinstance(place.schema, dict):
            return
        own = self._identity(place.schema)
        if own is not None and own.startswith("#"):
            self._anchors.setdefault((place.base, own[1:]), place)
        elif own is not None:
            self._resources.setdefault(place.base, place)
            if "#" in own.rstrip("#"):
                self._anchors.setdefault((place.base, urldefrag(own).fragment), place)
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = place.schema.get(keyword)
            if isinstance(name, str):
                self._anchors.setdefault((place.base, name), place)
                if keyword == "$dynamicAnchor":
                    self._dynamic.add((place.base, name))
        for keys in _children(place.schema):
            self._index(self.child(place, *keys))


def _registry(root: Json) -> jsonschema_rs.Registry | None:
    """Lets a validator start at any place of the file; None if the root is a boolean or the ids are not URIs."""
    try:
        return jsonschema_rs.Registry([(_HERE, root)]) if isinstance(root, dict) else None
    except (ValueError, jsonschema_rs.ReferencingError):
        return None


def _children(schema: Mapping[str, Json]) -> Iterator[tuple[str | int, ...]]:
    for keyword, value in schema.items():
        if keyword in SUBSCHEMA and isinstance(value, dict):
            yield (keyword,)
        elif keyword in SUBSCHEMA_LISTS and isinstance(value, list):
            yield from ((keyword, index) for index in range(len(value)))
        elif keyword in SUBSCHEMA_MAPS and isinstance(value, dict):
            yield from ((keyword, name) for name, sub in value.items() if isinstance(sub, dict))


def _pointer(keys: Sequence[str | int]) -> str:
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def _join(base: str, reference: str) -> str:
    """As `urljoin`, but a fragment is appended to the base, which may be a URN."""
    return base + reference if reference.startswith("#") else urljoin(base, reference)


def _read(schema: Mapping[str, Json] | bool) -> tuple[int, Json]:  # noqa: FBT001 - as above
    """The draft, and a copy of the schema as plain JSON with its `$schema` set."""
    if isinstance(schema, bool):
        return 2020, schema
    try:
        root = json.loads(json.dumps(schema, default=dict, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotASchema("$schema", "#", f"a schema is plain JSON, but {error}") from None
    if not isinstance(root, dict):
        raise NotASchema("$schema", "#", f"a schema is an object or true or false, not {str(root)[:60]}")
    declared = root.get("$schema")
    if declared is None:
        return _undeclared(with_null(root))
    draft = _DRAFTS.get(declared.rstrip("#")) if isinstance(declared, str) else None
    if draft is None:
        raise NotASchema("$schema", "#/$schema", f"we know draft-04 to 2020-12, not {declared!r}")
    problem = _problem_with(root)
    if problem is not None:
        raise problem
    return draft, root


def _undeclared(root: dict[str, Json]) -> tuple[int, Json]:
    first: NotASchema | None = None
    names = {draft: uri for uri, draft in _DRAFTS.items()}
    for draft in _UNDECLARED:
        named = {"$schema": names[draft], **root}
        problem = _problem_with(named)
        if problem is None:
            return draft, named
        first = first or problem
    assert first is not None
    raise first


def _problem_with(root: dict[str, Json]) -> NotASchema | None:
    """Why the validator does not accept this schema; None if it does."""
    try:
        jsonschema_rs.validator_for(root, validate_formats=True, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        path = [str(key) for key in getattr(error, "instance_path", ())]
        reason = str(error).splitlines()[0]
        refers = "Resource" in reason or "ointer" in reason or "nchor" in reason
        keyword = "$ref" if refers else next((key for key in reversed(path) if not key.isdigit()), "$schema")
        return NotASchema(keyword, "#" + _pointer(path), reason)
    return None
