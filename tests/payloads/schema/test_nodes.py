"""How a schema is compiled: once for each conjunction, as far as the budget goes, and finite where it is endless."""

from random import Random
from typing import Any

import pytest

from frontsim.payloads.schema.drawing.draw_context import DrawContext
from frontsim.payloads.schema.nodes import Compiler
from frontsim.payloads.schema.reading.facts import Term
from frontsim.schemas.read import Contradiction, Document

TREE: dict[str, Any] = {
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            },
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/tree",
}


def drawn(schema: dict[str, Any], *, budget: int = 10_000, seed: int = 1) -> Any:
    draw = Compiler(Document(schema), strict=False, budget=budget).root()
    return draw(DrawContext(Random(seed)))


def depth(tree: dict[str, Any]) -> int:
    return 1 + max(map(depth, tree.get("children", [])), default=0)


def test_one_conjunction_is_one_node() -> None:
    """In any order of its schemas; a name suggests other values, so another name is another node."""
    document = Document({"properties": {"a": {"type": "string"}, "b": {"maxLength": 3}}})
    compiler = Compiler(document, strict=False)
    one, other = (
        Term(document.child(document.child(document.top, "properties"), name), positive=True) for name in ("a", "b")
    )
    assert compiler.node([one, other], ()) is compiler.node([other, one], ())
    assert compiler.node([one, other], ()) is not compiler.node([one, other], ("price",))
    assert compiler.node([one], ()) is not compiler.node([other], ())


def test_a_schema_that_contains_itself_ends() -> None:
    """Deep draws are lean: only what is required, so a tree has few levels."""
    depths = {depth(drawn(TREE, seed=seed)) for seed in range(40)}
    assert 1 < max(depths) <= 10


def test_values_do_not_depend_on_the_budget_of_the_compiler() -> None:
    """What is compiled when it is first drawn is valid like the rest."""
    document = Document(TREE)
    assert all(document.validator.is_valid(drawn(TREE, budget=budget)) for budget in (0, 1, 2, 10_000))


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"type": "string", "minLength": 3, "maxLength": 2}, "maxLength"),
        ({"anyOf": [False, {"type": "integer", "minimum": 3, "maximum": 2}]}, "maximum"),
    ],
)
def test_a_schema_that_nothing_fulfils_names_the_keyword(schema: dict[str, Any], keyword: str) -> None:
    with pytest.raises(Contradiction) as told:
        drawn(schema)
    assert keyword == told.value.keyword


def test_every_value_contains_another_endlessly() -> None:
    with pytest.raises(Contradiction):
        drawn({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]})


def test_of_a_choice_with_null_null_is_seldom() -> None:
    values = [drawn({"anyOf": [{"type": "null"}, {"type": "integer"}]}, seed=seed) for seed in range(200)]
    assert 0 < values.count(None) < 60
