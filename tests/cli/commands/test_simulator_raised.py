"""The events of a trigger or an act, as rows."""

import json

import pytest

from frontsim.cli.commands.simulator import show_raised
from frontsim.client.models import TriggerAnswer

EVENT = {"webhookId": "w", "webhookEventId": "e", "event": "SaleCreated"}
RAISED = TriggerAnswer.read({"occurrences": 1, "events": [EVENT]})


def test_the_columns_that_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show_raised(RAISED, "event", "webhook", wanted="SaleCreated", as_json=False)
    assert ["event        webhook", "SaleCreated  w"] == capsys.readouterr().out.splitlines()


def test_the_answer_as_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    show_raised(RAISED, "event", wanted="SaleCreated", as_json=True)
    assert {"occurrences": 1, "events": [EVENT]} == json.loads(capsys.readouterr().out)


def test_no_event_says_how_to_subscribe(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = TriggerAnswer.read({"occurrences": 3, "events": []})
    show_raised(nothing, "event", wanted="SaleCreated", as_json=False)
    captured = capsys.readouterr()
    assert "3 occurred" in captured.out + captured.err
    assert "frontsim webhooks create SaleCreated URL" in captured.out + captured.err
