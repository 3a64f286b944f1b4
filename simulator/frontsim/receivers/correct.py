"""Receivers that are right, each in its own way: a verdict that accuses one of them is a false alarm."""

import asyncio
import random

from frontsim.errors import UnknownEventType
from frontsim.receivers.inbound import RawRequest, ReceivedEvent
from frontsim.receivers.reference import Receiver, WorkFailed, identity


class BusinessKey(Receiver):
    """Its key is what the event is about (`saleId`; customer and time of the update), not the event's id.

    It sees through two webhooks for one occurrence, too. Where an event does not say what it is about, its
    id must do.
    """

    def key(self, notice: ReceivedEvent) -> str:
        """Type, identity and version."""
        try:
            kind = self.catalog.find(notice.event)
        except UnknownEventType:
            return notice.event_id
        values = identity(kind, notice).values()
        if not values or None in values:
            return notice.event_id
        return ":".join([kind.name, *map(str, values)])


class Answers202(Receiver):
    """Says "accepted". Every 2xx counts."""

    SUCCESS = 202


class Answers204(Receiver):
    """Says nothing, with 204. Every 2xx counts."""

    SUCCESS = 204


class Slow(Receiver):
    """Takes its time before it does anything."""

    SECONDS = 0.3

    async def receive(self, arrival: RawRequest) -> int:
        """Wait, then as the reference."""
        await asyncio.sleep(self.SECONDS)
        return await super().receive(arrival)


class Flaky(Receiver):
    """Turns away one sound request in four, with 503, before it has stored anything: the resend is as good as new."""

    SEED = 1
    SHARE = 0.25

    async def start(self) -> None:
        """Take the dice, which fall in the same order every time."""
        self._dice = random.Random(self.SEED)  # noqa: S311 - nothing is secret about a mood

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, when in the mood."""
        notice = super().read(arrival)
        if self._dice.random() < self.SHARE:
            raise WorkFailed("busy: nothing was stored, send it again", status=503)
        return notice
