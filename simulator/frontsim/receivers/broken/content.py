"""Wrong content: the payload that is stored differs from the one that came."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from frontsim.receivers.inbound import ReceivedEvent
from frontsim.receivers.reference import Receiver


class DropsNonAscii(Receiver):
    """Stores text as ASCII and drops the rest: Bjørn Åsen becomes Bjrn sen."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(event.payload).decode().encode("ascii", "ignore")


class RoundsDecimals(Receiver):
    """Keeps money and quantities as whole numbers: 99.5 becomes 100."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(
            _changed(event.payload, lambda _, value: round(value) if isinstance(value, float) else value)
        )


class CutsCents(Receiver):
    """Keeps money in hundredths, by a binary float and without rounding: 19.99 * 100 is 1998.9999999999998."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, _hundredths))


class ReturnsAsSales(Receiver):
    """Keeps amounts and quantities without their sign."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, lambda _, value: abs(value) if _is_number(value) else value))


class CutsTexts(Receiver):
    """Keeps names in columns of 24 characters and other texts in columns of 255, and cuts off what is longer."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, _cut))


class TruncatesLargeBodies(Receiver):
    """Keeps payloads in a column of 65,535 bytes, which cuts off longer ones silently."""

    WIDTH = 65_535

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        """The payload. One that was cut is not JSON any more, so it is kept as text."""
        if len(event.body) <= self.WIDTH:
            return event.body
        return orjson.dumps(event.body[: self.WIDTH].decode("utf-8", "ignore"))


def _changed(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """The value with each single value in it changed; `change` gets the name of its field, too."""
    if isinstance(value, Mapping):
        return {key: _changed(each, change, key) for key, each in value.items()}
    return [_changed(each, change, name) for each in value] if isinstance(value, list) else change(name, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hundredths(_: str, value: Any) -> Any:
    return int(value * 100) / 100 if isinstance(value, float) else value


def _cut(name: str, value: Any) -> Any:
    return value[: 24 if name.endswith("Name") else 255] if isinstance(value, str) else value
