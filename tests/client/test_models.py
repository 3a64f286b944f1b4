"""Answers of the APIs, as facts."""

from dataclasses import replace
from typing import Any

import pytest

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.models import (
    AnsweredRun,
    EventEntry,
    Message,
    RaisedEvent,
    RunView,
    TriggerAnswer,
    WebhookView,
    messages,
)

GUIDE_ENTRY = {
    "webhookId": "w",
    "webhookEventId": "e",
    "createdDateTime": "2021-12-09T08:50:46.02",
    "updatedDateTime": None,
    "status": "Not found",
    "statusCode": 404,
    "success": False,
    "runsCounter": 1,
    "runs": [],
}


def test_the_entry_of_the_guide() -> None:
    """The entry that the vendor's guide shows is read whole."""
    entry = EventEntry.read(GUIDE_ENTRY)
    assert EventEntry("w", "e", "2021-12-09T08:50:46.02", None, "Not found", 404, False, 1, (), None, {}) == entry
    assert GUIDE_ENTRY == entry.raw


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"statusCode": 404, "status": "Not found"}, "404 Not found"),
        ({"statusCode": None, "status": "Timeout"}, "Timeout"),
        ({"statusCode": 200}, "200"),
        ({}, "no status"),
    ],
)
def test_how_a_run_ended(fields: dict[str, Any], outcome: str) -> None:
    """An outcome is the code and the phrase, as far as there are any."""
    assert outcome == EventEntry.read({"webhookEventId": "e", **fields}).outcome


def test_runs_and_payload() -> None:
    """Runs and payload are read where they come; fields that we do not know stay in raw."""
    run = {"run": 2, "createdDateTime": "c", "trigger": "Resend", "status": "OK", "statusCode": 200, "new": 1}
    entry = EventEntry.read({**GUIDE_ENTRY, "runs": [run], "payload": {"saleId": 1}})
    assert (RunView(2, "c", "Resend", "OK", 200, None, None, {}),) == entry.runs
    assert ({"saleId": 1}, 1) == (entry.payload, entry.runs[0].raw["new"])


def test_a_webhook() -> None:
    """A webhook needs an id; a missing field is the same as null."""
    webhook = WebhookView.read({"id": "w", "storeId": 7, "event": "SaleCreated", "url": "http://a"})
    assert WebhookView("w", "SaleCreated", "http://a", 7, {}) == webhook
    assert WebhookView("w", "", "", None, {}) == WebhookView.read({"id": "w", "event": None})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], r"webhook: expected an object, got \[\]"),
        ({}, r"webhook\.id: expected a text that is not empty"),
        ({"id": ""}, r"webhook\.id: expected a text that is not empty"),
        ({"id": 7}, r"webhook\.id: expected a text that is not empty, got \{\"id\":7\}"),
        ({"id": "w", "storeId": True}, r"webhook\.storeId: expected a whole number"),
        ({"id": "w", "storeId": 1.5}, r"webhook\.storeId: expected a whole number"),
    ],
)
def test_a_webhook_that_cannot_be_read(value: object, text: str) -> None:
    """A field of another type is shown as expected and got, never guessed at."""
    with pytest.raises(UnexpectedAnswer, match=text):
        WebhookView.read(value)


@pytest.mark.parametrize(
    "field", [{"success": "false"}, {"runs": {}}, {"runs": [1]}, {"statusCode": "404"}, {"webhookEventId": None}]
)
def test_an_entry_that_cannot_be_read(field: dict[str, Any]) -> None:
    """A log entry of another form is an UnexpectedAnswer."""
    with pytest.raises(UnexpectedAnswer, match="expected"):
        EventEntry.read({**GUIDE_ENTRY, **field})


def test_what_was_raised() -> None:
    """Events of a trigger, by webhook; none when no webhook matches."""
    event = {"webhookId": "w", "webhookEventId": "e", "event": "SaleCreated"}
    assert TriggerAnswer(2, (RaisedEvent("w", "e", "SaleCreated"),), {}) == TriggerAnswer.read(
        {"occurrences": 2, "events": [event]}
    )
    assert () == TriggerAnswer.read({"occurrences": 2, "events": []}).events
    with pytest.raises(UnexpectedAnswer, match=r"raised event\.webhookId"):
        TriggerAnswer.read({"occurrences": 1, "events": [{}]})


def test_server_sent_events() -> None:
    """A message ends at an empty line; its id stays for those behind it; comments and what is cut off are dropped."""
    lines = [": hello", "id: 7", "event: run", "data: a", "data:b", "", "data: c", "", "", "retry: 5", "", "data: cut"]
    assert [Message("7", "run", "a\nb"), Message("7", "message", "c")] == list(messages(lines))


def test_a_run_shows_for_how_long_the_receiver_asked_to_wait():
    """By Retry-After of its answer, whatever its case; None without it."""
    refused = AnsweredRun(1, "", "Too many requests", 429, "", "Server: x\r\nRETRY-AFTER: 12\r\n")
    assert 12 == refused.retry_after_s
    assert replace(refused, answer_head="").retry_after_s is None
