"""The report at the end of `frontsim reconcile`."""

import json

import pytest

from frontsim.cli.commands.reconcile import progress_bar, show
from frontsim.client.models import EventEntry, WebhookView
from frontsim.client.reconcile import ReconcileResult

SALES, ORDERS = [WebhookView.read({"id": id_, "event": event, "url": "u"}) for id_, event in (("w1", "A"), ("w2", "B"))]
LEFT = EventEntry.read({"webhookEventId": "e1", "createdDateTime": "2026-08-01T10:00:00", "status": "Not found"})
DONE = ReconcileResult("w1", listed=2, resent=2, recovered=2, left=())
SPENT = ReconcileResult("w2", listed=3, resent=5, recovered=2, left=(LEFT,), spent=frozenset({"e1"}))


def test_what_still_fails_is_listed_and_what_is_out_of_attempts_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show([SALES, ORDERS], [DONE, SPENT], as_json=False)
    shown = capsys.readouterr().out
    assert "e1" in shown
    assert "Resend by hand, with `frontsim resend`: 1 that are out of attempts (--max-attempts)." in shown


def test_where_nothing_is_left_nothing_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    show([SALES], [DONE], as_json=False)
    shown = capsys.readouterr().out
    assert "still failing" in shown  # the column
    assert "Resend by hand" not in shown
    assert 2 == len(shown.strip().splitlines())


def test_json_has_each_webhook_that_was_reached(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that ended early has fewer results than webhooks."""
    show([ORDERS, SALES], [SPENT], as_json=True)
    (found,) = json.loads(capsys.readouterr().out)
    assert {
        "webhookId": "w2", "event": "B", "url": "u", "listed": 3, "resent": 5, "recovered": 2, "stillFailing": 1,
        "outOfAttempts": 1, "failing": [LEFT.raw], "stopped": None,
    } == found  # fmt: skip


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line goes to standard error as it is."""
    with progress_bar() as progress_of:
        say, progress = progress_of(SALES)
        say("waits \x1b[31m1 s")
    assert None is progress
    assert "waits \\x1b[31m1 s\n" == capsys.readouterr().err
