import pytest

from frontsim.payloads.schema.reading.branches import MOST, alternatives, exclusive
from frontsim.payloads.schema.reading.facts import SchemaFacts, Term
from frontsim.schemas.read import Contradiction, Document, Json


def found(schema: Json, *, strict: bool = False) -> list[SchemaFacts]:
    document = Document(schema)
    return alternatives(document, [Term(document.top, positive=True)], strict=strict)


def test_each_branch_is_an_alternative() -> None:
    """anyOf and oneOf; those that contradict the rest are dropped."""
    assert [{"string"}, {"null"}] == [
        set(facts.kinds) for facts in found({"anyOf": [{"type": "string"}, {"type": "null"}]})
    ]
    assert 1 == len(found({"type": "string", "oneOf": [{"type": "string"}, {"type": "null"}]}))


def test_all_must_hold_at_once() -> None:
    """allOf and $ref add to the same facts."""
    [facts] = found(
        {"allOf": [{"minLength": 2}, {"$ref": "#/$defs/short"}], "$defs": {"short": {"type": "string", "maxLength": 3}}}
    )

    assert ({"string"}, (2, 3)) == (set(facts.kinds), facts.lengths)


def test_no_alternative_is_a_contradiction() -> None:
    """It names the keyword that ruled out the last one."""
    with pytest.raises(Contradiction, match="type"):
        found({"type": "string", "anyOf": [{"type": "null"}, {"type": "integer"}]})


def test_of_very_many_alternatives_a_sample_is_taken() -> None:
    """Always the same one for the same schema."""
    choice = {"anyOf": [{"minLength": number} for number in range(8)]}
    schema = {"type": "string", "allOf": [choice, choice, choice, choice]}

    assert 0 < len(found(schema)) <= MOST
    assert [facts.lengths for facts in found(schema)] == [facts.lengths for facts in found(schema)]


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        ([{"type": "string"}, {"type": "null"}], True),
        ([{"type": "integer"}, {"type": "number"}], False),
        ([{"type": "string"}, {"minLength": 2}], False),
        ([{"$ref": "#/$defs/a"}, {"type": "null"}], True),
    ],
)
def test_branches_whose_types_are_disjoint_exclude_each_other(branches: list[Json], expected: bool) -> None:
    """Then no value need be checked against the other branches of a oneOf."""
    document = Document({"oneOf": branches, "$defs": {"a": {"type": "string"}}})

    assert expected is exclusive(document, document.top)
