import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.payloads.factory import Payloads
from frontsim.payloads.standalone.builders import BUILDERS

TYPES = catalog.load()
NAMES = [kind.name for kind in TYPES]
SEEDS = (1, 2, 3, 4, 5)
NEVER_EMPTY = ("orderLines", "paymentLines", "fulfillmentLocation.shipments[].items")
"""An order has lines, or does not show them; a total is seldom 0; a parcel holds something."""


@cache
def payloads(seed: int) -> Payloads:
    return Payloads(TYPES, seed=seed)


def test_every_published_type_has_a_builder() -> None:
    """21 types, 21 builders."""
    assert set(NAMES) == set(BUILDERS)
    assert len(NAMES) == 21


@pytest.mark.parametrize("event", NAMES)
def test_everything_that_a_schema_knows_occurs(event: str) -> None:
    """Every field with every type, null and enum value that its schema allows; nullable lists are also empty."""
    seen: dict[str, set[object]] = defaultdict(set)
    for number in range(2000):
        _note(orjson.loads(payloads(SEEDS[number % 5]).build(event, number).body), "", seen)

    for path, schema in _fields(TYPES.find(event).schema, ""):
        kinds = schema.get("type", [])
        wanted = set(kinds if isinstance(kinds, list) else [kinds]) | set(schema.get("enum", []))
        if path == "createdById" and event == "StockMovementCreated":
            wanted.discard("integer")  # a string in the one receiver that is known; both are accepted, one is sent
        if {"array", "null"} <= wanted and path not in NEVER_EMPTY:
            wanted.add("empty")
        assert set() == wanted - seen[path], path


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}".strip("."), inner
        yield from _fields(inner, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[]".strip("."), schema["items"]
        yield from _fields(schema["items"], f"{path}[]")


def _note(value: object, path: str, seen: dict[str, set[object]]) -> None:
    found = seen[path.strip(".")]
    found.add(_kind(value))
    if isinstance(value, float | int) and not isinstance(value, bool):
        found.add("number")
    if isinstance(value, str) and len(found) < 100:
        found.add(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            _note(inner, f"{path}.{name}", seen)
    if isinstance(value, list):
        if not value:
            found.add("empty")
        for inner in value:
            _note(inner, f"{path}[]", seen)


def _kind(value: object) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
    return "null" if value is None else kinds[type(value)]


@pytest.mark.parametrize("event", NAMES)
def test_moments_have_the_vendors_form(event: str) -> None:
    """No zone, trailing zeros cut, milliseconds that end in 0, 3 or 7: in every field that is a moment."""
    moments = {
        text
        for number in range(200)
        for name, text in _texts(orjson.loads(payloads(1).build(event, number).body))
        if name.endswith(("DateTime", "TimeStamp")) or name in {"ins", "orderDate", "birthday", "dateTimeFrom"}
    }

    assert len(moments) > 100
    for text in moments:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?", text), text
        assert text.partition(".")[2].ljust(3, "0")[2] in "037", text


def _texts(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield name, inner
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def test_texts_are_sometimes_hard_to_store() -> None:
    """Among 500 sales: a long comment, an emoji, quotes, a newline, letters of the North, an empty text."""
    comments = [orjson.loads(payloads(1).build("SaleCreated", number).body)["comment"] for number in range(500)]
    texts = [comment for comment in comments if comment is not None]

    assert 50 < len(texts) < 250
    for hard in ("🎁", '"', "\n", "æ", "\\", "<script>"):
        assert any(hard in text.lower() for text in texts), hard
    assert "" in texts
    assert max(map(len, texts)) > 2000
