from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.correlate import BUSINESS, correlate, effects_of, is_complete, may_await_next_batch
from frontsim.verification.effects.history import Effect, Entity, EventFact, Expect, History, Observation, Run, StateRow
from frontsim.verification.judge.checks import judge, receiver_contract

CONTRACT = receiver_contract()
ACK = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0),)


def event(kind, path, value, *version):
    return EventFact("w", f"{kind}-{value}-{version}", kind, ACK, entity=Entity(path, value, version))


def test_the_key_has_the_name_that_users_give():
    """`--observe-key business`."""
    assert "business" == BUSINESS


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
        ([sent(0, answered(0))], [0], False),
        ([sent(0, answered(10)), sent(1, answered(0))], [0], True),  # sent when the other was acknowledged
        ([sent(0, answered(11)), sent(1, answered(0))], [0], False),
        ([sent(0, *ACK)], [], True),
        ([sent(0, answered(0)), sent(1, answered(100)), sent(2, answered(50))], [0, 1], False),  # the newest counts
        ([sent(0, answered(100)), sent(1, answered(0)), sent(2, answered(190))], [0], False),  # the oldest counts
        ([sent(0, answered(50)), sent(1, answered(0, 500), answered(300))], [0], True),  # first acknowledged at 310 ms
        ([sent(0, answered(100)), sent(1, answered(50), answered(300))], [0], False),
        ([sent(0, answered(100)), sent(1, answered(0, 500), answered(300, 500))], [0], True),
        ([sent(0, answered(105)), sent(1, answered(100, 500))], [0], True),
        ([sent(0, REFUSED), sent(1, *ACK)], [0], True),  # it was never sent, and is booked: nothing is known of when
        ([sent(0, answered(0)), sent(1)], [0], True),
        ([sent(0, answered(1)), sent(1)], [0], False),
    ],
)
def test_silence_may_await_the_next_batch_and_a_gap_may_not(events, booked, expected):
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
def test_indistinguishable_updates_are_verified_with_a_note(number):
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
    rows = [{"tags": [], "saleId": 125086012, "event": "SaleCreated"}, {"saleId": 125086012, "event": "InvoiceCreated"}]
    found = judge(business([SALE, invoice], *rows), CONTRACT)
    assert (Class.OK, Class.OK) == tuple(found.classes.values())
    found = judge(business([SALE, invoice], rows[0], rows[0], rows[1]), CONTRACT)
    assert Class.DUPLICATED is found.classes[SALE.webhook_event_id]
    assert Class.OK is found.classes[invoice.webhook_event_id]


def test_types_without_an_identity_are_not_judged_by_business():
    """Events that cannot be found by business are left out, and a note says so."""
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
        {"id": 1, "tags": ["a"], "saleId": 125086012, "customerId": 7, "total": 12.5, "storeId": 101},
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


def fact(webhook, event_id, *, entity=None, state=None, expect=Expect.ONCE):
    """An event of one of two webhooks."""
    return EventFact(webhook, event_id, "SaleCreated", ACK, entity=entity, state=state, expect=expect)


def groups(events, *keys, observer_key="webhookEventId"):
    """Of each group its events, the keys of its effects, and its bounds."""
    history = History("steady", tuple(events), "list", observer_key)
    found = correlate(history, Observation(0, tuple(Effect(key) for key in keys)))
    return [
        (
            [each.webhook_event_id for each in group.events],
            [each.key for each in group.effects],
            group.least,
            group.most,
        )
        for group in found.groups
    ]


ONE_SALE = Entity("saleId", "7")
TWINS = [fact("w1", "a", entity=ONE_SALE), fact("w2", "b", entity=ONE_SALE)]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("ab", [(["a", "b"], ["a", "b"], 1, 2)]),
        ("a", [(["a", "b"], ["a"], 1, 2)]),
        ("", [(["a", "b"], [], 1, 2)]),
        ("aa", [(["a"], ["a", "a"], 0, 1), (["b"], [], 0, 1)]),
        ("aab", [(["a"], ["a", "a"], 0, 1), (["b"], ["b"], 0, 1)]),
    ],
)
def test_what_two_webhooks_report_is_one_thing_or_two(keys, expected):
    """One effect or one for each is right. Two effects of one event are one too many, so they stand apart."""
    assert expected == groups(TWINS, *keys)


def test_two_events_of_one_webhook_are_two_things():
    """Also about one entity; and events without an entity, whatever their webhooks."""
    twice = [fact("w1", "a", entity=ONE_SALE), fact("w1", "b", entity=ONE_SALE), fact("w2", "c", entity=ONE_SALE)]
    assert [["a", "c"], ["b"]] == [events for events, *_ in groups(twice)]
    assert [["a"], ["b"]] == [events for events, *_ in groups([fact("w1", "a"), fact("w2", "b")])]
    other = [fact("w1", "a", entity=ONE_SALE), replace(fact("w2", "b", entity=ONE_SALE), event="InvoiceCreated")]
    assert [["a"], ["b"]] == [events for events, *_ in groups(other)]


