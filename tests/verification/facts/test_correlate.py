from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.correlate import BUSINESS, correlate, may_await_next_batch
from frontsim.verification.facts.history import Effect, Entity, EventFact, History, Observation, Run
from frontsim.verification.judge.checks import judge
from frontsim.verification.judge.clauses import load

CONTRACT = load()
ACK = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0),)


def event(kind, path, value, *version):
    return EventFact("w", f"{kind}-{value}-{version}", kind, ACK, entity=Entity(path, value, version))


def business(events, *values):
    effects = tuple(Effect(None, value) for value in values)
    return History("steady", tuple(events), "sql", BUSINESS, final=Observation(0, effects))


SALE = event("SaleCreated", "saleId", "125086012")
UPDATES = [
    event("CustomerUpdated", "customerId", "7", ("updatedDateTime", f"2026-08-01T1{hour}:00:00")) for hour in (0, 1)
]


def sent(number, *runs):
    return EventFact("w", f"event-{number}", "SaleCreated", runs)


def answered(at_ms, code=200):
    return Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "some phrase", code, at_ms, duration_ms=10)


REFUSED = Run(1, Trigger.ORIGINAL, Outcome.NOT_SENT, "Connection refused", None, 100)
UNANSWERED = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 100)


@pytest.mark.parametrize(
    ("events", "booked", "expected"),
    [
        ([sent(0, answered(0)), sent(1, answered(50))], [0], True),  # the batch was just before
        ([sent(0, answered(0)), sent(1, answered(50))], [1], False),  # the older one was passed by
        ([sent(0, answered(0)), sent(1, answered(50))], [], True),
        ([sent(0, answered(0)), sent(1, answered(50))], [0, 1], False),  # nothing is missing
        ([sent(0, answered(0)), sent(1, answered(5))], [1], True),  # both were under way at one time
        ([sent(0, REFUSED, answered(300)), sent(1, answered(200))], [0], False),
        ([sent(0, UNANSWERED, answered(300)), sent(1, answered(200))], [0], True),  # it may have had it since 100 ms
        ([sent(0, answered(0)), sent(1, answered(50), answered(300))], [0], True),
        ([sent(0, answered(0)), sent(1, answered(50, 500), answered(300, 500))], [0], True),
    ],
)
def test_silence_is_told_from_a_gap(events, booked, expected):
    """Silent: all that is booked was sent before anything that is missing was acknowledged."""
    effects = tuple(Effect(f"event-{number}") for number in booked)
    assert may_await_next_batch(History("steady", tuple(events), final=Observation(0, effects))) is expected


@pytest.mark.parametrize(
    "value", [125086012, "125086012", 125086012.0, {"saleId": 125086012}, {"sale_id": "125086012"}]
)
def test_an_identity_is_found_in_any_form(value):
    """By `business` an effect is the sale's number, as a number or text, alone or in a field, however it is spelt."""
    assert judge(business([SALE], value), CONTRACT).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(("number", "expected"), [(0, Class.LOST_AFTER_ACK), (1, Class.OK), (2, Class.DUPLICATED)])
def test_effects_are_counted_by_identity(number, expected):
    """By `business` no, one and two effects are lost, ok and duplicated."""
    found = judge(business([SALE], *[{"saleId": 125086012}] * number), CONTRACT)
    assert found.classes[SALE.webhook_event_id] is expected


def test_versions_tell_updates_apart():
    """Two updates of one customer are two events, where the effects carry what tells them apart."""
    rows = [{"customerId": 7, "updatedDateTime": f"2026-08-01T1{hour}:00:00"} for hour in (0, 1, 1)]
    groups = correlate(business(UPDATES, *rows), Observation(0, tuple(Effect(None, row) for row in rows))).groups
    assert [1, 2] == [len(group.effects) for group in groups]


@pytest.mark.parametrize("number", [1, 2])
def test_updates_that_nothing_tells_apart_accuse_nobody(number):
    """A table with a row per customer, or two rows without versions: both are right."""
    found = judge(business(UPDATES, *[{"customerId": 7}] * number), CONTRACT)
    assert found.verdict is Verdict.VERIFIED
    assert "no effect tells apart" in found.notes[0]


def test_more_effects_than_events_of_an_entity_are_duplicates():
    """Three rows of one customer for two updates are one too many, whatever they show."""
    assert judge(business(UPDATES, *[{"customerId": 7}] * 3), CONTRACT).verdict is Verdict.VIOLATED


def test_the_type_in_an_effect_tells_types_apart():
    """An invoice and a sale share saleId; an effect that names its type is counted for that type only."""
    invoice = event("InvoiceCreated", "saleId", "125086012")
    rows = [{"saleId": 125086012, "event": "SaleCreated"}, {"saleId": 125086012, "event": "InvoiceCreated"}]
    found = judge(business([SALE, invoice], *rows), CONTRACT)
    assert (Class.OK, Class.OK) == tuple(found.classes.values())
    found = judge(business([SALE, invoice], rows[0], rows[0], rows[1]), CONTRACT)
    assert Class.DUPLICATED is found.classes[SALE.webhook_event_id]
    assert Class.OK is found.classes[invoice.webhook_event_id]


def test_types_without_an_identity_are_not_judged_by_business():
    """What cannot be found by business is left out and told."""
    unnamed = EventFact("w", "x", "NewThing", ACK)
    found = judge(business([SALE, unnamed], {"saleId": 125086012}), CONTRACT)
    assert Verdict.VERIFIED is found.verdict
    assert "NewThing" in found.notes[0]


def test_a_row_with_all_columns_belongs_to_the_entity_whose_payload_it_shows():
    """SELECT *: a sale's row names its customer too, and is no effect of the customer's event."""
    customer = replace(
        event("CustomerCreated", "customerId", "7"), payload={"customerId": 7, "firstName": "Anna", "city": "Oslo"}
    )
    sale = replace(SALE, payload={"saleId": 125086012, "customerId": 7, "total": 12.5, "storeId": 101})
    rows = [
        {"id": 1, "saleId": 125086012, "customerId": 7, "total": 12.5, "storeId": 101},
        {"id": 2, "customerId": 7, "firstName": "Anna", "city": "Oslo"},
    ]
    found = judge(business([customer, sale], *rows), CONTRACT)
    assert Verdict.VERIFIED is found.verdict
    assert (Class.OK, Class.OK) == tuple(found.classes.values())


def test_a_row_may_have_an_id_of_its_own_beside_that_of_the_payload():
    """A reservation's identity is called `id`, as the key of most tables is."""
    reservation = event("StockReservationCreated", "id", "0192a4be-1111-7222-8333-444455556666")
    row = {"id": 7, "payload": '{"id": "0192A4BE-1111-7222-8333-444455556666", "quantity": 1}'}
    assert Verdict.VERIFIED is judge(business([reservation], row), CONTRACT).verdict
