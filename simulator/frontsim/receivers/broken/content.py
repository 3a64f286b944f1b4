"""Wrong with what an event holds: refused, choked on, or stored otherwise than it came."""

from collections.abc import Mapping
from typing import Any

import orjson

from frontsim.receivers.inbound import ReceivedEvent
from frontsim.receivers.reference import Receiver


class DropsNonAscii(Receiver):
    """Stores text as ASCII and drops the rest: Bjørn Åsen becomes Bjrn sen."""

    def kept_payload(self, notice: ReceivedEvent) -> bytes:
        """What ASCII can hold of it."""
        return orjson.dumps(notice.payload).decode().encode("ascii", "ignore")


class RoundsDecimals(Receiver):
    """Keeps money and quantities as whole numbers: 99.5 becomes 100."""

    def kept_payload(self, notice: ReceivedEvent) -> bytes:
        """The payload without a decimal in it."""
        return orjson.dumps(_rounded(notice.payload))


class TruncatesLargeBodies(Receiver):
    """Keeps payloads in a column of 65,535 bytes, which cuts longer ones off without a word."""

    WIDTH = 65_535

    def kept_payload(self, notice: ReceivedEvent) -> bytes:
        """The payload; if it was cut it is JSON no more, so it is kept as the text that it is now."""
        if len(notice.body) <= self.WIDTH:
            return notice.body
        return orjson.dumps(notice.body[: self.WIDTH].decode("utf-8", "ignore"))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value)
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
