"""A receiver to talk to, in this process or as a child that can be killed."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from frontsim import catalog
from frontsim.clock import Clock, Ids
from frontsim.listening import listen, url_of
from frontsim.receivers.app import make_app
from frontsim.receivers.bookings import Bookings
from frontsim.receivers.registry import find
from frontsim.receivers.server import Server

CATALOG = catalog.load()


class Desk:
    """Stands before one receiver: sends it events, reads its effects, stops and restarts it."""

    def __init__(self, variant: str, db: Path, *, child: bool) -> None:
        self.variant, self.db, self.child = variant, db, child
        self.now = 1_790_000_000.0
        self._ids = itertools.chain.from_iterable(Ids().event_ids(1000) for _ in itertools.count())
        self.web = httpx.AsyncClient(verify=False, timeout=30, limits=httpx.Limits(max_connections=20))

    async def opens(self) -> "Desk":
        await (self._spawns() if self.child else self._starts())
        return self

    async def _starts(self) -> None:
        self._listener, self._bookings = listen("127.0.0.1", 0), Bookings(self.db)
        receiver = find(self.variant).receiver(self._bookings, catalog=CATALOG, clock=Clock(now=lambda: self.now))
        listening = asyncio.Event()
        self._server = Server(make_app(receiver, variant=self.variant), listening=listening.set)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await listening.wait()
        self.url = url_of(self._listener)

    async def _spawns(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "frontsim.receivers.serve", "--db", str(self.db), "--variant", self.variant),
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout
        self.url = json.loads(await self.process.stdout.readline())["url"].removesuffix("/hook")

    async def closes(self) -> None:
        """An orderly stop."""
        if self.child:
            if self.process.returncode is None:
                self.process.terminate()
            await self.process.wait()
        else:
            self._server.stop()
            await self._serving
            self._bookings.close()
            self._listener.close()

    async def is_killed(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

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
        try:
            answer = await self.web.post(
                self.url + path, content=body, headers={name: value for name, value in sent.items() if value}
            )
        except (httpx.TransportError, AttributeError):  # the latter: anyio, when uvloop's socket died while connecting
            return 0
        return answer.status_code

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
async def desk(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens desks: `await desk("reference", child=True)`; closes them at the end."""
    async with AsyncExitStack() as stack:

        async def open_desk(variant: str = "reference", *, child: bool = False) -> Desk:
            opened = Desk(variant, tmp_path / "receiver.db", child=child)
            stack.push_async_callback(opened.web.aclose)
            await opened.opens()
            stack.push_async_callback(opened.closes)
            return opened

        yield open_desk


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
