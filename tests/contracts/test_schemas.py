"""The bundled schemas say what is known of the vendor's payloads, and say how sure it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frontsim import bundled

CONTRACTS = bundled.folder("contracts")
SCHEMAS = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((CONTRACTS / "schemas").glob("*.json"))}
REFERENCE = Path(__file__).parents[3] / "shared/reference/payload-fields.json"

SURENESS = re.compile(r"(published( \((name|content) only\))?|seen|inferred\((high|medium|low)\))(: \S|$)")
OPTIONAL = {("StockReservationExpired", "isReleased")}
"""Fields that the reference calls optional; every other one is always there."""
TAKES_MORE = {("StockMovementCreated", "createdById"): ["integer"]}
"""Fields of which the reference says that two types must be taken."""
DATE_TIMES = {
    True: [
        "2021-12-09T08:50:46.02",
        "2026-08-01T10:12:06.313",
        "2026-08-01T00:00:00",
        "2021-12-09T08:50:33.0000000+00:00",
    ],
    False: [
        "2021-12-09",
        "2021-12-09 08:50:46",
        "09.12.2021",
        "2021-13-09T08:50:46",
        "2021-12-09T24:50:46",
        "",
        "2021-12-09T08:50:46.",
    ],
}

pytestmark = pytest.mark.parametrize("name", SCHEMAS)


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema and every property and item in it, by dotted path (`lines[].price`)."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


def types_of(node: dict[str, Any]) -> list[str]:
    stated = node.get("type", "any")
    return sorted([stated] if isinstance(stated, str) else stated)


@pytest.mark.skipif(
    not REFERENCE.exists(), reason="the vendor's field tables lie beside the checkout, where CI puts them"
)
def test_every_known_field_is_there_with_its_type(name: str) -> None:
    """Each field of the reference stands in its type's schema with the stated type, null and enum."""
    stated = dict(nodes(SCHEMAS[name]))
    for field in json.loads(REFERENCE.read_text("utf-8"))[name]["fields"]:
        node = stated[field["path"]]
        nullable = ["null"] if field["nullable"] and field["type"] != "any" else []  # no type at all takes null too
        expected = sorted([field["type"], *nullable, *TAKES_MORE.get((name, field["path"]), [])])
        assert expected == types_of(node), field["path"]
        assert field["enum"] == node.get("enum"), field["path"]
        assert (field["format"] or "").startswith("date-time") == (node.get("$ref") == "#/$defs/dateTime"), field[
            "path"
        ]


@pytest.mark.skipif(
    not REFERENCE.exists(), reason="the vendor's field tables lie beside the checkout, where CI puts them"
)
def test_a_schema_has_no_field_that_the_reference_lacks(name: str) -> None:
    """A schema has no field that the reference lacks."""
    known = {field["path"] for field in json.loads(REFERENCE.read_text("utf-8"))[name]["fields"]}
    assert set() == {path for path, _ in nodes(SCHEMAS[name]) if path and not path.endswith("[]")} - known


def test_every_field_is_required_unless_known_to_be_optional(name: str) -> None:
    """`required` holds every property, in its order, but for those that are known to be optional."""
    for path, node in nodes(SCHEMAS[name]):
        expected = [
            field for field in node.get("properties", {}) if (name, f"{path}.{field}".lstrip(".")) not in OPTIONAL
        ]
        assert expected == node.get("required", []), path


def test_every_field_is_explained(name: str) -> None:
    """Each property, and the whole, has a description and says how sure it is: published, seen or inferred."""
    for path, node in nodes(SCHEMAS[name]):
        if path.endswith("[]"):
            continue  # an array's own description speaks of its items
        assert len(node["description"]) > 5, path
        assert SURENESS.match(node["x-provenance"]), path


def test_unknown_fields_are_let_through(name: str) -> None:
    """No object is closed: the vendor may add a field any day."""
    for path, node in nodes(SCHEMAS[name]):
        assert node.get("additionalProperties", True) is True, path
        assert "unevaluatedProperties" not in node, path


def test_the_example_is_complete(name: str) -> None:
    """The example names every field, with at least one item in every list that it does not leave null."""
    example = SCHEMAS[name]["examples"][0]
    assert list(SCHEMAS[name]["properties"]) == list(example)


def test_date_times_have_the_vendors_form(name: str) -> None:
    """Date-times are local, without a zone and with the fraction cut short: a pattern, as RFC 3339 wants a zone."""
    pattern = re.compile(SCHEMAS[name]["$defs"]["dateTime"]["pattern"])
    for expected, texts in DATE_TIMES.items():
        for text in texts:
            assert expected is bool(pattern.search(text)), text
    assert not [path for path, node in nodes(SCHEMAS[name]) if node.get("format") in {"date-time", "date", "time"}]


def test_the_schema_is_named_after_its_type(name: str) -> None:
    """Dialect 2020-12, an id that no program would fetch, and the type's name as title."""
    schema = SCHEMAS[name]
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert (f"urn:frontsim:schema:{name}", name) == (schema["$id"], schema["title"])