def test_an_event_that_may_be_refused_needs_no_effect():
    """Where one of several must have one, one is needed."""
    free = fact("w2", "b", entity=ONE_SALE, expect=Expect.EITHER)
    assert [(["b"], [], 0, 1)] == groups([free])
    assert [(["a", "b"], [], 1, 2)] == groups([TWINS[0], free])


def test_an_effect_of_an_event_that_its_key_does_not_name_stands_beside():
    """Its identity says so; one that has nothing of any event is left out."""
    sale = replace(SALE, webhook_event_id="a")
    ours, others = Effect(None, {"saleId": 125086012}), [Effect("x"), Effect(None, {"saleId": 1})]
    found = correlate(History("steady", (sale,), "list"), Observation(0, (Effect("a"), *others, ours)))
    assert [1] == [len(group.effects) for group in found.groups]
    assert ((sale, ours),) == found.beside
    assert () == correlate(business([sale]), Observation(0, (ours,))).beside


def test_the_effects_of_a_history_are_those_that_name_its_events():
    """By id, or by what they are about; with ids also those that have another key, which are second bookings."""
    by_id = History("steady", (fact("w", "a"),), "list")
    assert (Effect("a"),) == effects_of(by_id, (Effect("a"), Effect("x"), Effect(None)))
    ours, other = Effect(None, {"saleId": 125086012}), Effect(None, {"saleId": 1})
    assert (ours,) == effects_of(business([SALE]), (ours, other, Effect(None, "x")))
    assert (ours,) == effects_of(History("steady", (SALE,), "list"), (ours, other, Effect(None, "x")))


def test_effects_are_complete_when_each_event_has_its_own():
    """Or when a newer state stands in its place."""
    by_id = History("steady", (fact("w", "a"), fact("w", "b")), "list")
    assert (True, False, False) == tuple(
        is_complete(by_id, tuple(map(Effect, keys))) for keys in (("a", "b"), ("a",), ())
    )
    states = [fact("w", name, state=StateRow("customerId", "7", since)) for name, since in (("a", "10"), ("b", "11"))]
    rows = History("steady", tuple(states), "list")
    assert (True, False) == (is_complete(rows, (Effect("b"),)), is_complete(rows, (Effect("a"),)))
    more = History("steady", (*states, fact("w", "c")), "list")
    assert not is_complete(more, (Effect("b"),))


@pytest.mark.parametrize(
    ("runs", "complete"),
    [
        ([(404, False), (404, False)], True),
        ([(404, False), (200, False)], False),
        ([(404, False), (None, False)], False),  # without an answer it may have been taken
        ([(500, True), (404, False)], False),  # the fault said so, and it may have been taken
        ([], False),
    ],
)
def test_an_event_that_the_receiver_refused_at_every_run_asks_for_no_effect(runs, complete):
    """Its refusal is the finding: to wait for its effect would cost a run more than a minute."""
    tried = [
        Run(number, Trigger.ORIGINAL, Outcome.ANSWERED if code else Outcome.UNKNOWN, "", code, 0, faulted=faulted)
        for number, (code, faulted) in enumerate(runs, start=1)
    ]
    history = History("steady", (replace(fact("w", "a"), runs=tuple(tried)),), "list")
    assert complete is is_complete(history, ())


@pytest.mark.parametrize(("last", "complete"), [((), True), ((answered(0, 429),), True), ((UNANSWERED,), False)])
def test_an_event_that_never_reached_the_receiver_asks_for_no_effect(last, complete):
    """Nor does one that was refused afterwards. A run without an answer may have been taken."""
    history = History("steady", (replace(fact("w", "a"), runs=(replace(REFUSED, faulted=True), *last)),), "list")
    assert complete is is_complete(history, ())


def ambiguous(events, *values):
    found = correlate(history := business(events, *values), history.final).groups
    return [(len(group.events), len(group.effects), group.least, group.most, group.ambiguous) for group in found]


def test_states_of_one_entity_are_apart_where_every_effect_names_its_own():
    """An effect that fits none or two leaves them together: any number from one on is right."""
    first, second = ({"customerId": 7, "updatedDateTime": f"2026-08-01T1{hour}:00:00"} for hour in (0, 1))
    assert [(1, 1, 1, 1, False), (1, 1, 1, 1, False)] == ambiguous(UPDATES, first, second)
    assert [(1, 1, 1, 1, False), (1, 0, 1, 1, False)] == ambiguous(UPDATES, first)
    assert [(2, 1, 1, 2, True)] == ambiguous(UPDATES, {"customerId": 7})
    assert [(2, 1, 1, 2, True)] == ambiguous(UPDATES, {"customerId": 7, "updatedDateTime": "2020-01-01T10:00:00"})
    assert [(2, 0, 1, 2, True)] == ambiguous(UPDATES)
    assert [(1, 0, 1, 1, False)] == ambiguous(UPDATES[:1])


