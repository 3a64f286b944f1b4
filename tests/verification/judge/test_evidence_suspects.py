import pytest

from frontsim import catalog
from frontsim.schemas.read import document_of
from frontsim.verification.judge.evidence import Suspect, null_paths, sentence, suspects
from tests.support.pulled_schema import in_draft_7

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
ALL = ["customer.name", "sku", "tags[]"]


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
    """A bridge requires every field of a movement; that `sku`, `gtin` and `createdById` may be null is ours."""
    schema = CATALOG.find("StockMovementCreated").schema
    nulls = [name for name, field in schema["properties"].items() if "null" in field["type"]]
    found = suspects(dict.fromkeys(nulls), [], schema)
    assert ["createdById", "gtin", "sku"] == [each.path for each in found]
    assert all(each.provenance.startswith("seen: ") and each.is_guessed for each in found)
    (found,) = suspects({"city": None}, [], CATALOG.find("CustomerCreated").schema)
    assert not found.is_guessed


def test_a_suspect_field_is_named_with_its_provenance():
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
    assert known == document_of(SCHEMA).provenance(path)


def test_paths_of_nulls_have_no_positions():
    assert ["a.b", "c[].d", "c[]"] == list(null_paths({"a": {"b": None}, "c": [{"d": None, "e": 1}, None]}))


def test_each_field_of_the_bundled_types_is_known():
    """Where it comes from stands in its schema."""
    for kind in CATALOG:
        for name in kind.schema["properties"]:
            assert document_of(kind.schema).provenance(name), (kind.name, name)


@pytest.mark.parametrize(
    ("provenance", "is_guessed"),
    [("inferred(high): by its name", True), ("open", True), ("seen: in a bridge", False), ("published: 2.1", False)],
)
def test_what_no_source_shows_is_a_guess(provenance, is_guessed):
    assert is_guessed is Suspect("sku", provenance).is_guessed


def test_suspects_come_in_the_order_of_the_alphabet():
    assert list("abcdefgh") == [each.path for each in suspects(dict.fromkeys("hgfedcba"), [], {})]


def test_a_sentence_names_three_and_counts_the_others():
    """Three are all; what is known is cut after 160 characters."""
    known = [Suspect(name, "open") for name in "abc"]
    assert "`a` null: open; `b` null: open; `c` null: open" == sentence(known)
    assert "x" * 160 == str(Suspect("a", "x" * 160)).partition(": ")[2]


def test_a_payload_that_is_null_has_no_field_that_is():
    assert [] == list(null_paths(None))


@pytest.mark.parametrize(
    ("answer", "paths"),
    [("tags[0] must not be null", ["tags[]"]), ("name is missing", ["customer.name"]), ("customer", ALL), ("x", ALL)],
)
def test_a_field_is_named_by_the_last_part_of_its_path(answer, paths):
    """A list by its own name."""
    refused = {"tags": [None], "customer": {"name": None}, "sku": None}
    assert paths == [each.path for each in suspects(refused, [], SCHEMA, answer=answer)]


def test_a_part_that_is_null_says_nothing():
    """Nor does one that is true, or a provenance that is no text, or a field without any."""
    null = {"type": "null", "properties": {"name": {"x-provenance": "of null"}}}
    parts = [True, null, {"properties": {"name": {"x-provenance": "open"}, "age": {"x-provenance": 5}, "sex": {}}}]
    schema = {"properties": {"customer": {"anyOf": parts}}}
    known = [document_of(schema).provenance(f"customer.{name}") for name in ("name", "age", "sex")]
    assert ["open", "", ""] == known


def test_a_suspect_behind_the_definitions_of_draft_7_has_its_provenance():
    """As `contracts pull` may bring them."""
    refused = {"customer": {"email": None}, "salesLines": [{"gtin": None}]}
    ours = suspects(refused, [], CATALOG.find("SaleCreated").schema)
    assert all(each.provenance for each in ours)
    assert ours == suspects(refused, [], in_draft_7("SaleCreated", "customer"))
