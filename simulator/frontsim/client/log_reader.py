"""The one reader of the log: the events of some webhooks, as the vendor's API lists them."""

from collections.abc import Iterable, Iterator
from typing import TypedDict, Unpack

from frontsim.client.models import EventEntry
from frontsim.client.vendor import FrontSystems, When

EVER = ("2000-01-01", "2199-12-31")
"""A window that leaves nothing out."""


class LogFilter(TypedDict, total=False):
    """Which events, None for all, and what each carries."""

    success: bool | None
    with_payloads: bool
    with_runs: bool


def read_log(
    api: FrontSystems,
    webhook_ids: Iterable[str],
    *,
    since: When = EVER[0],
    **which: Unpack[LogFilter],
) -> Iterator[EventEntry]:
    """The events since a moment, webhook by webhook, oldest first for each. Raises CallError."""
    for webhook_id in webhook_ids:
        yield from api.list_events(
            webhook_id,
            from_=since,
            to=EVER[1],
            success=which.get("success"),
            include_payload=which.get("with_payloads", False),
            include_runs=which.get("with_runs", False),
        )
