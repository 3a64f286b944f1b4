"""Receivers that call the vendor's API while they process an event: right ones, and ones that are broken in one way.

    event ──▶ call ──▶ one transaction: key and effect ──▶ 2xx
               │ 429, 500, no answer: again, a few times ──▶ 503: the event comes again

They call at FRONTSIM_BASE_URL, with the keys beside it, as every receiver under `verify --receiver-cmd` can. Without it
they make no calls.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from frontsim.subjects import inbound
from frontsim.subjects.inbound import RawRequest, ReceivedEvent, value_at
from frontsim.subjects.reference import Receiver, Variant, WorkFailed, by_name

_PAUSES_S = (0.05, 0.1, 0.2, 0.4)
"""Between the tries of a call."""
_LONGEST_PAUSE_S = 2.0
_NOT_FOUND, _TOO_MANY = 404, 429
_OURS = "crm-"
"""How the references begin that this receiver gives to customers."""


class Enriches(Receiver):
    """Reads each event's product from the API before it books, and tries again."""

    PAUSES_S: tuple[float, ...] = _PAUSES_S

    async def start(self) -> None:
        said = os.environ
        keys = {
            "x-api-key": said.get("FRONTSIM_API_KEY", ""),
            "Ocp-Apim-Subscription-Key": said.get("FRONTSIM_SUBSCRIPTION_KEY", ""),
        }
        base_url = said.get("FRONTSIM_BASE_URL", "")
        import httpx  # noqa: PLC0415 - see jobs.py

        self._failure = httpx.HTTPError
        self._http = httpx.AsyncClient(base_url=base_url, headers=keys, trust_env=False) if base_url else None

    async def stop(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: inbound.is_taken(db, self.key(event))):
            await self.call_for(event)
        await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS

    async def call_for(self, event: ReceivedEvent) -> None:
        """Make the calls that an event asks for. Raises WorkFailed."""
        if gtin := _gtin(event.payload):
            await self.call("GET", f"/api/Product/gtin/{gtin}")

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Make a call that may be repeated. Raises WorkFailed."""
        for pause_s in (*self.PAUSES_S, None):
            try:
                answer = await self._http.request(method, path, json=body) if self._http else None
            except self._failure:  # it may have been made: to make it again does no harm
                asked_s = 0.0
            else:
                if answer is None or answer.is_success or answer.status_code == _NOT_FOUND:
                    return
                asked_s = float(answer.headers.get("Retry-After", 0))
            if pause_s is not None:
                await asyncio.sleep(min(max(pause_s, asked_s), _LONGEST_PAUSE_S))
        raise WorkFailed(f"{method} {path} failed", status=503)


def _gtin(payload: Mapping[str, Any]) -> str:
    """The first GTIN of an event, of its lines or items where it has no own."""
    lists = (value for value in payload.values() if isinstance(value, list))
    entries = (entry for entries in lists for entry in entries if isinstance(entry, dict))
    found = (value_at(each, "gtin") for each in (payload, *entries))
    return next((each for each in found if isinstance(each, str) and each.isdecimal()), "")


class WritesBack(Enriches):
    """Gives customers its own reference through the API, and knows its own echo."""

    async def call_for(self, event: ReceivedEvent) -> None:
        number = value_at(event.payload, "customerId")
        if event.type.startswith("Customer") and isinstance(number, int) and not self.is_echo(event, number):
            await self.call("PUT", "/api/Customer", {"customerid": number, "extId": f"{_OURS}{number}"})

    def is_echo(self, event: ReceivedEvent, number: int) -> bool:
        """Tells whether the customer has our reference already."""
        return value_at(event.payload, "customerExtId") == f"{_OURS}{number}"


class LoopsOnEcho(WritesBack):
    """It answers the event that its own write raised with another write."""

    def is_echo(self, event: ReceivedEvent, number: int) -> bool:  # noqa: ARG002 - that it is ignored is the bug
        return False


class BooksBeforeTheRead(Enriches):
    """It books, reads the product, and books again when that failed."""

    PAUSES_S = ()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.book(db, event)):
            try:
                await self.call_for(event)
            except WorkFailed:
                await self.bookings.transact(lambda db: inbound.give_back(db, self.key(event)))
                raise
        return self.SUCCESS


class ReadsStale(WritesBack, BooksBeforeTheRead):
    """It looks for a write whose answer was lost in an old copy of the shop, and does all again."""


CORRECT_CALLERS: Mapping[str, Variant] = by_name(
    Variant("enriches", Enriches),
    Variant("writes-back", WritesBack),
)
BROKEN_CALLERS: Mapping[str, Variant] = by_name(
    Variant(
        "books-before-the-read",
        BooksBeforeTheRead,
        frozenset({"duplicated"}),
        ("webhook-then-read",),
        needs_process_control=True,
    ),
    Variant("loops-on-echo", LoopsOnEcho, frozenset({"looped"}), ("echo",), needs_process_control=True),
    Variant("reads-stale", ReadsStale, frozenset({"duplicated"}), ("read-your-write",), needs_process_control=True),
)
