"""Receivers that lose content in ways that were verified once, or that a lazy judge would take for a form of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.compare.contents import columns_of
from frontsim.verification.effects import content
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import ContentCheck, Effect
from frontsim.verification.judge.checks import judge, why_not_exercised
from tests.verification.judge.evasion import (
    REWRITTEN,
    RIGHT,
    copies,
    each_value,
    events,
    history,
    kept,
    of_kind,
    shifted,
    without_empty,
)
from tests.verification.judge.histories import CONTRACT


def judged(effects, **facts):
    return judge(history(effects, **facts), CONTRACT)


@pytest.mark.parametrize("name", RIGHT)
def test_each_form_of_the_closed_list_is_verified(name):
    """And no field is left out of the comparison."""
    found = judged(copies(RIGHT[name]))
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)
    assert [] == [note for note in found.notes if "not compared" in note]


@pytest.mark.parametrize("name", REWRITTEN)
def test_what_holds_for_every_value_of_a_field_is_a_note(name):
    found = judged(copies(REWRITTEN[name]))
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)
    assert any("not compared" in note for note in found.notes)


def negatives(value):
    return None if value < 0 else value


EVASIVE = {
    "every field is null": each_value(lambda *_: None),
    "every date is 1970": of_kind("time", lambda _: "1970-01-01T00:00:00"),
    "every date is the time of booking": of_kind("time", lambda _: datetime(2026, 12, 2, 12).isoformat()),  # noqa: DTZ001
    "negative numbers are null": of_kind("number", negatives),
    "negative numbers are 0": of_kind("number", lambda value: max(0, value)),
    "numbers lose their sign": of_kind("number", abs),
    "numbers are 0": of_kind("number", lambda _: 0),
    "numbers are NaN": of_kind("number", lambda _: "NaN"),
    "numbers are a text": of_kind("number", lambda _: "abc"),
    "numbers are true": of_kind("number", lambda _: True),
    "numbers are whole": of_kind("number", int),
    "numbers are floats of 32 bits": of_kind("number", lambda value: value * (1 + 3e-8)),
    "flags are true": of_kind("flag", lambda _: True),
    "flags are null": of_kind("flag", lambda _: None),
    "texts are 0": of_kind("text", lambda value: 0 if value else value),
    "texts are empty objects": of_kind("text", lambda value: {} if value else value),
    "texts are one text": of_kind("text", lambda value: "text" if value else value),
    "texts lose what is not ASCII": of_kind("text", lambda value: value.encode("ascii", "replace").decode()),
    "texts are cut": of_kind("text", lambda value: value[:20]),
    "texts lose blanks inside": of_kind("text", lambda value: value.replace(" ", "")),
    "texts of digits lose zeros": of_kind("text", lambda value: value.lstrip("0")),
    "lists are null": lambda value: {name: None if isinstance(each, list) else each for name, each in value.items()},
    "lists are empty": lambda value: {name: [] if isinstance(each, list) else each for name, each in value.items()},
    "lists lose an entry": lambda value: {
        name: each[1:] if isinstance(each, list) else each for name, each in value.items()
    },
    "objects are null": lambda value: {name: None if isinstance(each, dict) else each for name, each in value.items()},
    "null is 0": each_value(lambda value, _: 0 if value is None else value),
    "empty is a dash": each_value(lambda value, _: "-" if value == "" else value),
    "times are a day late": of_kind("time", lambda value: shifted(value, timedelta(days=1))),
    "times are 7 minutes late": of_kind("time", lambda value: shifted(value, timedelta(minutes=7))),
    "hashes are all one": each_value(lambda value, name: "0" * 64 if name == "lastName" and value else value),
    "cut JSON": lambda value: RIGHT["as JSON"](value)[:400],
}


@pytest.mark.parametrize("name", EVASIVE)
def test_a_copy_that_is_something_else_is_corrupt(name):
    """A constant, null or 0 where the payload varies, and each value that is no form of what was sent."""
    found = judged(copies(EVASIVE[name]))
    assert Verdict.VIOLATED is found.verdict
    assert {Class.CORRUPT} == {each.class_ for each in found.findings}


SOME = {
    "leaves out a field": lambda value: {name: each for name, each in value.items() if name != "createdDateTime"},
    "keeps an amount in cents": of_kind("number", lambda value: value * 100),
    "keeps capitals": of_kind("text", str.upper),
    "keeps another zone": of_kind("time", shifted),
    "keeps half of the fields": lambda value: dict(list(value.items())[: len(value) // 2]),
    "keeps no copy": lambda _: None,
    "keeps data of its own": lambda _: {"total": 1},
    "masks texts": of_kind("text", lambda _: "***"),
}


@pytest.mark.parametrize("name", SOME)
def test_what_does_not_hold_for_every_event_is_corrupt(name):
    """The first event of each type is kept in another way than the others."""
    effects = [
        *copies(SOME[name], [each for each in events() if each.webhook_event_id.endswith("-0")]),
        *copies(RIGHT["as JSON"], [each for each in events() if not each.webhook_event_id.endswith("-0")]),
    ]
    found = judged(effects)
    assert {Class.CORRUPT} == {each.class_ for each in found.findings}
    assert Verdict.VIOLATED is found.verdict


def test_another_form_than_in_earlier_scenarios_is_corrupt():
    """Cents in one scenario and crowns in another: each holds for every value that it shows itself."""
    crowns = history(copies(RIGHT["as JSON"]))
    earlier = tuple((event, (effect,)) for event, effect in zip(events(), crowns.final.effects, strict=True))
    assert Verdict.VERIFIED is judged(copies(REWRITTEN["cents"])).verdict
    assert Verdict.VIOLATED is judged(copies(REWRITTEN["cents"]), earlier=earlier).verdict


KEEPS_CONTENT = next(clause for clause in CONTRACT if clause.id == "keeps-content")


def test_data_with_other_keys_is_no_copy_and_no_check_of_one():
    """A third of the payload's keys are left out in every event: nothing was compared, and the report says so."""
    shown = history(copies(lambda value: dict(list(value.items())[: len(value) * 2 // 3])))
    assert Verdict.VERIFIED is judge(shown, CONTRACT).verdict
    assert "no effect carries" in why_not_exercised(KEEPS_CONTENT, shown)
    assert {("payload", "guessed")} == {(each.name, each.status) for each in columns_of([shown]) if each.is_open}


def test_nulls_that_were_dropped_do_not_count_against_a_copy():
    """A payload of nulls alone but for its number is still a copy, and its other values are compared."""
    sparse = [each for each in events() if each.event == "CustomerCreated"]
    found = judged(copies(lambda value: {**without_empty(value), "customerId": 7}, sparse), sent=tuple(sparse))
    assert {Class.CORRUPT} == {each.class_ for each in found.findings}


NAMED = {
    "amount": "total",
    "sold_at": "saleDateTime",
    "moved_at": "createdDateTime",
    "code": "gtin",
    "moved": "quantity",
    "person": "lastName",
    "lines": "salesLines",
}


def row(event):
    """The columns of a right receiver, as a driver for SQL gives them."""
    found = {column: content.at(event.payload, path) for column, path in NAMED.items()}
    found = {column: None if value is content.ABSENT else value for column, value in found.items()}
    times = {name: datetime.fromisoformat(found[name]) for name in ("sold_at", "moved_at") if found[name]}
    amounts = {name: Decimal(str(found[name])) for name in ("amount", "moved") if found[name] is not None}
    return {**found, **times, **amounts}


def rows(**changed):
    """The columns of a receiver that makes something else of some."""
    return [
        kept(
            event,
            **{
                name: changed.get(name, as_it_is)(each) if each is not None else None
                for name, each in row(event).items()
            },
        )
        for event in events()
    ]


def as_it_is(value):
    return value


def test_named_columns_of_a_right_receiver_are_verified():
    """Dates, decimals and lists as a database gives them, and NULL where another type has no such field."""
    found = judged(rows(), column_map=NAMED)
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)
    assert "" == why_not_exercised(KEEPS_CONTENT, history(rows(), column_map=NAMED))


@pytest.mark.parametrize(
    "lossy",
    [
        {"moved_at": lambda _: datetime(1999, 1, 1)},  # noqa: DTZ001
        {"moved_at": lambda value: value + timedelta(minutes=3)},
        {"sold_at": lambda _: None},
        {"sold_at": lambda _: 0},
        {"code": lambda _: 2147483647},
        {"code": lambda value: value[:5]},
        {"amount": int},
        {"amount": lambda _: 0},
        {"amount": lambda value: None if value < 0 or value % 1 else value},
        {"moved": abs},
        {"person": lambda value: value.encode("ascii", "replace").decode()},
        {"person": lambda _: ""},
        {"lines": lambda _: []},
        {"lines": lambda value: value[:1]},
        {"lines": len},
    ],
)
def test_a_named_column_that_is_something_else_is_corrupt(lossy):
    """A named column is compared strictly, however seldom it agrees."""
    found = judged(rows(**lossy), column_map=NAMED)
    assert {Class.CORRUPT} == {each.class_ for each in found.findings}


@pytest.mark.parametrize("name", ["🧥👟", "Kari Nordmann", "Дa"])
def test_a_text_is_compared_by_all_its_characters(name):
    sent = tuple(each for each in events() if each.event == "CustomerCreated")[:1]
    shown = kept(sent[0], person="??")
    event = replace(sent[0], payload={"lastName": name})
    assert Verdict.VIOLATED is judged([shown], sent=(event,), column_map={"person": "lastName"}).verdict


def test_a_guessed_column_never_accuses_and_is_never_hidden():
    """The same losses in columns that only have a field's name, or its values in some events."""
    effects = [
        kept(event, total=int(event.payload["total"]), sale_date_time=None, paid=paid(event))
        for event in events()
        if event.event == "SaleCreated"
    ]
    shown = history(effects, tuple(event for event in events() if event.event == "SaleCreated"))
    found = columns_of([shown])
    assert Verdict.VERIFIED is judge(shown, CONTRACT).verdict
    assert ["sale_date_time", "paid", "total"] == [each.name for each in found if each.is_open]
    assert ["empty", "guessed", "guessed"] == [each.status for each in found]
    assert 'SaleCreated.total = "total" compares it, SaleCreated.total = "" leaves it out' == found[2].lines
    named = judge(history(effects, shown.events, column_map={"total": "total", "sale_date_time": ""}), CONTRACT)
    assert Verdict.VIOLATED is named.verdict


def paid(event):
    """The payment's own column, which has another name, and is cut in one event."""
    return 0 if event.webhook_event_id.endswith("-0") else event.payload["vatTotal"]


def test_off_compares_nothing():
    for effects in (copies(EVASIVE["numbers are 0"]), rows(amount=lambda _: 0)):
        shown = history(effects, column_map=NAMED, check_content=ContentCheck.OFF)
        assert Verdict.VERIFIED is judge(shown, CONTRACT).verdict
        assert "no effect carries" in why_not_exercised(KEEPS_CONTENT, shown)
        assert () == columns_of([shown])


@pytest.mark.parametrize("name", RIGHT)
def test_exact_has_no_list(name):
    """Each form that changes a value, leaves out a key or turns a list is a finding; the order of keys is not."""
    changed = any(as_text(RIGHT[name](each.payload)) != as_text(each.payload) for each in events())
    found = judged(copies(RIGHT[name]), check_content=ContentCheck.EXACT)
    assert ({Class.CORRUPT} if changed else set()) == {each.class_ for each in found.findings}


def as_text(value):
    return orjson.dumps(content.parsed(value), option=orjson.OPT_SORT_KEYS)


def test_a_copy_of_a_second_webhook_is_compared_too():
    """Two webhooks report one occurrence: its one effect shows the payload that both have."""
    (sale,) = [each for each in events() if each.webhook_event_id == "SaleCreated-1"]
    twin = replace(sale, webhook_id="w2", webhook_event_id="twin")
    wrong = Effect(sale.webhook_event_id, {"payload": EVASIVE["numbers are 0"](sale.payload)})
    assert {Class.CORRUPT} == {each.class_ for each in judged([wrong], sent=(sale, twin)).findings}
