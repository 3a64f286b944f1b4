"""Wrong content: the payload that is stored differs from the one that came."""

from collections.abc import Mapping
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
        return orjson.dumps(_rounded(event.payload))


class TruncatesLargeBodies(Receiver):
    """Keeps payloads in a column of 65,535 bytes, which cuts off longer ones silently."""

    WIDTH = 65_535

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        """The payload. One that was cut is not JSON any more, so it is kept as text."""
        if len(event.body) <= self.WIDTH:
            return event.body
        return orjson.dumps(event.body[: self.WIDTH].decode("utf-8", "ignore"))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value)
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
