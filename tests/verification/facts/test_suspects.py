import pytest

from frontsim import catalog
from frontsim.verification.facts.suspects import Suspect, null_paths, provenance_of, sentence, suspects

CATALOG = catalog.load()
SCHEMA = {
    "properties": {
        "sku": {"x-provenance": "inferred(low): no source says that it is sent"},
        "gtin": {"x-provenance": "seen: in a bridge"},
        "lines": {"items": {"$ref": "#/$defs/line"}},
        "customer": {"anyOf": [{"type": "null"}, {"properties": {"name": {"x-provenance": "open"}}}]},
    },
    "$defs": {"line": {"properties": {"price": {"x-provenance": "published: 2.1"}}}},
}


def test_a_suspect_is_null_where_refused_and_never_where_taken():
    """Of all nulls of a refused payload those that no accepted one has."""
    refused = {"sku": None, "gtin": None, "lines": [{"price": 1}, {"price": None}]}
    taken = [{"sku": "a", "gtin": None, "lines": []}]
    found = suspects(refused, taken, SCHEMA)
    assert ["lines[].price", "sku"] == [each.path for each in found]
    assert [False, True] == [each.is_guessed for each in found]
    assert () == suspects({"sku": "a"}, [], SCHEMA)


@pytest.mark.parametrize(
    ("answer", "paths"), [("SKU is required", ["sku"]), ("skus", ["gtin", "sku"]), ("", ["gtin", "sku"])]
)
def test_an_answer_that_names_a_field_tells_which(answer, paths):
    """In any case, as a whole word."""
    assert paths == [each.path for each in suspects({"sku": None, "gtin": None}, [], SCHEMA, answer=answer)]


def test_a_field_that_was_seen_but_never_null_is_a_guess():
    """A bridge requires `sku`; that it may be null is ours."""
    (found,) = suspects({"sku": None}, [], CATALOG.find("StockMovementCreated").schema)
    assert (True, True) == (found.provenance.startswith("seen: "), found.is_guessed)
    (found,) = suspects({"city": None}, [], CATALOG.find("CustomerCreated").schema)
    assert not found.is_guessed


def test_a_field_is_told_with_its_provenance():
    """Three of them, and how many more."""
    assert "`sku` null: inferred(low): no source says that it is sent" == sentence(suspects({"sku": None}, [], SCHEMA))
    many = [Suspect(name, "") for name in "abcde"]
    assert sentence(many).endswith("`c` null: its schema does not say where it is known from; 2 more fields are null")
    assert "" == sentence([])
    assert "x" * 160 + "..." == str(Suspect("a", "x" * 200)).partition(": ")[2]


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("lines[].price", "published: 2.1"),
        ("lines[3].price", "published: 2.1"),
        ("customer.name", "open"),
        ("customer.age", ""),
        ("lines[]", ""),
        ("nothing.here", ""),
    ],
)
def test_the_schema_says_where_a_field_is_known_from(path, known):
    """Through references, lists and parts that may be null."""
    assert known == provenance_of(SCHEMA, path)


def test_paths_of_nulls_have_no_positions():
    assert ["a.b", "c[].d", "c[]"] == list(null_paths({"a": {"b": None}, "c": [{"d": None, "e": 1}, None]}))


def test_each_field_of_the_bundled_types_is_known():
    """Where it comes from stands in its schema."""
    for kind in CATALOG:
        for name in kind.schema["properties"]:
            assert provenance_of(kind.schema, name), (kind.name, name)
