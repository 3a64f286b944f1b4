from datetime import datetime
from typing import Any

import pytest

from frontsim import catalog
from frontsim.client.models import EventEntry
from frontsim.domain.model import Outcome, Trigger
from frontsim.domain.status_text import StatusText
from frontsim.load.log_facts import LogReader, unfinished
from frontsim.verification.facts.history import EventFact
from frontsim.verification.scenario.selection import Selection

EPOCH = datetime.fromisoformat("2026-08-01T10:00:00")


def run(number: int, at: str, status: str, code: int | None) -> dict[str, Any]:
    return {
        "run": number,
        "createdDateTime": f"2026-08-01T{at}",
        "trigger": "Original" if number == 1 else "Resend",
        "status": status,
        "statusCode": code,
        "durationMs": 3,
    }


class Api:
    """A log of one event with these runs; what it was asked for is in `asked`."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self._entry = {"webhookId": "w", "webhookEventId": "e", "runs": list(runs), "payload": {"saleId": 7}}
        self.asked: dict[str, Any] = {}

    def list_events(self, webhook_id: str, **asked: Any) -> list[EventEntry]:
        assert webhook_id == "w"
        self.asked = asked
        entry = self._entry if asked["include_payload"] else {**self._entry, "payload": None}
        return [EventEntry.read(entry)]


def facts(
    api: Api, *, key: str = "webhookEventId", content: bool = False, breaks_until: int = 0
) -> tuple[EventFact, ...]:
    selection = Selection(catalog.load(), ["SaleCreated"])
    reader = LogReader(api, {"w": "SaleCreated"}, selection, EPOCH, key, content, breaks_until)  # type: ignore[arg-type]
    return reader.facts()


def test_a_run_is_as_sure_as_its_status() -> None:
    """A code is an answer, a refused connection is *not sent*, everything else without a code is *unknown*."""
    runs = [
        run(1, "10:00:01", StatusText.CONNECTION_FAILED, None),
        run(2, "10:00:02", StatusText.LEASE_EXPIRED, None),
        run(3, "10:00:03.5", "OK", 200),
    ]
    (fact,) = facts(Api(*runs))
    assert [Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.ANSWERED] == [each.outcome for each in fact.runs]
    assert [Trigger.ORIGINAL, Trigger.RESEND, Trigger.RESEND] == [each.trigger for each in fact.runs]
    assert [1000, 2000, 3500] == [each.at_ms for each in fact.runs]
    assert fact.acknowledged


@pytest.mark.parametrize(("breaks_until", "faulted"), [(0, [False, False]), (1500, [True, False])])
def test_only_what_we_broke_is_put_down_to_us(breaks_until: int, faulted: list[bool]) -> None:
    """A run without an answer, made while we were breaking deliveries, is no fair try; any later one is."""
    api = Api(run(1, "10:00:01", StatusText.TIMEOUT, None), run(2, "10:00:02", StatusText.TIMEOUT, None))
    (fact,) = facts(api, breaks_until=breaks_until)
    assert faulted == [each.faulted for each in fact.runs]


def test_an_answer_is_always_the_receivers() -> None:
    """A 500 in the middle of an outage is its own."""
    (fact,) = facts(Api(run(1, "10:00:01", "Internal server error", 500)), breaks_until=9999)
    assert not fact.runs[0].faulted


@pytest.mark.parametrize(
    ("key", "content", "asked"),
    [("webhookEventId", False, False), ("business", False, True), ("webhookEventId", True, True)],
)
def test_payloads_are_read_only_where_they_are_needed(key: str, content: bool, asked: bool) -> None:
    """For what an event is about, or what is in it; a hundred thousand events are read in seconds without."""
    api = Api()
    (fact,) = facts(api, key=key, content=content)
    assert asked is api.asked["include_payload"]
    assert (key == "business") is (fact.entity is not None)
    assert content is (fact.payload is not None)


def test_an_event_without_a_run_is_unfinished() -> None:
    """It was leased, and neither reported nor run out: nobody may be accused by it."""
    assert 1 == unfinished(facts(Api()))
    assert 0 == unfinished(facts(Api(run(1, "10:00:01", "OK", 200))))
