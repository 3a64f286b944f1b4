"""Wrong reading: a valid event is refused or fails, or a request that is not an event is accepted."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import orjson

from frontsim.errors import UnknownEventType
from frontsim.receivers.inbound import RawRequest, ReceivedEvent, Refused
from frontsim.receivers.reference import Receiver, WorkFailed

logger = logging.getLogger(__name__)


class RejectsUnknownFields(Receiver):
    """Checks payloads against a closed list of fields: once the vendor adds a field, it refuses every event."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        unknown = _unknown(self._schema(event.type), event.payload)
        if unknown:
            raise Refused(422, f"unknown field {unknown[0]}")
        return event

    def _schema(self, event: str) -> Mapping[str, Any]:
        try:
            return self.catalog.find(event).schema
        except UnknownEventType:
            return {}


class RejectsUnknownTypes(Receiver):
    """Has no handler for a new type, and answers 500 instead of setting the event aside."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        try:
            self.catalog.find(event.type)
        except UnknownEventType:
            raise WorkFailed(f"no handler for {event.type}") from None
        return event


class CrashOnNull(Receiver):
    """Strips texts without a check for null, which the schema allows: a null is a 500."""

    TEXTS = ("saleGuid", "city", "gtin", "orderNo", "orderDate", "personName")

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        for field in self.TEXTS:
            try:
                event.payload.get(field, "").strip()
            except AttributeError as error:
                raise WorkFailed(f"{field}: {error}") from error
        return event


class SwallowsNulls(CrashOnNull):
    """As `CrashOnNull`, but it catches the exception and answers 200: the event is lost without a sign."""

    async def receive(self, request: RawRequest) -> int:
        try:
            return await super().receive(request)
        except WorkFailed as error:
            logger.warning("skipped: %s", error)
            return self.SUCCESS


class CrashOnGarbage(Receiver):
    """A body that it cannot parse kills its parser's thread: from then on every answer is 500."""

    _dead = False

    def read(self, request: RawRequest) -> ReceivedEvent:
        if self._dead:
            raise WorkFailed("the parser's thread has died")
        try:
            return super().read(request)
        except Refused as refused:
            self._dead = True
            raise WorkFailed(f"the parser's thread dies: {refused}") from refused


class DiesOnGarbage(Receiver):
    """A body that it cannot parse ends the whole process."""

    EXIT_CODE = 70

    def read(self, request: RawRequest) -> ReceivedEvent:
        try:
            return super().read(request)
        except Refused:
            os._exit(self.EXIT_CODE)


class AcceptsGarbage(Receiver):
    """Books every request that has an event id, whether the body is JSON or not."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        """As the reference; but what the reference refuses becomes an event whose payload is the body as text."""
        try:
            return super().read(request)
        except Refused:
            if not request.event_id:
                raise
            text = orjson.dumps(request.body.decode("utf-8", "replace"))
            return ReceivedEvent(request.event_id, request.webhook_id, request.event or request.path_type, {}, text)


class RejectsLarge(Receiver):
    """Keeps its framework's default limit: it refuses bodies over 100 kB with 413."""

    LIMIT = 100_000

    def read(self, request: RawRequest) -> ReceivedEvent:
        if len(request.body) > self.LIMIT:
            raise Refused(413, f"expected at most {self.LIMIT} bytes, got {len(request.body)}")
        return super().read(request)


def _unknown(schema: Mapping[str, Any], value: Any, path: str = "") -> list[str]:
    """The paths in `value` that `schema` does not name."""
    if isinstance(value, list):
        return [each for item in value for each in _unknown(schema.get("items", {}), item, f"{path}[]")]
    known = schema.get("properties")
    if not isinstance(value, dict) or known is None:
        return []
    return [
        found
        for key, inner in value.items()
        for found in (_unknown(known[key], inner, f"{path}.{key}") if key in known else [f"{path}.{key}".strip(".")])
    ]
