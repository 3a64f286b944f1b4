"""The gateway before the vendor's API sees a job's calls, and breaks them."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from frontsim.recovery.case import BrokenCall, Operation
from frontsim.recovery.gateway import MOST_RESENDS_OF_ONE, CallGateway

pytestmark = pytest.mark.anyio

LIST = "/restapi/V2/api/WebhooksEvents/W1"
RESEND = "/api/WebhooksEvents/w1/deliver/E1"
FIRST, SECOND = "w1", "w2"


class Caller:
    """Calls a gateway with a simulator behind it that answers 200 to everything."""

    def __init__(self) -> None:
        self.gateway = CallGateway()
        self.app = self.gateway.before(self._simulator)
        self.passed_on: list[str] = []
        self.was_cut = False
        self.read_s = 0.0

    async def _simulator(self, scope: MutableMapping[str, Any], _: Any, send: Any) -> None:
        self.passed_on.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"[]"})

    async def calls(self, path: str, method: str = "GET", query: str = "") -> list[Any]:
        """The status, the headers and the body of the answer; empty if the connection was cut."""
        got: list[Any] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            self.read_s = self.gateway.now_s()
            got.extend([message["status"], dict(message["headers"])] if "status" in message else [message["body"]])

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.disconnect"}

        def cut() -> None:
            self.was_cut = True

        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "extensions": {"frontsim.reset": cut},
        }  # fmt: skip
        await self.app(scope, receive, send)
        return got


@pytest.fixture
def job() -> Caller:
    return Caller()


async def test_calls_are_recorded_with_what_they_ask_for(job: Caller) -> None:
    """In any spelling of the path; of a parameter that comes twice, the last."""
    job.gateway.expect(1, (), (FIRST,))
    await job.calls(LIST, query="from=2026-07-01&from=2026-08-01")
    await job.calls(RESEND, "POST")
    await job.calls("/api/WebhooksEvents/w1/e1/")
    await job.calls("/api/Webhooks")
    assert [
        (Operation.LIST, "w1", ""),
        (Operation.RESEND, "w1", "e1"),
        (Operation.GET, "w1", "e1"),
        (Operation.OTHER, "", ""),
    ] == [(call.operation, call.webhook_id, call.webhook_event_id) for call in job.gateway.calls]
    assert {"from": "2026-08-01"} == job.gateway.calls[0].query
    assert {200} == {call.status for call in job.gateway.calls}
    assert (True, 1) == (job.gateway.listed(), job.gateway.resends_made())


async def test_a_call_has_ended_before_its_caller_has_read_the_answer(job: Caller) -> None:
    """So the calls of a job that makes one after the other never overlap, however late the gateway goes on."""
    job.gateway.expect(1, (), (FIRST,))
    await job.calls(LIST)
    (call,) = job.gateway.calls
    assert call.began_s <= call.ended_s <= job.read_s


async def test_our_own_calls_are_not_recorded(job: Caller) -> None:
    """Before and after a start of the job, and those of the control API at any time."""
    await job.calls(LIST)
    job.gateway.expect(1, (), (FIRST,))
    await job.calls("/_sim/health")
    job.gateway.pass_unseen()
    await job.calls(LIST)
    assert () == job.gateway.calls
    assert 3 == len(job.passed_on)


@pytest.mark.parametrize(
    ("how", "status", "is_passed_on"),
    [
        (BrokenCall(None, "status", status=503), 503, False),
        (BrokenCall(None, "garbage"), 200, False),
        (BrokenCall(None, "slow", seconds=0), 200, True),
        (BrokenCall(None, "hang", seconds=0), None, False),
        (BrokenCall(None, "cut-before"), None, False),
        (BrokenCall(None, "cut-after"), None, True),
    ],
    ids=lambda value: value.how if isinstance(value, BrokenCall) else "",
)
async def test_each_way_to_break_a_call(job: Caller, how: BrokenCall, status: int | None, is_passed_on: bool) -> None:
    """After `cut-after` the simulator has done it, and the job has no answer."""
    job.gateway.expect(1, (how,), (FIRST,))
    got = await job.calls(RESEND, "POST")
    assert (status, is_passed_on, status is None) == (got[0] if got else None, bool(job.passed_on), job.was_cut)
    (call,) = job.gateway.calls
    assert (status, how.how) == (call.status, call.broken)


async def test_a_refusal_says_how_long_to_wait(job: Caller) -> None:
    """In the header and in the vendor's words; the record has it, too."""
    job.gateway.expect(1, (BrokenCall(None, "status", status=429, retry_after_s=7),), (FIRST,))
    status, headers, body = await job.calls(LIST)
    assert (429, b"7") == (status, headers[b"retry-after"])
    assert b"Try again in 7 seconds." in body
    assert 7 == job.gateway.calls[0].retry_after_s


async def test_only_the_named_calls_are_broken(job: Caller) -> None:
    """Of one webhook, one operation, after so many, so many times."""
    broken = BrokenCall(Operation.LIST, "status", status=500, webhook=1, after=1, times=2)
    job.gateway.expect(1, (broken,), (FIRST, SECOND))
    await job.calls("/api/webhooksevents/w2/deliver/e1", "POST")
    await job.calls("/api/webhooksevents/w1")
    statuses = [(await job.calls("/api/webhooksevents/w2"))[0] for _ in range(4)]
    assert [200, 500, 500, 200] == statuses
    assert ["", ""] == [call.broken for call in job.gateway.calls[:2]]


async def test_a_job_that_resends_one_event_for_ever_is_noticed(job: Caller) -> None:
    """By one event; a new start counts anew."""
    job.gateway.expect(1, (), (FIRST,))
    for number in range(MOST_RESENDS_OF_ONE):
        await job.calls(RESEND, "POST")
        await job.calls(f"/api/webhooksevents/w1/deliver/other-{number}", "POST")
    assert not job.gateway.is_endless()
    await job.calls(RESEND, "POST")
    assert job.gateway.is_endless()
    job.gateway.expect(2, (), (FIRST,))
    assert not job.gateway.is_endless()
    assert 0 == job.gateway.resends_made()
