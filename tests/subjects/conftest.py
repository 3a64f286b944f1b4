"""A receiver to talk to, in this process or as a child that can be killed."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from frontsim import catalog
from frontsim.clock import Clock, Ids
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Result
from tests.support.patience import PATIENCE_S
from tests.support.receiver import ChildReceiver, serving

CATALOG = catalog.load()


class ReceiverDriver:
    """Sends events to one receiver, reads its effects, kills and restarts it."""

    def __init__(self, variant: str, db: Path, *, child: bool) -> None:
        self.variant, self.db, self.child = variant, db, child
        self.now = 1_790_000_000.0
        self._ids = itertools.chain.from_iterable(Ids().event_ids(1000) for _ in itertools.count())
        self.web = httpx.AsyncClient(verify=False, timeout=PATIENCE_S)
        self._sender = WebhookSender(connect_timeout_s=PATIENCE_S, timeout_s=PATIENCE_S)
        self._slots = asyncio.Semaphore(20)
        self._open = ExitStack()

    async def opens(self) -> "ReceiverDriver":
        if self.child:
            self._process = self._open.enter_context(ChildReceiver(self.variant, self.db))
            self.url = self._process.url
        else:
            self.url = self._open.enter_context(serving(self.variant, self.db, clock=Clock(now=lambda: self.now)))
        return self

    async def leaves(self) -> None:
        """The sender's side ends."""
        await self._sender.close(0)
        await self.web.aclose()

    async def closes(self) -> None:
        """An orderly stop."""
        await asyncio.to_thread(self._open.close)

    async def is_killed(self) -> None:
        self._process.kills()

    def new_id(self) -> str:
        return str(UUID(bytes=next(self._ids)))

    async def sends(
        self, event: str, payload: Any, event_id: str, *, headers: dict[str, str] | None = None, path: str = "/hook"
    ) -> int:
        """One delivery; returns the status, 0 for no answer."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        sent = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Webhook-Event-Id": event_id,
            "X-Webhook-Id": f"webhook-of-{event}",
            "X-Webhook-Event": event,
            **(headers or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        async with self._slots:
            self._sender.send(parse_target(self.url + path), lines.encode(), body, result.set_result)
            return (await result).status_code or 0

    async def delivers(self, event: str, payload: Any, event_id: str) -> list[int]:
        """Send until it is received, as the list -> resend job does; at most 20 times."""
        seen: list[int] = []
        while len(seen) < 20 and not any(200 <= status < 300 for status in seen):
            seen.append(await self.sends(event, payload, event_id))
        return seen

    async def effects(self) -> list[dict[str, Any]]:
        """All effects, when neither inbox nor memory holds anything back."""
        while any(map((await self.web.get(f"{self.url}/health")).json().get, ("waiting", "held"))):
            pass
        effects: list[dict[str, Any]] = (await self.web.get(f"{self.url}/effects")).json()
        return effects


@pytest.fixture
async def open_driver(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens drivers: `await open_driver("reference", child=True)`; closes them at the end."""
    async with AsyncExitStack() as stack:

        async def opened_driver(variant: str = "reference", *, child: bool = False) -> ReceiverDriver:
            opened = ReceiverDriver(variant, tmp_path / "receiver.db", child=child)
            stack.push_async_callback(opened.leaves)
            await opened.opens()
            stack.push_async_callback(opened.closes)
            return opened

        yield opened_driver


@pytest.fixture
def example() -> Callable[..., dict[str, Any]]:
    """A type's documented payload with some fields set: `example("SaleCreated", saleId=7)`."""

    def make(event: str, **fields: Any) -> dict[str, Any]:
        return {**CATALOG.find(event).schema["examples"][0], **fields}

    return make


@pytest.fixture
def known_types() -> set[str]:
    """The names of the catalogue."""
    return {each.name for each in CATALOG}
