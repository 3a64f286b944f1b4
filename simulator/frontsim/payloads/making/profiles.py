"""Payload profiles: how far payloads go within their schemas.

    strict        every field is there, none is null or empty text, all text is plain ASCII: what any receiver must take
    typical       null where a source shows null or no value at all; text as people write it, rarely odd
    adversarial   null, empty lists and hostile text wherever the schema allows them

The builders make typical payloads. This module turns them into the other two, with the schema at hand. It keeps the
fields that say what an event is about (identity, version, store), because tests follow events by them.

The user's own types have no builder: their typical and adversarial payloads are whatever the schema allows.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.payloads.world.seeded_draws import COLUMN_TEXTS, FREE_TEXTS
from frontsim.schemas.read import ANYTHING, Document, Place, document_of

Json = Any
"""A parsed JSON value."""
Schema = Mapping[str, Any]
Filler = Callable[[random.Random], Json]

STRICT, TYPICAL, ADVERSARIAL = "strict", "typical", "adversarial"
PROFILES = (STRICT, TYPICAL, ADVERSARIAL)
RECORDED = "recorded"
"""Bodies of a record, under fresh ids; typical ones for the types that it lacks."""


def profile_of(setting: str) -> str:
    """The profile that a setting names: one of `PROFILES`, or a record's file."""
    return setting if setting in PROFILES else RECORDED


