"""Sends through a `WebhookSender`, and asserts one result for each delivery."""

import asyncio
from types import TracebackType
from typing import Any, Self

from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Outcome, Result
from tests.support.patience import PATIENCE_S

HEADERS = b"Content-Type: application/json; charset=utf-8\r\nX-Webhook-Event-Id: 1\r\n"
BODY = b'{"saleId":"0123456789"}'


class Sender:
    """A `WebhookSender` for one test. At its end: one result each, and no error in a callback."""

    def __init__(self, *, connect_timeout_s: float = 60, timeout_s: float = 60, **more: Any) -> None:
        self.webhooks = WebhookSender(connect_timeout_s=connect_timeout_s, timeout_s=timeout_s, **more)
        self.results: list[list[Result]] = []
        self.errors: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.errors.append(context))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self.webhooks.close(0)
        asyncio.get_running_loop().set_exception_handler(None)
        if kind is None:
            assert [1] * len(self.results) == [len(results) for results in self.results]
            assert self.errors == []
            assert self.webhooks.in_flight == 0

    def start(self, url: str, *, body: bytes = BODY, plan: SendPlan = WHOLE) -> "asyncio.Future[Result]":
        """Send; the future has the result."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        results: list[Result] = []
        self.results.append(results)

        def done(result: Result) -> None:
            results.append(result)
            if not future.done():
                future.set_result(result)

        self.webhooks.send(parse_target(url), HEADERS, body, done, plan)
        assert not results, "done was called before send returned"
        return future

    async def sends(self, url: str, *, body: bytes = BODY, plan: SendPlan = WHOLE) -> Result:
        """Send, and wait for the result."""
        return await asyncio.wait_for(self.start(url, body=body, plan=plan), PATIENCE_S)


def whole(url: str, body: bytes = BODY) -> bytes:
    """Every byte of a delivery."""
    return head(url, body) + body


def head(url: str, body: bytes = BODY) -> bytes:
    """Every byte of a delivery's head."""
    return parse_target(url).head_start + HEADERS + f"Content-Length: {len(body)}\r\n\r\n".encode()


def untimed(result: Result) -> tuple[Outcome, str, int | None, bytes]:
    """A result but for its times."""
    return result.outcome, result.status, result.status_code, result.answer
