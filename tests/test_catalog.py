"""The catalogue knows each event type by its name, and judges and explains payloads."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.catalog import Catalog
from frontsim.errors import InvalidPayload, UnknownEventType, Unusable

PARCEL = {
    "type": "object",
    "required": ["parcel"],
    "properties": {"parcel": {"type": "object", "properties": {"id": {"type": "integer"}}}},
}
BUNDLED = catalog.load()


def folder(path: Path, schemas: dict[str, Any], events: list[Any] | None = None) -> Path:
    (path / "schemas").mkdir(parents=True)
    for name, schema in schemas.items():
        (path / "schemas" / f"{name}.json").write_text(json.dumps(schema), "utf-8")
    if events is not None:
        (path / "events.json").write_text(json.dumps(events), "utf-8")
    return path


def example(name: str, change: Callable[[dict[str, Any]], object] = dict.copy) -> bytes:
    value = json.loads(json.dumps(BUNDLED.find(name).schema["examples"][0]))
    change(value)
    return orjson.dumps(value)


def test_the_bundled_types_come_in_their_files_order() -> None:
    """21 types, in the order of the guide's list, each with its schema as it is served."""
    assert (21, "SaleCreated", "StockReservationExpired") == (
        len(BUNDLED),
        next(iter(BUNDLED)).name,
        list(BUNDLED)[-1].name,
    )
    for each in BUNDLED:
        assert each.schema == orjson.loads(each.schema_json)
        assert b"\n" not in each.schema_json
    assert ("customerId", ("updatedDateTime",), "registeredStoreId") == (
        BUNDLED.find("CustomerUpdated").identity,
        BUNDLED.find("CustomerUpdated").version,
        BUNDLED.find("CustomerUpdated").store,
    )


@pytest.mark.slow
def test_a_start_does_not_wait_for_jsonschema() -> None:
    """The module that explains a bad payload takes 0.7 s to import: neither loading nor judging needs it."""
    code = (
        "import sys; from frontsim import catalog; catalog.load().is_valid('SaleCreated', b'{}'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "jsonschema_rs" in loaded
    assert "jsonschema" not in loaded


def test_the_bundled_types_are_read_once_a_process() -> None:
    """A run of `verify` starts a simulator for each scenario."""
    assert catalog.load() is catalog.load()


def test_types_are_facts() -> None:
    """A type can be compared, hashed and shown in a line; it cannot be changed."""
    sale = BUNDLED.find("SaleCreated")
    assert {sale} == {catalog.load().find("SaleCreated")}
    assert len(repr(sale)) < 1000
    with pytest.raises(AttributeError):
        sale.name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["SaleCreated", "salecreated", "SALECREATED"])
def test_a_name_is_found_in_any_case(name: str) -> None:
    """Names are matched whatever their case, and keep the catalogue's own."""
    assert "SaleCreated" == BUNDLED.find(name).name
    assert BUNDLED.is_valid(name, example("SaleCreated"))


@pytest.mark.parametrize(
    "ask", [BUNDLED.find, lambda name: BUNDLED.is_valid(name, b"{}"), lambda name: BUNDLED.problems(name, 1)]
)
def test_an_unknown_type_is_refused_with_near_names(ask: Callable[[str], object]) -> None:
    """The refusal names the field, the types that are spelt nearly so, and where all of them are listed."""
    with pytest.raises(UnknownEventType) as caught:
        ask("SaleCreate")
    assert str(caught.value).startswith(
        "expected an event type of the catalogue, got 'SaleCreate' (did you mean SaleCreated"
    )
    assert "`frontsim types`" in str(caught.value)
    assert ["event"] == list(caught.value.fields)


@pytest.mark.parametrize("name", ["", "ß" * 10_000, "\n\x00"])
def test_a_name_like_no_other(name: str) -> None:
    """With nothing near, nothing is guessed, and a long name is cut."""
    with pytest.raises(UnknownEventType) as caught:
        BUNDLED.find(name)
    assert "did you mean" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"NaN", b'{"a": 1e999}', b"\xef\xbb\xbf{}", b"[" * 5000, b"null", b"{}"]
)
def test_what_is_not_a_payload_is_not_valid(body: bytes) -> None:
    """Broken JSON, and JSON of another shape, is not valid and is refused with its reason."""
    assert not BUNDLED.is_valid("SaleCreated", body)
    with pytest.raises(InvalidPayload) as caught:
        BUNDLED.check("SaleCreated", body)
    assert caught.value.fields


def test_a_bad_payload_is_refused_field_by_field() -> None:
    """Each broken field has its dotted path, what was expected and what came; the message shows the first three."""

    def spoil(sale: dict[str, Any]) -> None:
        sale["saleId"], sale["saleDateTime"], sale["salesLines"][0]["price"] = "1", "today", None
        del sale["total"]

    with pytest.raises(InvalidPayload) as caught:
        BUNDLED.check("salecreated", example("SaleCreated", spoil))
    assert {
        "total": ["expected number, got nothing"],
        "saleId": ['expected integer, got "1" (a string)'],
        "saleDateTime": ['expected text such as 2021-12-09T08:50:46.02, got "today" (a string)'],
        "salesLines[0].price": ["expected number, got null"],
    } == caught.value.fields
    assert "the payload of SaleCreated: total: expected number, got nothing; " in str(caught.value)
    assert str(caught.value).endswith("(and 1 more); `frontsim schema SaleCreated` shows its schema")


