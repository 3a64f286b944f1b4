"""Wrong at the door: valid events are refused or choked on, or what is no event at all is let in."""

import os
from collections.abc import Mapping
from typing import Any

import orjson

from frontsim.errors import UnknownEventType
from frontsim.receivers.inbound import RawRequest, ReceivedEvent, Refused
from frontsim.receivers.reference import Receiver, WorkFailed


class RejectsUnknownFields(Receiver):
    """Checks payloads against a closed list of fields: the vendor adds one, and nothing gets in any more."""

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, and refuse what has a field that the schema does not have."""
        notice = super().read(arrival)
        unknown = _unknown(self._schema(notice.event), notice.payload)
        if unknown:
            raise Refused(422, f"unknown field {unknown[0]}")
        return notice

    def _schema(self, event: str) -> Mapping[str, Any]:
        try:
            return self.catalog.find(event).schema
        except UnknownEventType:
            return {}


class RejectsUnknownTypes(Receiver):
    """Has no handler for a type that is new, and answers 500 instead of setting it aside."""

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, and fail on an unknown type."""
        notice = super().read(arrival)
        try:
            self.catalog.find(notice.event)
        except UnknownEventType:
            raise WorkFailed(f"no handler for {notice.event}") from None
        return notice


class CrashOnNull(Receiver):
    """Strips texts that have always been there, though the schema lets them be null: a null is a 500."""

    TEXTS = ("saleGuid", "city", "gtin", "orderNo", "orderDate", "personName")

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, and strip the texts."""
        notice = super().read(arrival)
        for field in self.TEXTS:
            try:
                notice.payload.get(field, "").strip()
            except AttributeError as error:
                raise WorkFailed(f"{field}: {error}") from error
        return notice


class CrashOnGarbage(Receiver):
    """One body that it cannot parse kills the thread that parses: from then on every answer is 500."""

    _dead = False

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, until garbage comes."""
        if self._dead:
            raise WorkFailed("the parser's thread has died")
        try:
            return super().read(arrival)
        except Refused as refused:
            self._dead = True
            raise WorkFailed(f"the parser's thread dies: {refused}") from refused


class DiesOnGarbage(Receiver):
    """One body that it cannot parse ends the whole process."""

    EXIT_CODE = 70

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, until garbage comes."""
        try:
            return super().read(arrival)
        except Refused:
            os._exit(self.EXIT_CODE)


class AcceptsGarbage(Receiver):
    """Books whatever has an event id, parsed or not."""

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference; what it refuses is an event all the same, with the body as text for a payload."""
        try:
            return super().read(arrival)
        except Refused:
            if not arrival.event_id:
                raise
            text = orjson.dumps(arrival.body.decode("utf-8", "replace"))
            return ReceivedEvent(arrival.event_id, arrival.webhook_id, arrival.event or arrival.path_type, {}, text)


class RejectsLarge(Receiver):
    """Left its framework's limit as it was: bodies over 100 kB are refused with 413."""

    LIMIT = 100_000

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """As the reference, up to the limit."""
        if len(arrival.body) > self.LIMIT:
            raise Refused(413, f"expected at most {self.LIMIT} bytes, got {len(arrival.body)}")
        return super().read(arrival)


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
