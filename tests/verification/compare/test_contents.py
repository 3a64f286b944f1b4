from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.contents import EarlierEffects, contents, were_compared
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import (
    ContentCheck,
    Effect,
    Entity,
    EventFact,
    History,
    Observation,
    Run,
    StateRow,
)

SENT = [{"total": 12.5, "name": "Anna"}, {"total": 20, "name": "Borghild"}, {"total": 0, "name": "C"}]
BOOKED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)


def history(*kept, sent=SENT, **facts):
    """Sales of 12.5, 20 and 0 for Anna, Borghild and C, with a copy of each."""
    return rows(*({"payload": each} for each in kept), sent=sent, **facts)


def rows(*shown, sent=SENT, **facts):
    events = tuple(EventFact("w", str(n), "SaleCreated", (BOOKED,), payload=each) for n, each in enumerate(sent))
    effects = tuple(Effect(str(n), each) for n, each in enumerate(shown))
    return History("steady", events, final=Observation(9, effects), **facts)


def judged(shown):
    return contents(shown, correlate(shown, shown.final))


def wrong(shown):
    """The accusations: event and reason."""
    return [(each.event.webhook_event_id, each.reason) for each in judged(shown).wrong]


CENTS = ({"total": 1250, "name": "ANNA"}, {"total": 2000, "name": "BORGHILD"}, {"total": 0, "name": "C"})


def test_a_field_that_every_effect_shows_rewritten_is_a_note():
    """Cents: 0 stays 0. Upper case: C stays C."""
    assert [] == wrong(history(*CENTS))
    assert [
        "SaleCreated: every effect has name in upper case: not compared",
        "SaleCreated: every effect has total times 100: not compared",
    ] == judged(history(*CENTS)).notes


def test_a_note_names_some_of_many_fields():
    sent = [dict.fromkeys("abcdefghij", 7) | {"keys": n, "more": n} | {f"f{i}": 1 for i in range(30)} for n in range(2)]
    kept = [{name: each for name, each in payload.items() if name not in "abcdefgh"} for payload in sent]
    assert ["SaleCreated: every effect has a, b, c, d, e, f and 2 more left out: not compared"] == judged(
        history(*kept, sent=sent)
    ).notes


def test_a_zone_is_no_note_because_it_is_compared():
    sent = [{"at": "2026-01-25T12:00:00"}, {"at": "2026-07-25T12:00:00"}]
    utc = history({"at": "2026-01-25T11:00:00Z"}, {"at": "2026-07-25T10:00:00Z"}, sent=sent)
    assert ([], []) == (wrong(utc), judged(utc).notes)


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (({"total": 1250, "name": "Anna"}, SENT[1], SENT[2]), [("0", "total: sent 12.5, kept 1250")]),
        (
            ({"total": 1200, "name": "Anna"}, {"total": 2000, "name": "Borghild"}, SENT[2]),
            [("0", "total: sent 12.5, kept 1200"), ("1", "total: sent 20, kept 2000")],
        ),
        (({"total": 12.5, "name": "***"}, SENT[1], SENT[2]), [("0", "name: sent 'Anna', kept '***'")]),
        ((SENT[1], SENT[0]), None),
        (({"total": 12.5, "name": None}, SENT[1]), [("0", "name: sent 'Anna', kept None")]),
    ],
)
def test_a_field_that_is_not_kept_in_one_way_is_corrupt(kept, found):
    """One sale in cents among others in crowns is a wrong amount; of amounts in cents one lost its fraction."""
    accused = wrong(history(*kept))
    assert found == accused if found is not None else {"0", "1"} == {event for event, _ in accused}


def test_an_event_without_the_copy_that_others_have_is_corrupt():
    """Of the same scenario or an earlier one; another row of the event may have it."""
    sent = {"total": 20, "name": "Borghild"}
    accused = [("1", "payload: sent {'total': 20, 'name': 'Borghild'}, kept None")]
    assert accused == wrong(rows({"payload": SENT[0]}, {"payload": None}))
    assert accused == wrong(rows({"payload": SENT[0]}, {"own": 1}))
    assert [("1", f"payload: sent {sent!r}, kept {{'own': 1}}")] == wrong(
        rows({"payload": SENT[0]}, {"data": {"own": 1}})
    )
    assert [] == wrong(rows({"own": 1}, {"own": 1}))
    before = rows({"payload": SENT[0]})
    earlier = ((replace(before.events[0], webhook_event_id="before"), before.final.effects),)
    assert 2 == len(wrong(rows({"own": 1}, {"own": 1}, earlier=earlier)))
    two = rows({"payload": SENT[0]}, {"own": 1})
    both = Observation(9, (*two.final.effects, Effect("1", {"payload": SENT[1]})))
    assert [] == wrong(replace(two, final=both))


def test_content_that_is_compared_exactly_may_not_be_rewritten():
    """The same cents, and a key that was left out, are findings then; the same values are none."""
    exact = {"check_content": ContentCheck.EXACT}
    assert [
        ("0", "total: sent 12.5, kept 1250"),
        ("1", "total: sent 20, kept 2000"),
        ("2", "name: sent 'C', kept 'c'"),
    ] == wrong(history(*CENTS[:2], {**CENTS[2], "name": "c"}, **exact))
    assert [] == judged(history(*CENTS, **exact)).notes
    sent = [dict.fromkeys("abcde", 1)]
    assert [("0", "e: sent 1, kept no such key")] == wrong(history(dict.fromkeys("abcd", 1), sent=sent, **exact))
    assert [] == wrong(history({"name": "Anna", "total": 12.50}, **exact))


