import pytest

from simulator import catalog
from simulator.errors import UnknownEventType
from simulator.verification.history import Entity
from simulator.verification.selection import Selection

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


def test_what_is_left_out_is_told():
    """A step that names a type which the run leaves out cannot be played."""
    chosen = Selection(CATALOG, ["SaleCreated"])
    assert chosen.missing(["SaleCreated", "CustomerUpdated"]) == ["CustomerUpdated"]
    assert chosen.missing("all") == []


def test_an_unknown_type_is_refused():
    """A name that no catalogue has is refused with those that are spelt nearly so."""
    with pytest.raises(UnknownEventType, match="SaleCreated"):
        Selection(CATALOG, ["SaleCraeted"])


def test_an_entity_is_the_identity_and_the_version():
    """What an event is about comes from the catalogue: path, value, and what tells two states apart."""
    chosen = Selection(CATALOG)
    payload = {"customerId": 7, "updatedDateTime": "2026-08-01T10:00:00"}
    version = (("updatedDateTime", "2026-08-01T10:00:00"),)
    assert chosen.entity("CustomerUpdated", payload) == Entity("customerId", "7", version)
    assert chosen.entity("SaleCreated", {"saleId": 7}) == Entity("saleId", "7")
    assert chosen.entity("SaleCreated", {"saleId": None}) is None


def test_numbered_identities_are_known():
    """A type whose identity is a whole number can be given one of its own; another cannot."""
    chosen = Selection(CATALOG)
    assert (chosen.numbered("SaleCreated"), chosen.numbered("StockMovementCreated")) == ("saleId", "movementId")
    assert chosen.numbered("StockReservationCreated") == ""


def test_moments_are_the_date_times_that_are_always_set():
    """Those at the top of a payload; what may be null is left alone."""
    assert Selection(CATALOG).moments("SaleCreated") == ["saleDateTime", "createdDateTime"]
    assert Selection(CATALOG).moments("CustomerUpdated") == ["createdDateTime"]
