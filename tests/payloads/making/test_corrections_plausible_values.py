"""A field's name says which values are plausible."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from frontsim.payloads.world.seeded_draws import gtin13
from tests.schemas.drawing import drawer


def _is_gtin(value: Any) -> bool:
    return bool(gtin13(value[:12]) == value)


@pytest.mark.parametrize(
    ("name", "schema", "plausible"),
    [
        ("gtin", {"type": "string"}, _is_gtin),
        ("customerEmail", {"type": "string"}, re.compile(r"[a-z.0-9]+@example\.com").fullmatch),
        (
            "createdDateTime",
            {"type": "string"},
            re.compile(r"2026-..-..T..:..:..(\.\d{1,3})?(?<!0)|.*T[^.]+").fullmatch,
        ),
        ("createdDateTime", {"type": "string", "format": "date-time"}, re.compile(r".*(Z|[+]0[12]:00)").fullmatch),
        ("orderDate", {"type": "string", "format": "date"}, re.compile(r"2026-\d\d-\d\d").fullmatch),
        ("currency", {"type": "string"}, {"NOK", "SEK", "DKK"}.__contains__),
        ("currency", {"type": "string", "pattern": "^EUR$"}, {"EUR"}.__contains__),
        ("receiptUrl", {"type": "string", "format": "uri"}, re.compile("https://.*").fullmatch),
        ("price", {"type": "number"}, lambda value: 49 <= value <= 4999 and round(value, 2) == value),
        ("price", {"type": "integer", "minimum": 10**6}, lambda value: value >= 10**6),
        ("quantity", {"type": "integer"}, lambda value: 1 <= value <= 6),
        ("quantity", {}, lambda value: 1 <= value <= 6),
        ("saleId", {"type": "integer", "format": "int32"}, lambda value: 10**8 <= value < 10**9),
        ("storeName", {"type": "string"}, re.compile("Butikk .*").fullmatch),
        ("emails", {"type": "array", "items": {"type": "string"}}, lambda value: all("@" in item for item in value)),
        ("store", {"properties": {"name": {"type": "string"}}, "required": ["name"]}, lambda v: "Butikk" in v["name"]),
        ("reference", {"type": "string", "examples": ["ORD456"]}, re.compile(r"ORD[1-9]{3}").fullmatch),
    ],
)
def test_a_field_s_name_steers_what_is_drawn(name: str, schema: Any, plausible: Callable[[Any], object]) -> None:
    """Where the schema allows it, a field looks like what its name says."""
    drawn_by = drawer({"type": "object", "properties": {name: schema}, "required": [name]})
    for seed in range(50):
        value: Any = drawn_by.draw(random.Random(seed))
        assert plausible(value[name]), value
