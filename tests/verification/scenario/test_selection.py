import json

import pytest

from frontsim import catalog
from frontsim.errors import BadInput, UnknownEventType
from frontsim.verification.effects.history import Entity
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import Crash, CrashPoint, Drain, InjectFault, Raise
from tests.support.pulled_schema import in_draft_7

CATALOG = catalog.load()


def test_words_stand_for_types():
    """`all` is every chosen type, `some` a few of them, a list is itself, in any case."""
    everything = Selection(CATALOG)
    assert everything.types("all") == [each.name for each in CATALOG]
    assert everything.types("some")[0] == "SaleCreated"
    assert everything.types(["salecreated"]) == ["SaleCreated"]


def test_some_are_always_of_the_chosen():
    """A receiver that takes other types is sent those, and no other."""
    assert Selection(CATALOG, ["StockCountReconciled"]).types("some") == ["StockCountReconciled"]
    assert Selection(CATALOG, ["customerUpdated", "SaleCreated"]).types("all") == ["CustomerUpdated", "SaleCreated"]


def test_a_step_is_played_with_the_types_of_the_run():
    """A step that names several types is played with those that the run has."""
    chosen = Selection(CATALOG, ["SaleCreated"])
    assert chosen.types(["CustomerUpdated", "salecreated"]) == ["SaleCreated"]
    assert chosen.types(["CustomerUpdated"]) == []
    assert chosen.missing(["SaleCreated", "CustomerUpdated"]) == ["CustomerUpdated"]
    assert chosen.missing(["salecreated"]) == []
    assert chosen.missing("all") == []
    with pytest.raises(UnknownEventType):
        chosen.missing(["SaleCraeted"])


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (Raise(events=["SaleCraeted"]), "events: expected an event type of the catalogue, got 'SaleCraeted'"),
        (Crash(CrashPoint.ACCEPTED, events=["SaleCraeted"]), "events: expected an event type"),
        (InjectFault("refuse", match={"event": "SaleCraeted"}), "match.event: expected an event type"),
        (
            Raise(events=["SaleCreated"], set={"totl": 1}),
            "set: expected a path in the payload of SaleCreated, got 'totl'",
        ),
        (Raise(events=["SaleCreated"], set={"salesLines[0].prise": 1}), "set: expected a path"),
        (Raise(set={"saleId": 1}), "set: expected a path in the payload of StockMovementCreated, got 'saleId'"),
        (Raise(events=["SaleCreated"], grow={"lines": 2}), "grow: expected a path in the payload of SaleCreated"),
        (Raise(same_as="x", keep=["saleId", "nothing"]), "keep: expected a path in a payload, got 'nothing'"),
        (Raise(events=["SaleCreated"], payload={"saleId": "x"}), "payload: "),
    ],
)
def test_a_mismatch_with_the_types_begins_with_its_key(step, told):
    """A type, a path or a payload that the catalogue refuses."""
    assert Selection(CATALOG).mismatch(step).startswith(told)


@pytest.mark.parametrize(
    "step",
    [
        Drain(),
        InjectFault("refuse"),
        InjectFault("refuse", match={"event": "salecreated"}),
        Raise(events=["salecreated"], set={"total": 1, "salesLines[0].rowId": 1}, grow={"salesLines": 3}),
        Raise(same_as="x", keep=["saleId", "movementId"]),
        Raise(events=["SaleCreated"], payload={"saleId": "x"}, invalid=True),
    ],
)
def test_what_fits_is_let_through(step):
    """Types in any case, paths into arrays, broken payloads that are meant."""
    assert Selection(CATALOG).mismatch(step) == ""


def test_an_unknown_type_is_refused():
    """A name that no catalogue has is refused with those that are spelt nearly so."""
    with pytest.raises(UnknownEventType, match="SaleCreated"):
        Selection(CATALOG, ["SaleCraeted"])


def test_an_entity_is_the_identity_and_the_version():
    """An event's entity comes from the catalogue: path, value, and the field that tells two states apart."""
    chosen = Selection(CATALOG)
    payload = {"customerId": 7, "updatedDateTime": "2026-08-01T10:00:00"}
    version = (("updatedDateTime", "2026-08-01T10:00:00"),)
    assert chosen.entity("CustomerUpdated", payload) == Entity("customerId", "7", version)
    assert chosen.entity("SaleCreated", {"saleId": 7}) == Entity("saleId", "7")
    assert chosen.entity("SaleCreated", {"saleId": None}) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "integer"}, 1_234_567_890),
        ({"type": ["string", "null"]}, "1234567890"),
        ({"type": "string", "maxLength": 8}, "34567890"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-001234567890"),
        ({"$ref": "#/$defs/id"}, "1234567890"),
    ],
)
def test_an_event_can_be_about_something_new(tmp_path, field, value):
    """Its identity gets a number that no other has, in the form that the type's schema wants."""
    schema = {"properties": {"saleId": field}, "$defs": {"id": {"type": "string"}}}
    (tmp_path / "SaleCreated.json").write_text(json.dumps(schema))
    assert {"saleId": value} == Selection(catalog.load(tmp_path)).fresh("SaleCreated", 1_234_567_890)


