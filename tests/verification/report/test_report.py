import dataclasses
import json

from frontsim.verification.report.report import as_json


def test_the_json_has_the_fields_of_the_public_surface(report):
    """The fields and values of --json stay as they are: programs read them."""
    data = json.loads(as_json(report))
    assert ["violated", "http://shop/hook", 7] == [data[name] for name in ("verdict", "receiver", "seed")]
    assert ["violated", "unknown", "skipped", "verified"] == [each["verdict"] for each in data["scenarios"]]
    storm = data["scenarios"][0]
    assert storm["counts"] == {"events": 2, "acknowledged": 2, "resent": 1, "effects": 3, "duplicated": 1, "ok": 1}
    assert storm["durationS"] == 1.5
    assert storm["findings"] == [
        {
            "class": "duplicated",
            "clause": "books-copies-at-once-once",
            "event": "SaleCreated",
            "webhookEventId": "0192-sale",
            "detail": "expected one effect, got 2 effects",
            "request": None,
            "answer": None,
        }
    ]


def test_the_json_says_what_played_when_and_which_causes_it_found(report):
    """Version, start and duration of the run; each cause with its scenarios and the number of its events."""
    dated = dataclasses.replace(report, version="1.2", started_at="2026-11-25T17:00:00Z", duration_s=4.5678)
    data = json.loads(as_json(dated))
    assert ["1.2", "2026-11-25T17:00:00Z", 4.568] == [data[each] for each in ("version", "startedAt", "durationS")]
    assert [
        {
            "clause": "books-copies-at-once-once",
            "class": "duplicated",
            "scenarios": ["storm"],
            "events": 1,
            "sentence": "One cause explains 1 of 1 violated scenario: books-copies-at-once-once (1 event duplicated)",
        }
    ] == data["causes"]
