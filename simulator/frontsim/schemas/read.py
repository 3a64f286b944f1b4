"""A JSON Schema, read once for all who ask: its draft, where its references lead, and what it says of a payload's path.

    schema -> Document ─┬─ target(place, "$ref")   pointers, `$id`, anchors, dynamic and recursive references
                        ├─ at("lines[0].sku")      the schemas that speak of a field
                        ├─ allows_null, allows     whether a value may stand there
                        └─ validator, accepts      what jsonschema-rs says

Drafts 04, 06, 07, 2019-09 and 2020-12. Nothing is ever fetched: a reference out of the file leads nowhere, and
`validator` refuses the schema, unless it names a standard meta-schema, which jsonschema-rs contains.

Invariant: two places with the same pointer and the same scope mean the same.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin

import jsonschema_rs
import orjson

from frontsim.errors import BadInput

Json = Any
"""A parsed JSON value."""

SUBSCHEMA = {"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"}
SUBSCHEMA |= {"propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
"""Keywords of any draft that hold one schema. `items` holds a list of them in older drafts."""
SUBSCHEMA_LISTS = {"allOf", "anyOf", "items", "oneOf", "prefixItems"}
SUBSCHEMA_MAPS = {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
ANNOTATIONS = {"title", "description", "$comment", "examples", "example", "default", "$schema", "$id", "id", "$anchor"}
ANNOTATIONS |= {"definitions", "$defs", "$dynamicAnchor", "$recursiveAnchor", "deprecated", "readOnly", "writeOnly"}
"""Keywords that say nothing about validity."""
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")

_DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-07/schema": 7,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "https://json-schema.org/draft/2020-12/schema": 2020,
}
_URIS = {draft: uri for uri, draft in _DRAFTS.items()}
_UNDECLARED = (2020, 2019, 7, 4)
"""A schema without `$schema` is the newest of these under which it is itself valid."""
_HERE = "https://frontsim.invalid/schema"
"""The file's URI for references from outside it; nothing is ever fetched from there."""
_STEP = re.compile(r"[^.\[\]]+|\[\d*\]")
_ELSEWHERE = {"patternProperties", "if", "dependentSchemas"}
"""Keywords under which a schema may have properties that it does not name."""


class Contradiction(Exception):
    """A schema, or one alternative of it, that no value fulfils, or for which none was found.

    Args:
        keyword: the keyword in the way, such as `type`.
        path: its path in the schema, as a URI fragment: `#/properties/price/type`.
        reason: the rest of the sentence.
    """

    expected = "a schema that some value fulfils, got one that we can't fulfil"

    def __init__(self, keyword: str, path: str, reason: str) -> None:
        super().__init__(f"{keyword} at {path}: {reason}")
        self.keyword = keyword
        self.path = path

    def refusal(self) -> BadInput:
        """The error for the user."""
        text = f"expected {self.expected}: {self} (what is read: JSON Schema, draft-04 to 2020-12)"
        return BadInput(text, {self.path: [text]})


class NotASchema(Contradiction):
    """Not a JSON Schema of a known draft, or a reference leaves the file."""

    expected = "a JSON Schema that stands by itself, got something else"


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


ANYTHING = Place(True, "", "")  # noqa: FBT003 - the schema that says nothing
"""Where no schema speaks of a value."""


