"""Builders' payloads under another schema."""

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from frontsim import bundled, catalog
from frontsim.payloads.making.corrections import Corrector
from frontsim.payloads.making.factory import Payloads

LINE = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "required": ["id", "lines"],
    "properties": {
        "id": {"type": "integer"},
        "kind": {"$ref": "#/$defs/kind"},
        "lines": {"type": "array", "items": LINE},
    },
    "additionalProperties": False,
    "$defs": {"kind": {"enum": ["a", "b"]}},
}


def corrected(value: Any) -> Any:
    before = copy.deepcopy(value)
    result = Corrector(SCHEMA).corrected(value, Random(1))
    assert before == value
    return result


def test_what_is_allowed_is_kept():
    """The very same value."""
    value = {"id": 1, "kind": "a", "lines": [{"sku": "x"}]}
    assert value is corrected(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"id": "7", "lines": []}, {"id": 7, "lines": []}),
        ({"id": 7.0, "lines": [{"sku": 12}]}, {"id": 7.0, "lines": [{"sku": "12"}]}),
        ({"id": 7, "more": 1, "lines": []}, {"id": 7, "lines": []}),
    ],
)
def test_only_what_breaks_the_schema_is_changed(value: Any, kept: Any):
    """Digits and numbers turn into each other; what is too much goes."""
    assert kept == corrected(value)


def test_what_is_missing_or_wrong_is_drawn_from_its_schema():
    """Within lists and through references, too; what is right beside it stays."""
    result = corrected({"id": 7, "kind": "z", "lines": [{"note": 1}, {"sku": None}, {"sku": "x"}]})
    assert result["kind"] in ("a", "b")
    first, second, third = result["lines"]
    assert isinstance(first["sku"], str)
    assert (1, 7, {"sku": "x"}) == (first["note"], result["id"], third)
    assert isinstance(second["sku"], str)


def test_a_value_of_another_kind_is_drawn_anew():
    """Nothing of it can be kept."""
    assert {"id", "lines"} <= corrected([]).keys()


def test_payloads_follow_a_users_schema_of_a_bundled_type(tmp_path: Path):
    """Ids become text, a field is added, null goes; all else is as our builder made it; the same bytes each time."""
    schema = json.loads((bundled.folder("contracts") / "schemas" / "StockMovementCreated.json").read_text("utf-8"))
    schema["properties"]["movementId"] = {"type": "string"}
    schema["properties"]["sku"] = {"type": "string"}
    schema["properties"]["reasonCode"] = {"type": "string", "enum": ["R1", "R2"]}
    schema["required"] = [*schema["required"], "reasonCode"]
    schema.pop("examples", None)
    (tmp_path / "StockMovementCreated.json").write_text(json.dumps(schema))
    known = catalog.load(tmp_path)
    for number in range(40):
        ours = orjson.loads(Payloads(catalog.load(), seed=3).build("StockMovementCreated", number).body)
        made = Payloads(known, seed=3).build("StockMovementCreated", number).body
        assert made == Payloads(known, seed=3).build("StockMovementCreated", number).body
        known.check("StockMovementCreated", made)
        theirs = orjson.loads(made)
        assert theirs.pop("reasonCode") in ("R1", "R2")
        assert str(ours.pop("movementId")) == theirs.pop("movementId")
        sku = theirs.pop("sku")
        assert ours.pop("sku") in (sku, None)
        assert ours == theirs
