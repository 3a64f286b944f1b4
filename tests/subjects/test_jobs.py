"""The right job's calls, against an API that answers by a script; whole cases are played in tests/recovery."""

import fcntl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from frontsim.subjects import jobs as job_module
from frontsim.subjects.jobs import TRIES, WINDOW, Failed, Job

Answer = httpx.Response | Exception


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the job has paused: none of them pass."""
    pauses: list[float] = []
    monkeypatch.setattr(job_module.time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def opened(tmp_path: Path, paused: list[float]) -> Callable[..., tuple[Job, list[str]]]:
    """A job for webhook w whose calls get these answers, and the calls that it makes."""

    def open_job(*answers: Answer, webhook_ids: str = "w") -> tuple[Job, list[str]]:
        job, calls, left = Job(variables(tmp_path, webhook_ids)), list[str](), list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            calls.append(f"{request.method} {request.url.path.removeprefix('/restapi/V2/api/WebhooksEvents/')}")
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        job.http = httpx.Client(base_url=job.http.base_url, transport=httpx.MockTransport(handle))
        return job, calls

    return open_job


def variables(folder: Path, webhook_ids: str) -> dict[str, str]:
    return {
        "FRONTSIM_BASE_URL": "http://api/restapi/V2/",
        "FRONTSIM_API_KEY": "k",
        "FRONTSIM_SUBSCRIPTION_KEY": "s",
        "FRONTSIM_WEBHOOK_IDS": webhook_ids,
        "FRONTSIM_STATE_DIR": str(folder),
    }


def entry(event_id: str, *, success: bool = False, runs: int = 1) -> dict[str, Any]:
    return {"webhookEventId": event_id, "success": success, "runsCounter": runs, "status": "Timeout"}


def ok(value: Any) -> httpx.Response:
    return httpx.Response(200, json=value)


def test_it_resends_what_failed_each_once(opened: Callable[..., Any]) -> None:
    """Also where the list holds what did not fail. Nothing is left: exit code 0."""
    job, calls = opened(
        ok([entry("a"), entry("b", success=True), entry("c")]),
        ok(entry("a", success=True)),
        ok(entry("c", success=True)),
    )
    assert 0 == job.run()
    assert ["GET w", "POST w/deliver/a", "POST w/deliver/c"] == calls


def test_one_that_fails_again_is_left_and_the_others_go_on(opened: Callable[..., Any]) -> None:
    """Also another webhook, when the list of the first cannot be read."""
    resends = ok(entry("a")), ok(entry("b", success=True))
    job, calls = opened(httpx.Response(404), ok([entry("a"), entry("b")]), *resends, webhook_ids="gone,w")
    assert 1 == job.run()
    assert (2, ["GET gone", "GET w", "POST w/deliver/a", "POST w/deliver/b"]) == (job.left, calls)


def test_after_a_lost_answer_it_looks_before_it_says_anything(opened: Callable[..., Any]) -> None:
    """One more run in the log: the resend was made. It is never made twice for one list."""
    job, calls = opened(ok([entry("a")]), httpx.ReadTimeout("lost"), ok(entry("a", success=True, runs=2)))
    assert (0, ["GET w", "POST w/deliver/a", "GET w/a"]) == (job.run(), calls)
    job, calls = opened(ok([entry("a")]), httpx.ReadTimeout("lost"), ok(entry("a")))
    assert (1, ["GET w", "POST w/deliver/a", "GET w/a"]) == (job.run(), calls)


def test_a_call_that_changes_nothing_is_made_again(opened: Callable[..., Any], paused: list[float]) -> None:
    """With longer and longer pauses, and not for ever."""
    job, calls = opened(*[httpx.Response(500)] * (TRIES - 1), ok([]))
    assert 0 == job.run()
    assert ([0.2, 0.4, 0.8], TRIES) == (paused, len(calls))
    job, calls = opened(*[httpx.ConnectError("down")] * TRIES)
    assert (1, TRIES) == (job.run(), len(calls))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_asked_again(opened: Callable[..., Any], status: int) -> None:
    job, calls = opened(httpx.Response(status))
    with pytest.raises(Failed, match=str(status)):
        job.read_list("w")
    assert 1 == len(calls)


def test_it_waits_as_long_as_it_is_asked(opened: Callable[..., Any], paused: list[float]) -> None:
    """But for no more than a minute."""
    job, _ = opened(httpx.Response(429, headers={"Retry-After": "7"}), ok([]))
    assert ([], [7.0]) == (job.read_list("w"), paused)
    job, _ = opened(httpx.Response(429, headers={"Retry-After": "61"}))
    with pytest.raises(Failed, match="429"):
        job.read_list("w")


def test_an_answer_that_is_no_json_is_none(opened: Callable[..., Any]) -> None:
    job, _ = opened(*[httpx.Response(200, text="<html>")] * TRIES)
    with pytest.raises(Failed):
        job.read_list("w")


def test_its_window_reaches_from_long_ago_into_tomorrow(tmp_path: Path) -> None:
    """In local time without a zone, as the vendor's list takes it."""
    from_, to = map(datetime.fromisoformat, Job(variables(tmp_path, "w")).window())
    assert from_.tzinfo is to.tzinfo is None
    assert WINDOW + timedelta(days=1) == to - from_


def test_a_second_copy_leaves_the_work_to_the_first(tmp_path: Path, opened: Callable[..., Any]) -> None:
    job, calls = opened()
    with (tmp_path / "job.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert (0, []) == (job.run(), calls)
