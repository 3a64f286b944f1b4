"""The newest calls of the vendor's API."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from frontsim.api.gateway import KEPT, CallLog
from frontsim.clock import Clock

pytestmark = pytest.mark.anyio


async def answers(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"12345"})


async def breaks(_: Scope, __: Receive, ___: Send) -> None:
    raise RuntimeError


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def drop(_: Message) -> None:
    pass


def scope(path: str = "/api/Webhooks", **headers: str) -> Scope:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw}


@pytest.mark.slow
async def test_only_the_newest_are_kept_and_only_in_part():
    """Memory is bounded, whatever a caller sends."""
    log = CallLog(answers, clock=Clock())
    for _ in range(KEPT + 4):
        await log(scope("/" + "x" * 5_000), nothing, drop)
    await log(scope(**{f"h{each}": "y" * 5_000 for each in range(90)}), nothing, drop)
    kept = log.after(0)
    assert (KEPT + 5, 6) == (kept[0].number, kept[-1].number)
    assert 5 == log.dropped
    assert KEPT == len(kept)
    assert max(len(call.target) for call in kept) <= 400
    assert 30 == len(kept[0].raw_headers)
    assert 5 == kept[0].answer_bytes
    assert 2 == len(log.after(KEPT + 3))


async def test_a_call_that_fails_is_noted():
    log = CallLog(breaks, clock=Clock())
    with pytest.raises(RuntimeError):
        await log(scope(), nothing, drop)
    assert [None] == [call.status for call in log.after(0)]
