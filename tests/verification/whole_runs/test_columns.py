"""Receivers that keep the payload, or fields of it in columns of their own, right and wrong."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import orjson
import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.played import Report
from frontsim.verification.result import result_of
from tests.verification.laboratory import CONTRACT, play, requested

pytestmark = pytest.mark.slow

SCENARIOS = ("steady", "long-outage", "unicode-and-decimals")
EVENTS = ("StockMovementCreated", "SaleCreated")


def columns(payload):
    """The row of a right receiver."""
    return {
        "gtin": payload.get("gtin"),
        "quantity": payload.get("quantity"),
        "total": payload.get("total"),
        "comment": payload.get("comment"),
        "sales_channel": "own",
        "status": "booked",
        "created_date_time": payload["createdDateTime"].replace("T", " "),
    }


def run(shop, row, **options):
    def shows():
        with shop.lock:
            booked = [
                (each["webhookEventId"], orjson.loads(shop.bodies[each["webhookEventId"]])) for each in shop.effects
            ]
        return 200, orjson.dumps([{"webhookEventId": event_id, **row(payload)} for event_id, payload in booked])

    shop.shows = shows
    return play(requested(shop.url, events=EVENTS, **options), *SCENARIOS)


NAMED = 'quantity = "quantity"\ngtin = "gtin"\ntotal = "total"\ncomment = "comment"\nsales_channel = ""\n'
TIME = 'created_date_time = "createdDateTime"\n'


@pytest.fixture
def named(tmp_path):
    """The columns as the user names them."""
    (tmp_path / "map.toml").write_text(NAMED + TIME)
    return {"observe_map": tmp_path / "map.toml"}


def report_on(played, **facts):
    return Report("http://shop", 1, played, CONTRACT, **facts)


def test_a_right_receiver_is_verified_and_its_columns_are_listed(shop):
    """Its own `sales_channel` has the name of a field that varies, so it is to be looked at."""
    played = run(shop, columns)
    assert Verdict.VERIFIED is report_on(played).verdict
    found = {(each.event, each.name): each for each in report_on(played).columns}
    assert {("StockMovementCreated", "gtin"), ("SaleCreated", "total"), ("SaleCreated", "comment")} <= found.keys()
    assert ["empty"] == [each.status for each in found.values() if each.is_open]
    assert Verdict.UNKNOWN is report_on(played, strict=True).verdict


def test_a_right_receiver_whose_columns_are_named_is_verified_in_strict_runs_too(shop, named):
    played = run(shop, columns, **named)
    report = report_on(played, strict=True)
    assert (Verdict.VERIFIED, []) == (report.verdict, [each for each in report.columns if each.is_open])


LOSSY = [
    (lambda row: {"quantity": row["quantity"] and round(row["quantity"], 2)}, "quantity: sent 0.125, column"),
    (
        lambda row: {"gtin": row["gtin"] and int(row["gtin"])},
        "gtin: sent '0041234567907', column gtin has 41234567907",
    ),
    (lambda row: {"gtin": 2147483647}, "column gtin has 2147483647"),
    (lambda row: {"comment": row["comment"] and row["comment"][:20]}, "comment: sent"),
    (lambda row: {"total": row["total"] and int(row["total"])}, "total: sent"),
    (lambda row: {"created_date_time": "1999-01-01"}, "column created_date_time has '1999-01-01'"),
]


@pytest.mark.parametrize(("broken", "told"), LOSSY)
def test_a_named_column_that_loses_something_is_found(shop, named, broken, told):
    """Decimals, leading zeros, the end of a text, a constant."""
    played = run(shop, lambda payload: {**columns(payload), **broken(columns(payload))}, **named)
    found = [each for scenario in played for each in scenario.judgement.findings]
    assert {Class.CORRUPT} == {each.class_ for each in found}
    assert any(told in each.detail for each in found)


@pytest.mark.parametrize(("broken", "_"), LOSSY[2:])
def test_a_guessed_column_that_loses_something_is_said(shop, broken, _):
    """It accuses nobody; the verdict line counts it, and strict is unknown."""
    played = run(shop, lambda payload: {**columns(payload), **broken(columns(payload))})
    report = report_on(played, strict=True)
    assert Verdict.UNKNOWN is report.verdict
    assert Verdict.VERIFIED is report_on(played).verdict
    (lost,) = broken(columns({"createdDateTime": ""}))
    assert lost in {each.name for each in report.columns if each.is_open}
    assert "columns to look at" in result_of(report).conclusion


def test_a_column_in_another_zone_everywhere_is_right(shop, named):
    """It keeps UTC."""

    def row(payload):
        moment = datetime.fromisoformat(payload["createdDateTime"]).replace(tzinfo=ZoneInfo("Europe/Oslo"))
        return {**columns(payload), "created_date_time": moment.astimezone(UTC).replace(tzinfo=None).isoformat()}

    played = run(shop, row, **named)
    assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}
    rewritten = {each.rewriting for each in report_on(played).columns if each.path == "createdDateTime"}
    assert {"in another time zone"} == rewritten


def test_the_date_alone_in_another_zone_is_found(shop, named):
    """A sale soon after midnight is on another day in UTC, whenever the run is made."""

    def row(payload):
        moment = datetime.fromisoformat(payload["createdDateTime"]).replace(tzinfo=ZoneInfo("Europe/Oslo"))
        return {**columns(payload), "created_date_time": moment.astimezone(UTC).date().isoformat()}

    found = [each for played in run(shop, row, **named) for each in played.judgement.findings]
    assert any("column created_date_time has '2025-06-30'" in each.detail for each in found)


def zero(value):
    """The payload with each number 0: what an ORM makes of a decimal that it cannot read."""
    if isinstance(value, dict):
        return {name: zero(each) for name, each in value.items()}
    return [*map(zero, value)] if isinstance(value, list) else 0 if type(value) in (int, float) else value


@cache
def booked_at(_):
    """The moment at which a payload was booked."""
    return datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    "kept",
    [
        zero,
        dict.fromkeys,
        lambda payload: {name: None if isinstance(each, list | dict) else each for name, each in payload.items()},
        lambda payload: {**payload, "createdDateTime": "1970-01-01T00:00:00"},
        lambda payload: {**payload, "createdDateTime": booked_at(orjson.dumps(payload))},
        lambda payload: payload if payload["createdDateTime"][-1] in "02468" else {"own": 1},
    ],
)
def test_a_copy_that_is_something_else_is_found(shop, kept):
    """Zeros, nulls, one date, the time of booking, and a copy that only some events have."""
    played = run(shop, lambda payload: {"payload": kept(payload)})
    assert Verdict.VIOLATED is report_on(played).verdict
    assert {Class.CORRUPT} == {each.class_ for scenario in played for each in scenario.judgement.findings}


@pytest.mark.parametrize(
    ("kept", "is_compared"),
    [
        (lambda payload: {name: each for name, each in payload.items() if each not in (None, "")}, True),
        (lambda payload: {**payload, "createdDateTime": f"{payload['createdDateTime'][:19]}Z"}, True),
        (lambda payload: {**payload, "total": payload.get("total") and round(payload["total"] * 100)}, True),
        (lambda payload: {"own": payload["createdDateTime"]}, False),
    ],
)
def test_a_copy_in_another_form_is_right(shop, kept, is_compared):
    """Without nulls, in whole seconds of UTC, in cents; data of its own is no copy, and is listed."""
    played = run(shop, lambda payload: {"payload": kept(payload)})
    report = report_on(played)
    assert (Verdict.VERIFIED, is_compared) == (report.verdict, not any(each.is_open for each in report.columns))