_ODDS = 6
"""An adversarial payload changes one in so many of the fields that it may change."""
_LONGEST_PLAIN = 120
_BIRTHDAY = "1985-06-15T00:00:00"
_FOLDED = str.maketrans({"æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "å": "a", "Å": "A", "ð": "d", "ß": "ss"})
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,:;/+@_()-]+")


class Profiles:
    """Turns typical payloads into those of another profile.

    Args:
        catalog: has the schemas.
        seed: decides every choice.
    """

    def __init__(self, catalog: Catalog, *, seed: int) -> None:
        self._catalog = catalog
        self._seed = seed
        self._fillers: dict[tuple[str, str], Filler] = {}
        self._documents: dict[str, Document] = {}

    def apply(self, profile: str, made: Occurrence, number: int) -> Occurrence:
        """The occurrence in that profile; the same for the same seed and number."""
        if profile in (TYPICAL, RECORDED):
            return made
        kind = self._catalog.find(made.event)
        key = blake2b(f"{self._seed}/{profile}/{made.event}/{number}".encode(), digest_size=16).digest()
        rng = random.Random(int.from_bytes(key, "little"))  # noqa: S311 - fake data
        value = orjson.loads(made.body)
        document = self._documents.get(kind.name) or document_of(kind.schema)
        self._documents[kind.name] = document
        if profile == STRICT:
            strict = _Strict(kind, document, rng, self._fillers, moment=_first_moment(value))
            changed = strict.filled(value, document.top)
        else:
            changed = _Adversarial(kind, document, rng).changed(value, document.top)
        body = orjson.dumps(changed)
        if not self._catalog.is_valid(kind.name, body):  # the schema has a keyword that this module does not read
            return made
        return Occurrence(made.event, body, made.store_id)


class _Strict:
    """Fills one payload: each null or missing field, and each empty text, gets a value."""

    def __init__(
        self,
        kind: EventType,
        document: Document,
        rng: random.Random,
        fillers: dict[tuple[str, str], Filler],
        *,
        moment: str,
    ) -> None:
        self._kind = kind
        self._document = document
        self._rng = rng
        self._fillers = fillers
        self._moment = moment

    def filled(self, value: Json, place: Place, name: str = "", path: str = "") -> Json:
        schema = self._document.merged(place)
        if value is None or value == "":
            value = self._new(schema, name, path)
        if isinstance(value, dict):
            known = self._document.fields(place)
            names = dict.fromkeys([*known, *value])
            return {key: self.filled(value.get(key), known.get(key, ANYTHING), key, f"{path}.{key}") for key in names}
        if isinstance(value, list):
            entry = next(iter(self._document.inside(place, "[]")), ANYTHING)
            return [self.filled(item, entry, name, f"{path}[]") for item in value]
        return (plain(value) or "text") if isinstance(value, str) and _is_free(schema) else value

    def _new(self, schema: Schema, name: str, path: str) -> Json:
        """A value for a field without one: as its type, its example or its name says."""
        named = schema.get("type", ())
        kinds = frozenset([named] if isinstance(named, str) else named)
        if "object" in kinds:
            return {}
        if "array" in kinds:
            return [None] if "items" in schema else []
        if name == "birthday":
            return _BIRTHDAY
        if self._moment and "string" in kinds and name.endswith("DateTime"):
            return self._moment
        examples = [item for item in schema.get("examples", ()) if item is not None and item != ""]
        if not examples:
            key = (self._kind.name, path)
            if key not in self._fillers:
                self._fillers[key] = _filler(schema, self._document.root, name)
            return self._fillers[key](self._rng)
        if isinstance(examples[0], str) and _is_free(schema):
            return re.sub(r"[1-9]", lambda _: str(self._rng.randint(1, 9)), examples[0])
        return examples[0]


def _filler(schema: Schema, root: Schema, name: str) -> Filler:
    """Draws values for a field of that name, which are null only if the schema allows nothing else."""
    # Only the strict profile needs these modules: without them a simulator starts faster.
    from frontsim.payloads.making.corrections import PLAUSIBLE  # noqa: PLC0415
    from frontsim.schemas.draw import drawer_of  # noqa: PLC0415

    field = {"allOf": [schema, {"not": {"type": "null"}}]}
    if isinstance(schema.get("type"), list):
        field = {**schema, "type": [kind for kind in schema["type"] if kind != "null"]}
    whole = {"$schema": root.get("$schema"), "$defs": root.get("$defs", {}), "properties": {name: field}}
    try:
        schema = {**{key: item for key, item in whole.items() if item}, "type": "object", "required": [name]}
        drawer = drawer_of(schema, PLAUSIBLE)
    except BadInput:
        return lambda _rng: None
    return lambda rng: _field(drawer.draw(rng), name)


def _field(value: Json, name: str) -> Json:
    return value[name]


def plain(text: str) -> str:
    """Text in ASCII letters, digits and simple punctuation, at most 120 characters: `Ødegård` is `Odegard`."""
    folded = unicodedata.normalize("NFKD", text.translate(_FOLDED)).encode("ascii", "ignore").decode()
    return " ".join(_NOT_PLAIN.sub(" ", folded).split())[:_LONGEST_PLAIN].strip()


def _first_moment(value: Json) -> str:
    """The payload's first date-time, for date-times that are missing, so that all times are of one clock."""
    fields = value.items() if isinstance(value, dict) else ()
    return str(next((item for name, item in fields if name.endswith("DateTime") and item), ""))


class _Adversarial:
    """Makes some fields of one payload null, lists empty and texts hostile, as far as the schema allows."""

    def __init__(self, kind: EventType, document: Document, rng: random.Random) -> None:
        self._document = document
        self._rng = rng
        self._kept = {path for path in (kind.identity, kind.store, *kind.version) if path}

    def changed(self, value: Json, place: Place, path: str = "") -> Json:
        if path in self._kept:
            return value
        if path and self._document.allows_null(place) and self._rng.randrange(_ODDS) == 0:
            return None
        schema = self._document.merged(place)
        if isinstance(value, dict):
            known = self._document.fields(place)
            return {
                name: self.changed(item, known.get(name, ANYTHING), f"{path}.{name}".lstrip("."))
                for name, item in value.items()
            }
        if isinstance(value, list):
            if not schema.get("minItems") and self._rng.randrange(2 * _ODDS) == 0:
                return []
            entry = next(iter(self._document.inside(place, "[]")), ANYTHING)
            return [self.changed(item, entry, f"{path}[]") for item in value]
        if isinstance(value, str) and _is_free(schema) and self._rng.randrange(_ODDS) == 0:
            text = self._rng.choice(("", *FREE_TEXTS, *COLUMN_TEXTS))
            least, most = schema.get("minLength", 0), schema.get("maxLength", len(text))
            return text if least <= len(text) <= most else value
        return value


def _is_free(schema: Schema) -> bool:
    """A text is free if no keyword restricts it."""
    return not any(keyword in schema for keyword in ("format", "enum", "const", "pattern"))