@pytest.mark.parametrize("name", [each.name for each in BUNDLED])
def test_every_example_is_valid_and_an_unknown_field_is_let_through(name: str) -> None:
    """A payload may have unknown fields."""
    assert BUNDLED.is_valid(name, example(name))
    BUNDLED.check(name, example(name, lambda value: value.update(somethingNew={"a": [1]})))
    assert [] == BUNDLED.problems(name, BUNDLED.find(name).schema["examples"][0])


def test_a_users_folder_adds_types(tmp_path: Path) -> None:
    """Types of the user's come behind ours; of a schema without an entry nothing is known but its name."""
    first = folder(
        tmp_path / "1", {"ParcelSent": PARCEL}, [{"name": "ParcelSent", "identity": "parcel.id", "store": None}]
    )
    second = folder(tmp_path / "2", {"ParcelLost": PARCEL})
    types = catalog.load(first, second)
    assert ["ParcelSent", "ParcelLost"] == [each.name for each in types][21:]
    sent, lost = types.find("parcelsent"), types.find("ParcelLost")
    assert ("parcel.id", (), None, "") == (sent.identity, sent.version, sent.store, sent.trigger)
    assert ("", (), None, {}) == (lost.identity, lost.version, lost.store, lost.provenance)
    assert types.is_valid("ParcelLost", b'{"parcel": {"id": 1}}')
    assert not types.is_valid("ParcelLost", b'{"parcel": {"id": "1"}}')


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"$id": "urn:mine:a", "$ref": "urn:mine:a#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"$id": "https://x.example/a.json", "$ref": "b.json", "$defs": {"b": {"$id": "b.json", "type": "object"}}},
        {"properties": {"schema": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}},
        {"examples": [{"$ref": "https://x.example/not-a-reference"}]},
        *({"$schema": f"http://json-schema.org/draft-0{n}/schema#", "type": "object"} for n in (4, 6, 7)),
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": True},
    ],
)
def test_a_schema_may_use_all_that_it_holds(tmp_path: Path, schema: dict[str, Any]) -> None:
    """Any draft from 4 on, and any reference that stays inside the file."""
    types = catalog.load(folder(tmp_path / "x", {"Mine": schema}))
    assert types.is_valid("Mine", b"{}")
    assert [] == types.problems("Mine", {})


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "strin"}, 'type: "strin" is not valid'),
        ({"properties": {"a": {"minimum": "1"}}}, 'properties.a.minimum: "1" is not of type'),
        ({"pattern": "("}, 'pattern: "(" is not a "regex"'),
        ({"$ref": "#/$defs/a"}, "/$defs/a"),
        ({"$ref": "other.json"}, "other.json"),
        ({"properties": {"a": {"$ref": "https://x.example/a.json"}}}, "https://x.example/a.json is outside this file"),
        ({"$ref": "file:///etc/hostname"}, "file:///etc/hostname is outside this file"),
        ({"$ref": "urn:frontsim:schema:SaleCreated"}, "urn:frontsim:schema:SaleCreated is outside this file"),
        ({"$schema": "https://x.example/own"}, "https://x.example/own"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "draft-03"),
        ({"$id": "::::"}, "::::"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(tmp_path: Path, schema: dict[str, Any], told: str) -> None:
    """An invalid schema, an unknown draft and a reference out of the file are named, and nothing is fetched."""
    with pytest.raises(Unusable) as caught:
        catalog.load(folder(tmp_path / "x", {"Mine": schema}))
    assert str(tmp_path / "x/schemas/Mine.json") in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize("twin", ["SaleCreated", "salecreated"])
def test_a_users_schema_replaces_the_bundled_one(tmp_path: Path, twin: str) -> None:
    """In its place and under our spelling; what else we know of the type stays, unless the user says otherwise."""
    ours, own = catalog.load(), catalog.load(folder(tmp_path / "x", {twin: PARCEL}))
    assert [kind.name for kind in ours] == [kind.name for kind in own]
    sale = own.find("SaleCreated")
    assert (True, PARCEL, "saleId") == (sale.is_replaced, sale.schema, sale.identity)
    assert not own.find("CustomerCreated").is_replaced
    told = catalog.load(folder(tmp_path / "y", {twin: PARCEL}, [{"name": twin, "identity": "parcelId"}]))
    assert ("parcelId", sale.store) == (told.find("SaleCreated").identity, told.find("SaleCreated").store)


def test_a_name_comes_once(tmp_path: Path) -> None:
    """A user's type can neither replace one of another folder, nor differ by case alone."""
    mine = folder(tmp_path / "y", {"Mine": PARCEL})
    with pytest.raises(Unusable, match=r"Mine\.json: expected a name that no other"):
        catalog.load(mine, mine)
    with pytest.raises(Unusable, match=r"Mine\.json: expected a name that no other"):
        catalog.load(folder(tmp_path / "z", {"Mine": PARCEL}, [{"name": "Mine"}, {"name": "Mine"}]))
    with pytest.raises(
        Unusable, match="expected each event type once, whatever its case, got SaleCreated and SaleCreated"
    ):
        Catalog([*BUNDLED, BUNDLED.find("SaleCreated")])


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    """A mistake is told in a line, however much of the schema is wrong."""
    with pytest.raises(Unusable) as caught:
        catalog.load(folder(tmp_path / "x", {"Mine": {"type": ["x" * 10_000]}}))
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that cannot be read is refused by its name."""
    with pytest.raises(Unusable, match="no-such-folder"):
        catalog.load(tmp_path / "no-such-folder")