class Document:
    """One schema file, copied.

    Raises:
        NotASchema: it is not plain JSON. Whether it is a valid JSON Schema shows in `validator`.
    """

    def __init__(self, schema: Mapping[str, Json] | bool) -> None:  # noqa: FBT001 - a schema may be true or false
        self.draft, self.root = _read(schema)
        self._validators: dict[str, jsonschema_rs.Validator | None] = {}
        self._resources: dict[str, Place] = {}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: set[tuple[str, str]] = set()
        self._said: dict[object, list[Place]] = {}
        self.top = self._enter(Place(self.root, "", "#"), ())
        self._resources.setdefault("", self.top)
        self._index(self.top)

    @cached_property
    def validator(self) -> jsonschema_rs.Validator:
        """Raises NotASchema: not a valid JSON Schema of a known draft, or a reference leaves the file."""
        declared = self.root.get("$schema") if isinstance(self.root, dict) else _URIS[2020]
        if not isinstance(declared, str) or declared.rstrip("#") not in _DRAFTS:
            raise NotASchema("$schema", "#/$schema", f"we know draft-04 to 2020-12, not {declared!r}")
        try:
            return jsonschema_rs.validator_for(self.root, validate_formats=True, offline=True)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            path = [str(key) for key in getattr(error, "instance_path", ())]
            reason = str(error).splitlines()[0]
            refers = "Resource" in reason or "ointer" in reason or "nchor" in reason
            keyword = "$ref" if refers else next((key for key in reversed(path) if not key.isdigit()), "$schema")
            raise NotASchema(keyword, "#" + _pointer(path), reason) from None

    def accepts(self, place: Place, value: Json) -> bool | None:
        """Says whether jsonschema-rs accepts a value for the schema at `place`; None if it cannot say."""
        pointer = place.pointer
        if pointer not in self._validators:  # made on first use: where schemas contain each other each costs as all
            self._validators[pointer] = self._validator_at(pointer)
        check = self._validators[pointer]
        return None if check is None else check.is_valid(value)

    def _validator_at(self, pointer: str) -> jsonschema_rs.Validator | None:
        if pointer == "#":
            return self.validator
        if self._registry is None:
            return None
        schema = {"$schema": self.root["$schema"], "$ref": f"{_HERE}#{quote(pointer[1:])}"}
        try:
            return jsonschema_rs.validator_for(schema, validate_formats=True, registry=self._registry, offline=True)
        except (ValueError, jsonschema_rs.ReferencingError):  # a derived schema, whose pointer leads nowhere
            return None

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry | None:
        """Lets a validator start at any place of the file; None if the root is a boolean or the ids are not URIs."""
        try:
            return jsonschema_rs.Registry([(_HERE, self.root)]) if isinstance(self.root, dict) else None
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
        """Where a `$ref`, `$dynamicRef` or `$recursiveRef` at `place` leads; None if not within the file."""
        uri, fragment = urldefrag(_join(place.base, place.schema[keyword]))
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

    def targets(self, place: Place) -> list[Place]:
        """Where all references at `place` lead."""
        found = [self.target(place, keyword) for keyword in REFERENCES if isinstance(place.schema.get(keyword), str)]
        return [target for target in found if target is not None]

    def _recursive(self, base: str) -> bool:
        return self._resources[base].schema.get("$recursiveAnchor") is True

    def _resolve(self, uri: str, fragment: str) -> Place | None:
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((uri, fragment))
        place = self._resources.get(uri)
        if place is None:
            return None
        for key in fragment.split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            try:
                place = self.child(place, int(name) if isinstance(place.schema, list) else name)
            except (LookupError, TypeError, ValueError):
                return None
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
        for keys in children(place.schema):
            self._index(self.child(place, *keys))

    def said(self, place: Place, *, branches: bool = True) -> list[Place]:
        """The schemas that speak of a value at `place`, nearest first.

        These are its own, the targets of its references and the parts of its `allOf`, which must hold. With `branches`
        also those of its `anyOf` and `oneOf`, of which some hold, except for those that are only null.
        """
        key = place.key, branches
        if key not in self._said:
            found: dict[object, Place] = {}
            waiting = [place]
            while waiting:
                each = waiting.pop(0)
                if each.key in found or not isinstance(each.schema, dict):
                    continue
                found[each.key] = each
                waiting += [*self.targets(each), *self._parts(each, "allOf")]
                if branches:
                    waiting += [*self._parts(each, "anyOf"), *self._parts(each, "oneOf")]
            self._said[key] = list(found.values())
        return self._said[key]

    def _parts(self, place: Place, keyword: str) -> list[Place]:
        parts = [self.child(place, keyword, index) for index in range(len(place.schema.get(keyword, ())))]
        return [each for each in parts if isinstance(each.schema, dict) and each.schema.get("type") != "null"]

    def merged(self, place: Place) -> Mapping[str, Json]:
        """The keywords of all that speak of a value at `place`; of each keyword the nearest counts."""
        return {word: value for each in reversed(self.said(place)) for word, value in each.schema.items()}

    def fields(self, place: Place) -> dict[str, Place]:
        """The named properties of an object at `place`, each with the nearest schema of it."""
        found: dict[str, Place] = {}
        for each in self.said(place):
            for name in each.schema.get("properties", ()):
                found.setdefault(name, self.child(each, "properties", name))
        return found

    def required(self, place: Place) -> list[str]:
        """The properties that an object at `place` cannot lack, in the schema's order."""
        lists = [each.schema.get("required", ()) for each in self.said(place, branches=False)]
        return list(dict.fromkeys(name for names in lists if isinstance(names, list) for name in names))

    def inside(self, place: Place, step: str) -> list[Place]:
        """The schemas that speak of a field (`sku`), of an entry (`[0]`, `0`) or of all entries (`[]`)."""
        return [inner for each in self.said(place) if (inner := self._own(each, step)) is not None]

    def _own(self, place: Place, step: str) -> Place | None:
        """The schema of one step that stands in the schema at `place` itself."""
        schema, number = place.schema, step.strip("[]")
        if step in schema.get("properties", ()):
            return self.child(place, "properties", step)
        if number and not number.isdigit():
            return None
        for keyword in ("prefixItems", "items"):
            if isinstance(schema.get(keyword), list) and int(number or 0) < len(schema[keyword]):
                return self.child(place, keyword, int(number or 0))
        rest = "additionalItems" if isinstance(schema.get("items"), list) else "items"
        return self.child(place, rest) if rest in schema else None

    def at(self, path: str) -> list[Place] | None:
        """The schemas that speak of a path such as `lines[0].sku`, nearest first.

        They are [] where no schema names the path, and None where that cannot be told, because a schema may have
        further properties.
        """
        places = [self.top]
        for step in _STEP.findall(path):
            inner = [found for place in places for found in self.inside(place, step)]
            if not inner:
                speakers = [each for place in places for each in self.said(place)]
                named = any(each.schema.keys() & {"properties", "items", "prefixItems"} for each in speakers)
                return [] if named and not any(map(self._is_open, speakers)) else None
            places = inner
        return places

    def _is_open(self, place: Place) -> bool:
        leads_out = any(word in place.schema and self.target(place, word) is None for word in REFERENCES)
        return leads_out or not _ELSEWHERE.isdisjoint(place.schema)

    def allows_null(self, place: Place) -> bool:
        """A schema says that null may stand at `place`. One that says nothing of null does not."""
        return self._judged(place, _names_null, {}) is True

    def allows(self, path: str, value: Json) -> bool | None:
        """Says whether a value may stand at a path; None where no schema names the path."""
        return self._allows(self.top, _STEP.findall(path), value)

    def _allows(self, place: Place, steps: Sequence[str], value: Json) -> bool | None:
        if not steps:
            return self.accepts(place, value)

        def judge(each: Place) -> bool | None:
            inner = self._own(each, steps[0])
            return None if inner is None else self._allows(inner, steps[1:], value)

        return self._judged(place, judge, {})

    def _judged(
        self, place: Place, judge: Callable[[Place], bool | None], known: dict[object, bool | None]
    ) -> bool | None:
        """Combine what a judge says of each schema at a place: all of `allOf`, any of `anyOf`; None says nothing."""
        if place.key in known or not isinstance(place.schema, dict):
            return False if place.schema is False else known.get(place.key)
        known[place.key] = None
        verdicts = [judge(place), *(self._judged(each, judge, known) for each in self.targets(place))]
        for keyword in ("allOf", "anyOf", "oneOf"):
            parts = [self.child(place, keyword, index) for index in range(len(place.schema.get(keyword, ())))]
            found = [self._judged(part, judge, known) for part in parts]
            if keyword == "allOf" or not found:
                verdicts += found
            else:
                verdicts.append(True if True in found else None if None in found else False)
        known[place.key] = False if False in verdicts else True if True in verdicts else None
        return known[place.key]

    def provenance(self, path: str) -> str:
        """Where a payload's field is known from (`x-provenance`), in the schema's words; "" where it does not say."""
        words = (each.schema.get("x-provenance") for place in self.at(path) or () for each in self.said(place))
        return next((word for word in words if isinstance(word, str)), "")