@pytest.mark.parametrize("field", [{"type": "string", "pattern": "^S-"}, None])
def test_an_identity_of_another_form_stays_as_it_is_drawn(tmp_path, field):
    """No number fits it, or the schema has no such field."""
    (tmp_path / "SaleCreated.json").write_text(json.dumps({"properties": {"saleId": field} if field else {}}))
    assert {} == Selection(catalog.load(tmp_path)).fresh("SaleCreated", 7)


def test_each_bundled_type_can_be_about_something_new():
    chosen = Selection(CATALOG)
    assert all(chosen.fresh(kind.name, 1_234_567_890) for kind in CATALOG)


def test_a_change_is_made_in_each_type_that_has_the_path():
    """A step's own value counts more. Digits for a field of text are taken, as the trigger call takes them."""
    chosen = Selection(CATALOG, changes={"comment": "x", "gtin": 704})
    assert {"comment": "x"} == chosen.fitting("SaleCreated", {})
    assert {"comment": None, "total": 1} == chosen.fitting("SaleCreated", {"comment": None, "total": 1})
    assert {"gtin": 704} == chosen.fitting("StockMovementCreated", {})
    assert {} == chosen.fitting("CustomerCreated", {})
    assert {"comment": "x"} == chosen.only(["SaleCreated"]).fitting("SaleCreated", {})
    assert {} == chosen.only(["CustomerCreated"]).fitting("CustomerCreated", {})


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("commment", "x", "expected a path in the payload of a type that is played"),
        ("saleId", 7, "tells the events of SaleCreated apart"),
        ("updatedDateTime", "2026-01-01T00:00:00", "tells the events of CustomerCreated apart"),
        ("comment", ["x"], "the schema of SaleCreated allows, got"),
        ("total", True, "the schema of SaleCreated allows, got True"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(path, value, why):
    """Before anything is played, with what was expected."""
    with pytest.raises(BadInput, match=f"--set {path}: .*{why}"):
        Selection(CATALOG, ["SaleCreated", "CustomerCreated"], {path: value})


def test_moments_are_the_date_times_that_are_always_set():
    """Those at the top of a payload; what may be null is left alone."""
    assert Selection(CATALOG).datetime_fields("SaleCreated") == ["saleDateTime", "createdDateTime"]
    assert Selection(CATALOG).datetime_fields("CustomerUpdated") == ["createdDateTime"]


def test_a_users_schema_of_a_bundled_type_decides_what_a_step_may_set(tmp_path):
    """Values that it does not allow are left out; no step is refused for them, and other types stay strict."""
    schema = {
        "properties": {
            "saleId": {"type": "integer"},
            "total": {"type": "string"},
            "kind": {"$ref": "#/$defs/kind"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
        },
        "$defs": {"kind": {"enum": ["a"]}},
    }
    (tmp_path / "SaleCreated.json").write_text(json.dumps(schema))
    chosen = Selection(catalog.load(tmp_path))
    fitting = {"saleId": 7, "kind": "a", "lines[0].sku": "x"}
    wrong = {"total": 7.5, "storeId": 1, "lines[0].no": 1}
    assert chosen.fitting("SaleCreated", {**fitting, **wrong}) == fitting
    assert chosen.fitting("SaleCreated", {"kind": "b"}) == {}
    assert chosen.fitting("CustomerCreated", wrong) == wrong
    assert chosen.mismatch(Raise(events=["SaleCreated"], set=wrong, keep=["storeId"])) == ""
    assert chosen.mismatch(Raise(events=["CustomerCreated"], set=wrong)) != ""


def test_what_a_step_sets_is_kept_behind_the_definitions_of_draft_7(tmp_path):
    """As `contracts pull` may bring them: a scenario whose value is left out may pass on a check that did not run."""
    (tmp_path / "SaleCreated.json").write_text(json.dumps(in_draft_7("SaleCreated", "customer")))
    chosen = Selection(catalog.load(tmp_path))
    values = {"customer.email": "a@example.com", "salesLines[0].price": 7.5, "comment": None}
    assert values == chosen.fitting("SaleCreated", values)
    assert {} == chosen.fitting("SaleCreated", {"customer.email": 7, "salesLines[0].prise": 1})
    assert ["saleDateTime", "createdDateTime"] == chosen.datetime_fields("SaleCreated")


@pytest.mark.parametrize(
    ("path", "value", "fits"),
    [
        ("customer.email", "x", True),
        ("customer.email", "longer", False),
        ("customer.age", 7, True),
        ("customer.age", "x", False),
        ("customer", None, True),
        ("more.of.it", 1, False),
    ],
)
def test_a_value_fits_where_all_parts_and_one_branch_allow_it(tmp_path, path, value, fits):
    """The parts of `allOf` each count; of `anyOf` one is enough; a path that no schema names is left out."""
    person = {"properties": {"email": {"type": "string"}, "age": {"type": "integer"}}}
    short = {"properties": {"email": {"maxLength": 3}}}
    customer = {"anyOf": [{"type": "null"}, {"allOf": [person, short]}]}
    (tmp_path / "SaleCreated.json").write_text(json.dumps({"properties": {"customer": customer, "more": True}}))
    expected = {path: value} if fits else {}
    assert expected == Selection(catalog.load(tmp_path)).fitting("SaleCreated", {path: value})
