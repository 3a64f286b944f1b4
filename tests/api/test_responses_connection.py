"""The app asks a caller's connection, here a scope without a server; test_stream has real sockets."""

from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive

from frontsim.api.responses import ENDS_WITH_CALLER, RESET, end_with_caller, gone, reset

pytestmark = pytest.mark.anyio


def receiving(*types: str) -> tuple[Receive, Iterable[str]]:
    left = list(types)

    async def receive() -> Message:
        return {"type": left.pop(0)}

    return receive, left


async def test_a_caller_is_gone_when_it_disconnects() -> None:
    """Bytes that it still sends before are passed over, and nothing is read behind them."""
    receive, left = receiving("http.request", "http.request", "http.disconnect", "http.disconnect")
    await gone(receive)
    assert ["http.disconnect"] == left


async def test_a_reset_waits_until_the_caller_is_gone() -> None:
    receive, left = receiving("http.request", "http.disconnect")
    calls: list[int] = []
    await reset({"extensions": {RESET: lambda: calls.append(len(list(left)))}}, receive)
    assert ([2], []) == (calls, left)


@pytest.mark.parametrize("scope", [{}, {"extensions": {RESET: print}}])
async def test_a_call_may_end_with_its_caller(scope: dict[str, dict[str, object]]) -> None:
    """The extensions that a server gave stay."""
    before = dict(scope.get("extensions", {}))
    end_with_caller(scope)
    assert {**before, ENDS_WITH_CALLER: True} == scope["extensions"]
