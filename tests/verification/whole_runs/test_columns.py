"""Receivers that keep fields of the payload in columns of their own, right and wrong."""

from datetime import datetime, timedelta

import orjson
import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from tests.verification.laboratory import play, requested

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
        "type": "own",
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


def test_a_right_receiver_is_verified_and_its_columns_are_known(shop):
    """`type` and `status` are its own, and share only a name."""
    played = run(shop, columns)
    assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}
    known = {(column.event, column.name) for column in played[-1].history.columns}
    assert {("StockMovementCreated", "gtin"), ("SaleCreated", "total"), ("SaleCreated", "comment")} <= known
    assert not {"type", "status"} & {name for _, name in known}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda row: {"quantity": row["quantity"] and round(row["quantity"], 2)}, "quantity: sent 0.125, column"),
        (
            lambda row: {"gtin": row["gtin"] and int(row["gtin"])},
            "gtin: sent '0041234567907', column gtin has 41234567907",
        ),
        (lambda row: {"comment": row["comment"] and row["comment"][:20]}, "comment: sent"),
    ],
)
def test_a_column_that_loses_something_is_found(shop, tmp_path, broken, told):
    """Decimals beyond two, leading zeros, the end of a text. The quantity of a movement is named: levels change."""
    (tmp_path / "map.toml").write_text('quantity = "quantity"')
    row = lambda payload: {**columns(payload), **broken(columns(payload))}  # noqa: E731
    played = run(shop, row, observe_map=tmp_path / "map.toml")
    found = [each for scenario in played for each in scenario.judgement.findings]
    assert {Class.CORRUPT} == {each.class_ for each in found}
    assert told in found[0].detail


def test_a_column_in_another_zone_everywhere_is_right(shop):
    """It keeps UTC."""

    def row(payload):
        moment = datetime.fromisoformat(payload["createdDateTime"]) - timedelta(hours=1)
        return {**columns(payload), "created_date_time": moment.isoformat()}

    played = run(shop, row)
    assert {Verdict.VERIFIED} == {each.judgement.verdict for each in played}
    [count] = [
        count
        for column, count in played[-1].history.columns.items()
        if (column.event, column.path) == ("SaleCreated", "createdDateTime")
    ]
    assert ("in another time zone", count.compared) == (count.rewriting, count.agreeing)
