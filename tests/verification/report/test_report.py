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
        }
    ]
