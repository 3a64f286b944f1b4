"""Text in each of JSON Schema's formats, and in OpenAPI's `byte`."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer

Text = Producer | Sequence[str]
"""A producer, or all choices."""

_LABELS = ("nordlys", "fjord", "bryggen", "skog", "havn", "lanterne", "torget", "kaffe", "ull", "sykkel", "lager")
_FIRST = date(2026, 1, 1)
_DAYS = tuple((_FIRST + timedelta(days=day)).isoformat() for day in range(365))
_CLOCKS = tuple(
    f"{8 + number % 13:02}:{number * 7 % 60:02}:{number * 11 % 60:02}" for number in range(1, 781)
)  # while shops are open
_THIRDS = tuple(f".{tick // 3:02}{'037'[tick % 3]}".rstrip("0").rstrip(".") for tick in range(300))


def day(context: DrawContext) -> str:
    """A date of 2026."""
    return _DAYS[int(context.random() * 365)]


def vendor_moment(context: DrawContext) -> str:
    """A date-time in the vendor's form: local, no zone, trailing zeros of the fraction cut (published).

    Milliseconds end in 0, 3 or 7, as those of SQL Server's `datetime` do (seen in live data).
    """
    drawn = int(context.random() * _MOMENTS)
    drawn, tick = divmod(drawn, 300)
    drawn, clock = divmod(drawn, 780)
    return f"{_DAYS[drawn]}T{_CLOCKS[clock]}{_THIRDS[tick]}"


_MOMENTS = 365 * 780 * 300


def _moment(context: DrawContext) -> str:
    return f"{vendor_moment(context)}{context.pick(('Z', '+01:00', '+02:00'))}"


def _uuid(context: DrawContext) -> str:
    bits = context.rng.getrandbits(128) & ~(0xF000 << 64) & ~(0xC << 60) | 0x4000 << 64 | 0x8 << 60
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _host(context: DrawContext) -> str:
    return f"{context.pick(_LABELS)}-{context.below(90) + 10}.example"


def email(context: DrawContext) -> str:
    """An address at a domain that never exists."""
    return f"{context.pick(_LABELS)}.{context.pick(_LABELS)}{context.below(90) + 10}@example.com"


def url(context: DrawContext) -> str:
    """An https URL at a domain that never exists."""
    return f"https://{context.pick(_LABELS)}.example/{context.pick(_LABELS)}/{context.below(900_000) + 100_000}"


def _ipv4(context: DrawContext) -> str:
    return f"192.0.2.{1 + context.below(254)}"


def _ipv6(context: DrawContext) -> str:
    return f"2001:db8::{1 + context.below(65_535):x}"


def _duration(context: DrawContext) -> str:
    return f"P{1 + context.below(30)}DT{context.below(24)}H"


def _pointer(context: DrawContext) -> str:
    return f"/{context.pick(_LABELS)}/{context.below(10)}"


def _byte(context: DrawContext) -> str:
    return base64.b64encode(context.rng.randbytes(6 + context.below(20))).decode()


CONTENTS: Mapping[str, Producer] = {
    "base64": lambda context: base64.b64encode(f'{{"number": {context.below(1_000)}}}'.encode()).decode(),
    "application/json": lambda context: f'{{"number": {context.below(1_000)}}}',
}
"""Text by `contentEncoding`, and by `contentMediaType` where nothing encodes it."""


def _shortest(*texts: str) -> Callable[[int, int], list[Text]]:
    return lambda _least, _most: [texts]


def _around(before: str, after: str, *short: str) -> Callable[[int, int], list[Text]]:
    """Texts of any length up to 250: `before`, labels of one letter with dots, `after`."""

    def texts(least: int, _most: int) -> list[Text]:
        room = max(1, min(least, 250) - len(before) - len(after))
        middle = ".".join("n" * min(60, room - start) for start in range(0, room, 61))
        return [short, (f"{before}{middle}{after}", f"{before}{middle}n{after}")]

    return texts


EXTREMES: Mapping[str, Callable[[int, int], list[Text]]] = {
    "email": _around("a@", ".no", "a@b.no", "a@b"),
    "idn-email": _around("a@", ".no", "a@b.no", "a@b"),
    "hostname": _around("", ".no", "a.no", "no", "a"),
    "idn-hostname": _around("", ".no", "a.no", "no", "a"),
    "uri": _around("https://", ".no", "a://b", "a:b", "a:"),
    "iri": _around("https://", ".no", "a://b", "a:b", "a:"),
    "uri-reference": _around("/", "", "", "a"),
    "iri-reference": _around("/", "", "", "a"),
    "json-pointer": _around("/", "", "", "/a"),
    "regex": _around("", "", "", "a"),
    "uri-template": _around("", "", "", "a"),
    "ipv4": _shortest("1.1.1.1", "100.100.100.100"),
    "ipv6": _shortest("::", "::1", "2001:0db8:0000:0000:0000:0000:0000:0001"),
    "date-time": _shortest("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+01:00"),
    "time": _shortest("00:00:00Z", "12:00:00.123456+01:00"),
    "duration": _shortest("P1D", "P1Y2M3DT4H5M6S"),
    "relative-json-pointer": _shortest("0", "1/a"),
}
"""The shortest texts of a format and ones of a wanted length, for where the usual ones don't fit."""

FORMATS: Mapping[str, Producer] = {
    "date-time": _moment,
    "date": day,
    "time": lambda context: f"{context.pick(_CLOCKS)}Z",
    "duration": _duration,
    "email": email,
    "idn-email": email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uri": url,
    "uri-reference": lambda context: context.pick((url, _pointer))(context),
    "iri": url,
    "iri-reference": url,
    "uri-template": lambda context: f"https://{context.pick(_LABELS)}.example/{{id}}",
    "uuid": _uuid,
    "json-pointer": _pointer,
    "relative-json-pointer": lambda context: f"{context.below(4)}{_pointer(context)}",
    "regex": lambda context: f"^[a-z]{{{1 + context.below(9)}}}$",
    "byte": _byte,
    "binary": _byte,
}
