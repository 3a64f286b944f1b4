import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.payloads.documents.builders import BUILDERS
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.world.moments import of, text

TYPES = catalog.load()
NAMES = [kind.name for kind in TYPES]
SEEDS = (1, 2, 3, 4, 5)
HAPPENED = (
    *("saleDateTime", "createdDateTime", "updatedDateTime", "receivedDateTime", "completedDateTime"),
    *("settlementTimeStamp", "ins"),
)
"""Fields of moments that lie in an event's past."""


@cache
def payloads(seed: int) -> Payloads:
    return Payloads(TYPES, seed=seed)


def test_every_published_type_has_a_builder() -> None:
    """21 types, 21 builders."""
    assert set(NAMES) == set(BUILDERS)
    assert len(NAMES) == 21


@pytest.mark.parametrize("event", NAMES)
def test_every_value_of_an_enumeration_occurs(event: str) -> None:
    """Every field with every type but null, and every enum value, that its schema allows."""
    wanted = {path: kinds for path, schema in _fields(TYPES.find(event).schema, "") if (kinds := _wanted(schema))}
    if event == "StockMovementCreated":
        wanted["createdById"].discard("integer")  # a string in the one receiver that is known; both are accepted
    seen: dict[str, set[object]] = defaultdict(set)
    for number in range(2000):
        _note(orjson.loads(payloads(SEEDS[number % 5]).build(event, number).body), "", seen)
        if number % 50 == 49 and all(kinds <= seen[path] for path, kinds in wanted.items()):
            break
    assert {} == {path: missing for path, kinds in wanted.items() if (missing := kinds - seen[path])}


@pytest.mark.parametrize("event", NAMES)
def test_an_event_happens_when_it_is_wanted(event: str) -> None:
    """Given a moment, the newest moment in the payload that is not in the future is that one."""
    at = of(datetime(2031, 5, 6, 12))  # noqa: DTZ001 - the vendor's moments carry no zone
    for number in range(60):
        body = orjson.loads(payloads(1).build(event, number, at=at).body)
        names = ("expirationDateTime",) if event == "StockReservationExpired" else HAPPENED
        moments = {name: value for name, value in body.items() if name in names and value is not None}
        assert text(at)[:16] == max(moments.values())[:16], (number, moments)


def _wanted(schema: Mapping[str, Any]) -> set[object]:
    kinds = schema.get("type", [])
    return (set(kinds if isinstance(kinds, list) else [kinds]) | set(schema.get("enum", []))) - {"null", None}


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
        moment
        for number in range(200)
        for name, moment in _texts(orjson.loads(payloads(1).build(event, number).body))
        if name.endswith(("DateTime", "TimeStamp")) or name in {"ins", "orderDate", "birthday", "dateTimeFrom"}
    }

    assert len(moments) > 100
    for each in moments:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?", each), each
        assert each.partition(".")[2].ljust(3, "0")[2] in "037", each


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
    """Among 3,000 sales: a long comment, an emoji, quotes, a newline, letters of the North, an empty text."""
    comments = [orjson.loads(payloads(1).build("SaleCreated", number).body)["comment"] for number in range(3000)]
    texts = [comment for comment in comments if comment is not None]

    assert 700 < len(texts) < 1300
    for hard in ("🎁", '"', "\n", "æ", "\\", "<script>"):
        assert any(hard in text.lower() for text in texts), hard
    assert "" in texts
    assert max(map(len, texts)) > 2000