def test_a_row_is_about_the_entity_with_whose_payload_it_shares_most():
    """It names both; only values that are there and equal count."""
    sale = replace(SALE, payload={"saleId": 125086012, "total": 10, "note": None, "kind": "x"})
    customer = replace(
        event("CustomerCreated", "customerId", "7"), payload={"customerId": 7, "city": "Oslo", "note": None, "total": 3}
    )
    plain = replace(SALE, webhook_event_id="plain", payload="no object", entity=Entity("extId", "9"))
    row = {"saleId": 125086012, "customerId": 7, "extId": 9, "city": "Oslo", "total": 4, "note": None, "kind": "y"}
    found = correlate(history := business([sale, customer, plain], row), history.final).groups
    assert [0, 1, 0] == [len(group.effects) for group in found]


def shares(events, *rows):
    """How many of the rows each event, or what is one with it, has."""
    history = business(events, *rows)
    found = correlate(history, history.final)
    shown = [len(group.effects) for group in found.groups]
    return shown, len(history.final.effects) - sum(shown)


def test_a_row_that_names_the_type_of_another_event_is_none_of_an_entitys_events():
    """A sale with no invoice of its own, and a row that says that it is an invoice."""
    invoice = event("InvoiceCreated", "saleId", "9")
    assert ([0, 0], 1) == shares([SALE, invoice], {"saleId": 125086012, "event": "InvoiceCreated"})
    assert ([1, 0], 0) == shares([SALE, invoice], {"saleId": 125086012, "event": "SaleCreated"})
    assert ([0], 1) == shares([SALE], {"saleId": 1})


def test_of_several_states_the_one_that_a_row_shows_best_counts():
    """The row shows the second state of the customer better than the sale, and the first one worse."""
    states = [
        replace(UPDATES[0], payload={"city": "Bergen"}),
        replace(UPDATES[1], payload={"customerId": 7, "city": "Oslo", "name": "Anna"}),
    ]
    sale = replace(SALE, payload={"saleId": 125086012, "total": 2})
    assert ([1, 0], 0) == shares(
        [*states, sale], {"customerId": 7, "city": "Oslo", "name": "Anna", "saleId": 125086012}
    )


def test_a_null_is_no_field_that_a_row_shows():
    """Neither nulls nor other values of fields with the same names tell whose row it is."""
    customer = replace(event("CustomerCreated", "customerId", "7"), payload={"customerId": 7, "city": "Oslo"})
    nulls = {"a": None, "b": None, "c": None, "x": 1, "y": 2, "z": 3}
    sale = replace(SALE, payload={"saleId": 125086012, **nulls})
    row = {"saleId": 125086012, "customerId": 7, "city": "Oslo", "a": None, "x": 9, "y": 9, "z": 9}
    assert ([1, 0], 0) == shares([customer, sale], row)


@pytest.mark.parametrize(("path", "expected"), [("aId", [1, 0]), ("zId", [1, 0])])
def test_a_payload_that_is_no_object_shares_nothing(path, expected):
    """So it is as likely as one that shares nothing, and the first path in the alphabet wins."""
    plain = replace(event("Own", path, "9"), payload="text")
    sale = replace(SALE, payload={"total": 1})
    events = [plain, sale] if path < "saleId" else [sale, plain]
    assert expected == shares(events, {path: 9, "saleId": 125086012, "total": 5})[0]


def test_a_row_may_show_a_part_of_a_version():
    """A field that the row does not show is no contradiction."""
    two = [event("CustomerUpdated", "customerId", "7", ("at", str(at)), ("by", "x")) for at in (1, 2)]
    assert ([1, 1], 0) == shares(two, {"customerId": 7, "at": 1}, {"customerId": 7, "at": 2, "by": "x"})


def test_what_two_webhooks_report_is_as_old_as_the_first_report():
    """It may have been booked since then."""
    early, late = (replace(each, runs=(answered(at),)) for each, at in zip(TWINS, (0, 100), strict=True))
    missing = sent(9, answered(50))
    assert may_await_next_batch(History("s", (early, late, missing), final=Observation(0, (Effect("a"),))))


def test_a_state_that_was_replaced_is_not_missing():
    """The newer one was sent while the older was under way: nothing is waited for."""
    states = [
        EventFact("w", name, "CustomerUpdated", (answered(at),), state=StateRow("customerId", "7", name))
        for name, at in (("1", 0), ("2", 5))
    ]
    assert not may_await_next_batch(History("s", tuple(states), final=Observation(0, (Effect("2"),))))


def test_a_second_effect_takes_no_need_from_the_first():
    """Of one event alone, one effect is needed and one is right, however many there are."""
    assert [(["a"], ["a", "a"], 1, 1)] == groups([fact("w", "a")], "a", "a")