def test_content_that_is_not_compared_is_never_wrong():
    """Off: neither a finding, nor a note, nor a check that counts."""
    off = history({"total": 1, "name": "X"}, check_content=ContentCheck.OFF)
    assert ([], [], False) == (wrong(off), [*judged(off).notes], were_compared(off))


def test_only_unambiguous_effects_of_unaltered_events_are_compared():
    """Not an altered body, and not an event without a payload."""
    shown = history({"total": 1, "name": "X"})
    assert 1 == len(wrong(shown))
    for changed in (replace(shown.events[0], altered=True), replace(shown.events[0], payload=None)):
        other = replace(shown, events=(changed, *shown.events[1:]))
        assert ([], False) == (wrong(other), were_compared(other))


def test_data_of_the_receivers_own_is_compared_in_no_way():
    """A column `payload` with other keys is no copy, even where content must be exact."""
    for check in ContentCheck:
        own = history({"sum": 12.5, "customer": "Anna"}, check_content=check)
        assert ([], [], False) == (wrong(own), [*judged(own).notes], were_compared(own))


def test_a_column_that_is_left_out_is_no_copy():
    """Whatever its keys; for all types or for one."""
    for column_map in ({"payload": ""}, {"SaleCreated.payload": ""}):
        shown = history({"total": 1, "name": "X"}, column_map=column_map)
        assert ([], False) == (wrong(shown), were_compared(shown))
    assert 1 == len(wrong(history({"total": 1, "name": "X"}, column_map={"OtherType.payload": ""})))


NAMED = {"amount": "total", "SaleCreated.who": "name"}


def test_a_named_column_is_compared_in_each_event():
    """It is compared also if it does not agree; a value that one row lacks although others have it is lost."""
    shown = rows({"amount": 12, "who": "Anna"}, {"amount": 20, "who": "Borghild"}, {"amount": 0}, column_map=NAMED)
    assert [
        ("0", "total: sent 12.5, column amount has 12"),
        ("2", "name: sent 'C', column who has no such key"),
    ] == wrong(shown)
    assert were_compared(shown)


def test_a_named_column_may_be_rewritten_throughout():
    shown = rows({"amount": 1250}, {"amount": 2000}, {"amount": 0}, column_map=NAMED)
    assert ([], ["SaleCreated: every effect has total in amount times 100: not compared"]) == (
        wrong(shown),
        judged(shown).notes,
    )
    assert 2 == len(wrong(rows({"amount": 1250}, {"amount": 20}, {"amount": None}, column_map=NAMED)))


def test_a_named_column_of_another_type_or_field_is_not_compared():
    """And so nothing was compared."""
    for column_map in ({"InvoiceCreated.amount": "total"}, {"amount": "totl"}, {"other": "total"}, {}):
        shown = rows({"amount": 1}, {"amount": 2}, column_map=column_map)
        assert ([], False) == (wrong(shown), were_compared(shown))


def test_rows_of_another_kind_have_nothing_in_a_named_column():
    """A view of sales and their ledger: the ledger's row has no amount. Two amounts are two values to compare."""
    shown = rows({"amount": 12.5}, {"amount": 20}, column_map=NAMED)
    ledger = Observation(9, (*shown.final.effects, Effect("0", {"amount": None}), Effect("1", {"amount": 3})))
    assert [("1", "total: sent 20, column amount has 3")] == wrong(replace(shown, final=ledger))


def about(*cities, column_map):
    """Two updates of one customer, Oslo S and then Oslo, with the city that the row of each shows."""
    events = tuple(
        EventFact(
            "w",
            str(n),
            "CustomerUpdated",
            (BOOKED,),
            entity=Entity("customerId", "9"),
            state=StateRow("customerId", "9", str(n)),
            payload={"city": city},
        )
        for n, city in enumerate(("Oslo S", "Oslo"))
    )
    effects = tuple(Effect(str(n), {"town": city}) for n, city in enumerate(cities))
    return History("steady", events, final=Observation(9, effects), column_map=column_map)


def test_a_view_may_join_an_event_with_the_newest_state():
    """The older event then shows the newer one's city. The newer one may not show the older one's."""
    named = {"town": "city"}
    assert [] == wrong(about("Oslo", "Oslo", column_map=named))
    assert ["0"] == [event for event, _ in wrong(about("Osl", "Oslo", column_map=named))]
    assert ["1"] == [event for event, _ in wrong(about("Oslo", "Oslo S", column_map=named))]


def test_a_run_remembers_a_few_effects_of_each_type():
    """Three of each scenario that settled."""
    sent = [{"total": n} for n in range(1, 6)]
    shown = history(*sent, sent=sent)
    memory = EarlierEffects()
    for each in (shown, replace(shown, settled=False), replace(shown, final=None)):
        memory.learn(each)
    assert ["0", "1", "2"] == [event.webhook_event_id for event, _ in memory.known()]
    cents = history({"total": 100}, {"total": 200}, sent=sent, earlier=memory.known())
    assert ["0", "1"] == [event for event, _ in wrong(cents)]


def test_two_webhooks_report_one_occurrence():
    """Its one effect is compared with the payload that both sent; of two payloads it may show either."""
    shown = history({"total": 1, "name": "X"})
    (first, *_) = shown.events
    twin = replace(first, webhook_id="w2", webhook_event_id="twin", entity=Entity("saleId", "7"))
    same = replace(shown, events=(replace(first, entity=Entity("saleId", "7")), twin))
    assert ["0"] == [event for event, _ in wrong(same)]
    other = replace(same, events=(same.events[0], replace(twin, payload={"total": 1, "name": "X"})))
    assert [] == wrong(other)
