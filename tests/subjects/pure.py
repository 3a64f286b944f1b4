"""A broken receiver: without its file, for the step that it gets wrong by itself, or with one, but without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.subjects.bookings import Bookings
from frontsim.subjects.inbound import RawRequest, ReceivedEvent
from frontsim.subjects.reference import Receiver

CATALOG = catalog.load()
Kind = TypeVar("Kind", bound=Receiver)


def made(kind: type[Kind], *, now_s: float = 1_790_000_000.0) -> Kind:
    return kind(cast("Bookings", None), catalog=CATALOG, clock=Clock(now=lambda: now_s))


def event(payload: dict[str, Any], *, type_: str = "SaleCreated", event_id: str = "id", webhook_id: str = "w") -> Any:
    return ReceivedEvent(event_id, webhook_id, type_, payload, orjson.dumps(payload))


def request(body: bytes, *, type_: str = "SaleCreated", event_id: str = "id") -> RawRequest:
    return RawRequest(event_id, "w", type_, "", "application/json", body)


def example(type_: str, **fields: object) -> bytes:
    """A type's documented payload with some fields set."""
    return orjson.dumps({**CATALOG.find(type_).schema["examples"][0], **fields})


@asynccontextmanager
async def opened(kind: type[Kind], folder: Path) -> AsyncIterator[Kind]:
    """A receiver on a file of its own, started."""
    with closing(Bookings(folder / "receiver.db")) as bookings:
        receiver = kind(bookings, catalog=CATALOG, clock=Clock(now=lambda: 1_790_000_000.0))
        await receiver.start()
        try:
            yield receiver
        finally:
            await receiver.stop()


def sale(number: int = 1) -> RawRequest:
    """A sale; two of one number are copies of one event."""
    return request(example("SaleCreated", saleId=number), event_id=f"sale-{number}")


def booked(receiver: Receiver) -> list[str]:
    """The ids of the events that have effects, sorted."""
    return sorted(event_id for (event_id,) in receiver.bookings.read("SELECT event_id FROM effects"))
