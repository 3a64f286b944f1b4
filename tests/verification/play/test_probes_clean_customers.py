"""Clean customers, by hand: what tells them apart, and what they have in common."""

from itertools import count
from types import SimpleNamespace

from frontsim import catalog
from frontsim.verification.effects.state_shape import folded
from frontsim.verification.play.probes import changed, distinct_customers, various_customers
from frontsim.verification.scenario.selection import Selection

CREATED, UPDATED = "CustomerCreated", "CustomerUpdated"
TEXTS = ("firstName", "lastName", "address1", "city", "postalCode", "email", "phone")
COMMON = ("customerId", "customerGuid", "customerExtId", "createdDateTime")


def harness():
    ticks, numbers = count(), count(1_100_000_000)
    selection = Selection(catalog.load())

    def clock():
        return {"now": f"2026-08-01T12:00:{next(ticks):02}"}

    return SimpleNamespace(
        identities=numbers,
        given=SimpleNamespace(selection=selection),
        sim=SimpleNamespace(clock=clock),
        fresh=lambda event: selection.fresh(event, next(numbers)),
    )


def test_every_text_tells_one_change_of_a_customer():
    """None stands in another, of the same customer or of others."""
    own = harness()
    people = distinct_customers(own, CREATED)
    every = [*people, *changed(own, people)]
    texts = [folded(each[path]) for each in every for path in TEXTS if path != "email"]
    assert not [one for one in texts for other in texts if one is not other and one in other]
    assert len(every) == len({each["email"] for each in every})
    assert (4, 6) == (len(people), len(every))


def test_a_change_is_of_the_same_customer_later():
    """The catalogue's identity and the others stay; the newer has the later time."""
    own = harness()
    people = distinct_customers(own, CREATED)
    for before, after in zip(people, changed(own, people), strict=False):
        assert [before[path] for path in COMMON] == [after[path] for path in COMMON]
        assert (None, True) == (before["updatedDateTime"], after["updatedDateTime"] > before["createdDateTime"])


def test_updates_alone_have_times_too():
    """Where no creation is sent."""
    assert all(each["updatedDateTime"] for each in distinct_customers(harness(), UPDATED))


def test_various_customers_have_and_lack_what_a_receiver_may_choose_by():
    """Each flag both ways, and the catalogue's schema takes all of it."""
    bare, full, _ = others = various_customers(harness(), CREATED)
    assert [(False, True)] * 2 == [(bare[flag], full[flag]) for flag in ("agreedSendEmail", "isEmployee")]
    assert ("", True) == (bare["companyName"], bool(full["address1"]))
    assert {"no", "se", "dk"} == {each["countryCode"] for each in others}
    assert all(name in catalog.load().find(CREATED).schema["properties"] for each in others for name in each)
