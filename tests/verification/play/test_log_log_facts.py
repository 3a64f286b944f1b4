from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontsim import catalog
from frontsim.client.models import EventEntry
from frontsim.domain.model import Outcome, StatusText, Trigger
from frontsim.verification.effects.history import EventFact
from frontsim.verification.play.log import Condition, read_webhook_facts
from frontsim.verification.scenario.selection import Selection

EPOCH = datetime.fromisoformat("2026-08-01T10:00:00")


def run(number: int, at: str, status: str | None, code: int | None) -> dict[str, Any]:
    return {
        "run": number,
        "createdDateTime": f"2026-08-01T{at}",
        "trigger": "Original" if number == 1 else "Resend",
        "status": status,
        "statusCode": code,
        "durationMs": 3,
    }


class ListingApi:
    """A log of one event with these runs; `asked` keeps the arguments of the last call."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self._entry = {"webhookId": "w", "webhookEventId": "e", "runs": list(runs), "payload": {"saleId": 7}}
        self.asked: dict[str, Any] = {}

    def list_events(self, webhook_id: str, **asked: Any) -> list[EventEntry]:
        assert webhook_id == "w"
        self.asked = asked
        entry = self._entry if asked["include_payload"] else {**self._entry, "payload": None}
        return [EventEntry.read(entry)]


def the_fact(api: ListingApi, **options: Any) -> EventFact:
    (fact,) = read_webhook_facts(api, {"w": "SaleCreated"}, epoch=EPOCH, **options)  # type: ignore[arg-type]
    return fact


def test_a_run_is_as_sure_as_its_status() -> None:
    """A code is an answer, a refused connection is *not sent*, everything else without a code is *unknown*."""
    runs = [
        run(1, "10:00:01", StatusText.CONNECTION_FAILED, None),
        run(2, "10:00:02", StatusText.LEASE_EXPIRED, None),
        run(3, "10:00:03.5", "OK", 200),
    ]
    fact = the_fact(ListingApi(*runs))
    assert [Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.ANSWERED] == [each.outcome for each in fact.runs]
    assert [Trigger.ORIGINAL, Trigger.RESEND, Trigger.RESEND] == [each.trigger for each in fact.runs]
    assert [1000, 2000, 3500] == [each.at_ms for each in fact.runs]
    assert fact.acknowledged


OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("began", "logged", "at_ms"),
    [
        (datetime(2027, 3, 28, 1, 59, 59, tzinfo=OSLO), "2027-03-28T03:00:01", 2_000),
        (datetime(2027, 10, 31, 2, 59, 59, tzinfo=OSLO), "2027-10-31T02:00:01", 2_000),
        (datetime(2027, 10, 31, 2, 59, 59, tzinfo=OSLO), "2027-10-31T02:59:58.997", -3),
        (datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=OSLO), "2027-10-31T02:30:01", 1_000),
        (datetime(2027, 10, 31, 1, 30, tzinfo=OSLO), "2027-10-31T03:30:00", 10_800_000),
        (datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=OSLO), "2027-10-31T01:30:01.0000000+00:00", 1_000),
    ],
)
def test_a_run_is_as_late_as_the_time_that_has_passed(began: datetime, logged: str, at_ms: int) -> None:
    """Whatever the clock shows: spring skips an hour and autumn repeats one. The OpenAPI form has its own offset."""
    api = ListingApi({**run(1, "", "OK", 200), "createdDateTime": logged})
    (fact,) = read_webhook_facts(api, {"w": "SaleCreated"}, epoch=began)  # type: ignore[arg-type]
    assert [at_ms] == [each.at_ms for each in fact.runs]
    assert began.utcoffset() == datetime.fromisoformat(f"{api.asked['from_'].isoformat()}").utcoffset()


def test_a_run_that_has_not_ended_is_left_out() -> None:
    """Neither a status nor a code: nothing is known of it yet."""
    assert () == the_fact(ListingApi(run(1, "10:00:01", None, None))).runs


@pytest.mark.parametrize(
    ("is_faulted", "faulted"), [(None, [False, False]), (lambda _, at_ms: at_ms < 1500, [True, False])]
)
def test_the_caller_knows_what_it_broke(is_faulted: Condition | None, faulted: list[bool]) -> None:
    """A run that the caller broke is marked as such; without a condition none is."""
    api = ListingApi(run(1, "10:00:01", StatusText.TIMEOUT, None), run(2, "10:00:02", StatusText.TIMEOUT, None))
    options = {"is_faulted": is_faulted} if is_faulted else {}
    assert faulted == [each.faulted for each in the_fact(api, **options).runs]


@pytest.mark.parametrize(
    ("by_entity", "content", "asked"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_payloads_are_read_only_where_they_are_needed(by_entity: bool, content: bool, asked: bool) -> None:
    """For what an event is about, or what is in it; a hundred thousand events are read in seconds without."""
    api = ListingApi()
    entity_of = Selection(catalog.load(), ["SaleCreated"]).entity if by_entity else None
    fact = the_fact(api, entity_of=entity_of, keeps_payloads=content)
    assert asked is api.asked["include_payload"]
    assert by_entity is (fact.entity is not None)
    assert content is (fact.payload is not None)


def test_a_run_is_told_in_the_users_time(user_zone):
    """The log writes the vendor's local time without an offset; a story has the user's."""
    user_zone("America/New_York")
    api = ListingApi(run(1, "10:00:00.5", "OK", 200))
    epoch = EPOCH.replace(tzinfo=ZoneInfo("Europe/Oslo"))
    (event,) = read_webhook_facts(api, {"w": "SaleCreated"}, epoch=epoch)
    assert ["04:00:00.500-04:00"] == [each.at for each in event.runs]
