import dataclasses
import json

import pytest
from jsonschema import Draft202012Validator

from frontsim.recovery.run import result_of as job_result_of
from frontsim.report.as_json import as_data, as_json
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.model import GUESSED, ComparedColumn
from frontsim.report.text import as_markdown, lines
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.played import EventTypes
from frontsim.verification.result import result_of
from tests.docs.pages import ROOT
from tests.recovery.reports import RIGHT, WRONG
from tests.recovery.reports import report as job_report

KEYS = Fingerprint("books by event id; ids that differ in case are two")


def test_the_json_has_the_fields_of_the_public_surface(report):
    """The fields and values of --json stay as they are: programs read them."""
    data = json.loads(as_json(result_of(report)))
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
            "provenance": None,
            "request": None,
            "answer": None,
        }
    ]


def test_the_json_says_what_played_when_and_which_causes_it_found(report):
    """Version, start and duration of the run; each cause with its scenarios and the number of its events."""
    dated = dataclasses.replace(report, version="1.2", started_at="2026-11-25T17:00:00Z", duration_s=4.5678)
    data = json.loads(as_json(result_of(dated)))
    assert data["causes"][0].pop("explanation").startswith("The receiver does not remember event ids")
    assert ["1.2", "2026-11-25T17:00:00Z", 4.568] == [data[each] for each in ("version", "startedAt", "durationS")]
    assert [
        {
            "clause": "books-copies-at-once-once",
            "class": "duplicated",
            "scenarios": ["storm"],
            "events": 1,
            "sentence": "1 event booked more than once (duplicated), in storm, against books-copies-at-once-once",
        }
    ] == data["causes"]


def test_every_report_has_the_receivers_key_in_one_line(report):
    """JSON, text, Markdown, HTML and JUnit; a load test does not probe it, and its reports leave it out."""
    probed = dataclasses.replace(report, keys=KEYS)
    assert str(KEYS) == json.loads(as_json(result_of(probed)))["keys"]
    assert "unknown: it was not probed" == json.loads(as_json(result_of(report)))["keys"]
    for write in (as_markdown, as_html, as_junit, lambda result: "\n".join(lines(result))):
        assert str(KEYS) in write(result_of(probed))
        assert "Key: " not in write(result_of(report))


def test_the_json_of_a_job_has_each_case_with_its_findings_and_one_cause_for_a_clause():
    """A cause counts events, not findings, and says what to change."""
    found = json.loads(as_json(job_result_of(job_report(RIGHT, WRONG))))
    assert ("violated", 7, "python ***") == (found["verdict"], found["seed"], found["job"])
    assert [("verified", 0), ("violated", 2)] == [(each["verdict"], len(each["findings"])) for each in found["cases"]]
    (cause,) = found["causes"]
    assert ("finds-every-failure", "missed", ["case"], 2) == (
        cause["clause"], cause["class"], cause["cases"], cause["events"]
    )  # fmt: skip
    assert cause["fix"]
    assert "in the end it has not arrived" in found["cases"][1]["stories"]["finds-every-failure"]
    assert "frontsim verify-recovery --job 'python ***' --case case --seed 7" == found["cases"][1]["replay"]


def test_effects_of_no_event_are_counted(report):
    """The field is always there."""
    found = json.loads(as_json(dataclasses.replace(result_of(report), unaccounted=3)))
    assert 3 == found["unaccounted"]


SCHEMA = json.loads((ROOT / "docs" / "reference" / "verdict.schema.json").read_text())


def test_the_schema_describes_every_report(report):
    """Of a receiver and of a job, violated, unknown and right; with a state, and without anything."""
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    few = dataclasses.replace(report, types=EventTypes(["SaleCreated"], ["InvoiceCreated"]))
    for result in (
        *(result_of(each) for each in (report, few, dataclasses.replace(report, played=[], interrupted=True))),
        *(job_result_of(job_report(*cases)) for cases in ((RIGHT, WRONG), (RIGHT,))),
    ):
        assert [] == [each.message for each in validator.iter_errors(json.loads(as_json(result)))]
    assert not validator.is_valid({**json.loads(as_json(result_of(report))), "verdict": "passed"})


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (EventTypes(["SaleCreated"], ["InvoiceCreated"]), "--receiver http://shop/hook --seed 7 --events SaleCreated"),
        (EventTypes(["SaleCreated"]), None),
    ],
)
def test_the_next_command_says_what_is_meant(report, types, wanted):
    """Of a run that is verified for some types; nothing is left to do where it is for all."""
    right = dataclasses.replace(report, played=report.played[3:], types=types)
    assert (wanted and f"frontsim verify {wanted}") == as_data(result_of(right))["next"]


def test_the_next_command_plays_a_finding_again(report):
    again = "frontsim verify --receiver http://shop/hook --scenario {} --seed 7"
    assert again.format("storm") == as_data(result_of(report))["next"]
    unknown = dataclasses.replace(report, played=report.played[1:])
    assert again.format("steady") == as_data(result_of(unknown))["next"]


def test_each_column_has_its_status_and_an_example(report):
    """Programs find the columns to look at by these."""
    column = ComparedColumn("SaleCreated", "total", "total", 3, 5, "", "sent 1.5, has 1", GUESSED)
    data = json.loads(as_json(dataclasses.replace(result_of(report), columns=(column,))))
    assert [
        {
            "event": "SaleCreated",
            "column": "total",
            "path": "total",
            "agreeing": 3,
            "compared": 5,
            "rewriting": "",
            "example": "sent 1.5, has 1",
            "status": "guessed",
        }
    ] == data["columns"]
