"""One case: what stops it, and how a start of the job ends. The matrix plays whole cases with whole jobs."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from frontsim.errors import BadInput
from frontsim.recovery import play as playing
from frontsim.recovery.case import Case, CaseHistory, CaseStart, StartEnding, chosen
from frontsim.recovery.play import JobSetup, play, skip_reason
from frontsim.recovery.run import open_simulator

(PLAIN,) = chosen(["a-plain-failure"])
(OTHER_DAY,) = chosen(["repeated-hour"])
ENDLESS = "sleep 3600"


def played(job: str, *, case: Case = PLAIN, limit_s: float = 3600, interrupted: bool = False) -> CaseHistory:
    with open_simulator(case, seed=7) as simulator:
        return play(case, JobSetup(job, limit_s), simulator, cancelled=lambda: interrupted)


def test_a_job_that_does_nothing_leaves_all_that_failed() -> None:
    """It ends by itself, with its own exit code; the log is read with every run."""
    found = played("false")
    (start,) = found.starts
    assert (StartEnding.EXITED, 1, "") == (start.ending, start.exit_code, found.trouble)
    assert {each.webhook_event_id for each in found.events} == start.still_failing
    assert [1] * 5 == [len(each.runs) for each in found.events]


def test_a_job_that_takes_too_long_is_killed() -> None:
    """It has no exit code then."""
    (start,) = played(ENDLESS, limit_s=0.01).starts
    assert (StartEnding.TOO_SLOW, None) == (start.ending, start.exit_code)


def test_what_fails_while_the_job_runs_fails_also_if_the_job_lists_nothing() -> None:
    """The next start owes it."""
    (group,) = PLAIN.past
    case = replace(PLAIN, starts=(CaseStart(fails_while_running=2), CaseStart()))
    found = played("true", case=case)
    assert group.count + 2 == len(found.events)
    assert [2, 2] == [each.due for each in found.events[-2:]]


def test_an_interrupted_case_is_unknown() -> None:
    assert "the run was interrupted" == played("true", interrupted=True).trouble


def test_a_command_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        played("no-such-program-of-ours")


def test_another_day_needs_libfaketime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "faketime_library", lambda: None)
    assert ("", True) == (skip_reason(PLAIN), "libfaketime" in skip_reason(OTHER_DAY))


RENEWS = """
import os, json, urllib.request as u
def call(method, path, body=None):
    asked = u.Request(os.environ["FRONTSIM_BASE_URL"] + "/api" + path, body, {
        "content-type": "application/json", "x-api-key": os.environ["FRONTSIM_API_KEY"],
        "Ocp-Apim-Subscription-Key": os.environ["FRONTSIM_SUBSCRIPTION_KEY"]}, method=method)
    return json.load(u.urlopen(asked))
for webhook in call("GET", "/Webhooks"):
    call("DELETE", "/Webhooks/" + webhook["id"])
    call("POST", "/Webhooks", json.dumps(webhook).encode())
"""


def test_a_job_that_makes_its_webhooks_anew_is_played_to_its_end(tmp_path: Path) -> None:
    """The next start is given the new one too, and owes what fails there."""
    (tmp_path / "job.py").write_text(RENEWS)
    case = replace(PLAIN, starts=(CaseStart(), CaseStart(fails_before=2)))
    found = played(f"{sys.executable} {tmp_path / 'job.py'}", case=case)
    assert ("", [(), ()]) == (found.trouble, [each.broken_subscriptions for each in found.starts])
    old, new = dict.fromkeys(each.webhook_id for each in found.events)
    assert [old] * 5 + [new] * 2 == [each.webhook_id for each in found.events]
