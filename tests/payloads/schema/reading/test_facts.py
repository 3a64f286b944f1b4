from fractions import Fraction

import pytest

from frontsim.payloads.schema.reading.facts import SchemaFacts, accepts_leaf, exact, kinds_of, matches, same
from frontsim.schemas.read import Contradiction


def test_numbers_are_exact() -> None:
    """As they are written, not as a float holds them."""
    assert (Fraction(1, 100), Fraction(3)) == (exact(0.01), exact(3))


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (True, ("boolean",)),
        (1, ("integer", "fraction")),
        (1.0, ("integer", "fraction")),
        (1.5, ("fraction",)),
        (None, ("null",)),
        ("a", ("string",)),
        ([], ("array",)),
        ({}, ("object",)),
    ],
)
def test_kinds_of(value: object, kinds: tuple[str, ...]) -> None:
    """JSON's types; a whole number counts as integer and as fraction."""
    assert kinds == kinds_of(value)


def test_values_are_the_same_as_json_means_it() -> None:
    """1 is 1.0 but not true."""
    assert same(1, 1.0)
    assert not same(1, True)


def test_patterns_are_searched_not_matched() -> None:
    """As ECMA-262 does: anywhere in the text, unless anchored."""
    assert matches("b+", "abc")
    assert not matches("^b+$", "abc")


def test_the_last_kind_that_goes_is_a_contradiction() -> None:
    """It names the keyword that took it; a copy is not touched."""
    facts = SchemaFacts()
    copy = facts.copy()
    copy.keep(frozenset({"string"}), "type", "#/type", "no")
    copy.hints.add("string")

    with pytest.raises(Contradiction, match="minimum at #/minimum"):
        copy.keep(frozenset({"integer"}), "minimum", "#/minimum", "no number is left")
    assert (7, set()) == (len(facts.kinds), facts.hints)


def test_leaves_are_checked_by_all_their_keywords() -> None:
    """Without any, everything is accepted."""
    assert accepts_leaf(SchemaFacts())("anything")
    accepts = accepts_leaf(SchemaFacts(leaf=[{"minLength": 2}, {"pattern": "^a"}]))
    assert [True, False, False] == [accepts(text) for text in ("ab", "a", "ba")]