def document_of(schema: Mapping[str, Json] | bool) -> Document:  # noqa: FBT001 - a schema may be true or false
    """The document of a schema. The last 512 stay read, by their content, because simulators of a run share them."""
    try:
        return _document(orjson.dumps(schema, default=dict))
    except TypeError:  # an integer of more than 64 bits, say
        return Document(schema)


@lru_cache(maxsize=512)
def _document(schema: bytes) -> Document:
    return Document(orjson.loads(schema))


def with_null(schema: Json) -> Json:
    """A copy of a schema in which OpenAPI 3.0's `nullable: true` has become the type null.

    As in OpenAPI 3.0.3, it needs a `type` in the same object, and an `enum` in the same object must list null itself.
    """
    if not isinstance(schema, dict):
        return schema
    copy = {keyword: _with_null_inside(keyword, value) for keyword, value in schema.items()}
    kind = copy.get("type")
    if copy.get("nullable") is True and kind is not None:
        kinds = [kind] if isinstance(kind, str) else list(kind)
        copy["type"] = kinds if "null" in kinds else [*kinds, "null"]
    return copy


def _with_null_inside(keyword: str, value: Json) -> Json:
    if keyword in SUBSCHEMA and isinstance(value, dict):
        return with_null(value)
    if keyword in SUBSCHEMA_LISTS and isinstance(value, list):
        return [with_null(item) for item in value]
    if (keyword in SUBSCHEMA_MAPS or keyword == "schemas") and isinstance(value, dict):
        return {name: with_null(item) for name, item in value.items()}
    if keyword == "components" and isinstance(value, dict):
        return {name: _with_null_inside(name, item) for name, item in value.items()}
    return value


def _names_null(place: Place) -> bool | None:
    """Says whether the keywords at `place` itself allow null; None if they do not speak of it."""
    schema, kinds = place.schema, place.schema.get("type")
    verdicts = [kinds == "null" or (isinstance(kinds, list) and "null" in kinds)] if kinds is not None else []
    verdicts += [None in schema["enum"]] if isinstance(schema.get("enum"), list) else []
    verdicts += [schema["const"] is None] if "const" in schema else []
    return all(verdicts) if verdicts else None


def children(schema: Mapping[str, Json]) -> Iterator[tuple[str | int, ...]]:
    """The keys that lead to each schema within a schema."""
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
    if declared is not None:
        return _DRAFTS.get(str(declared).rstrip("#"), 2020), root
    root = with_null(root)
    named = ((draft, {"$schema": _URIS[draft], **root}) for draft in _UNDECLARED)
    fits = (found for found in named if jsonschema_rs.meta.is_valid(found[1]))
    return next(fits, (2020, {"$schema": _URIS[2020], **root}))
