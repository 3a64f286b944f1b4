"""The request of a delivery: its target, and the body and the headers around a payload, named or from a file.

A URL's path and query are sent as the user wrote them: nothing is normalised, escapes stay as they are, and only
characters that a request line cannot hold are percent-encoded. Nothing in a URL can add a line to the head.

The vendor's real shape is open, and receivers assume different ones. `bare` is what the vendor's log suggests: the
payload is the body. The log always keeps the bare payload.

    payload {"saleId": 1}
    bare      {"saleId": 1}
    typed     {"type": "SaleCreated", "id": "...", "saleId": 1}
    event     {"event": "SaleCreated", "saleId": 1}
    envelope  {"event": "SaleCreated", "id": "...", "data": {"saleId": 1}}

A body has each name once. If the payload has a field of the same name (`type` of StockMovementCreated), the shape's
replaces it, because the receiver reads the event's type there.

[fields]                       # or [envelope]
type = "event"                 # top-level field = what it holds
id = "webhookEventId"

[envelope]
event = "{event}"
data = "{payload}"

[headers]
Authorization = "Bearer secret"
"""

import base64
import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import idna
import orjson

from frontsim.clock import WireTime
from frontsim.domain.model import Delivery
from frontsim.errors import BadInput, Unusable
from frontsim.masking import MASK, masked
from frontsim.settings import HTTP_TOKEN
from frontsim.user_input.configuration import parsed_toml
from frontsim.user_input.fields import Fields, read_json
from frontsim.wording import not_among

LONGEST = 2_048
"""Characters of a URL. Each parsed URL is cached, and each delivery's head holds it."""

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<userinfo>[^/?#@\\]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#@\\\[\]:]+)"
    r"(?::(?P<port>[0-9]*))?"
    r"(?P<path>/[^?#]*)?"
    r"(?P<query>\?[^#]*)?"
    r"(?:#.*)?",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_AS_WRITTEN = "%:/?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL.

    `host` is what is looked up, `origin` the key of its connections (`https://shop.example:443`), and
    `head_start` the start of each request's head: the request line, `Host`, and `Authorization` where the URL
    names a user.
    """

    tls: bool
    host: str
    port: int
    origin: str
    head_start: bytes

    @property
    def server_name(self) -> str:
        """The name that the receiver's certificate must have."""
        return self.host.rstrip(".")


@lru_cache(maxsize=4096)
def parse_target(url: str) -> Target:
    """Parse a URL.

    A fragment is dropped, because clients never send it. A user in the URL becomes Basic authentication, as in most
    clients (what the vendor does is open).

    Raises:
        BadInput: it is not an absolute http or https URL with a host that can be looked up.
    """
    if len(url) > LONGEST:
        raise _refusal(url, f"it has {len(url):,} characters, and at most {LONGEST:,} may be")
    if _FORBIDDEN.search(url):
        raise _refusal(url, "it holds a space or a control character")
    match = _URL.fullmatch(url)
    if match is None:
        raise _refusal(url, "it is not http:// or https:// and a host")
    tls = match["scheme"].lower() == "https"
    host = _host(url, match["host"])
    port = _port(url, match["port"], 443 if tls else 80)
    bracketed = f"[{host}]" if ":" in host else host
    authority = bracketed if port == (443 if tls else 80) else f"{bracketed}:{port}"
    request_target = quote((match["path"] or "/") + (match["query"] or ""), safe=_AS_WRITTEN)
    head_start = f"POST {request_target} HTTP/1.1\r\nHost: {authority}\r\n"
    if match["userinfo"]:
        user, _, password = match["userinfo"].partition(":")
        token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        head_start += f"Authorization: Basic {token}\r\n"
    return Target(
        tls=tls,
        host=host,
        port=port,
        origin=f"{'https' if tls else 'http'}://{bracketed}:{port}",
        head_start=head_start.encode(),
    )


def _host(url: str, written: str) -> str:
    if written.startswith("["):
        try:
            return ipaddress.IPv6Address(written[1:-1]).compressed
        except ipaddress.AddressValueError:
            raise _refusal(url, f"{written} is not an IPv6 address") from None
    host = written.lower()
    if not host.isascii():
        try:
            host = idna.encode(written, uts46=True).decode()
        except idna.IDNAError as error:
            raise _refusal(url, f"its host is not a name: {error}") from None
    if not _NAME.fullmatch(host) or len(host) > 254:
        raise _refusal(url, f"{written!r} is not a host's name")
    return host


def _port(url: str, written: str | None, default: int) -> int:
    if not written:
        return default
    if len(written) > 5 or not 1 <= int(written) <= 65535:
        raise _refusal(url, f"its port is not 1 to 65535 but {written[:12]}")
    return int(written)


def _refusal(url: str, why: str) -> BadInput:
    text = f"expected an absolute URL such as https://shop.example/hooks?token=abc, got {url[:200]!r}: {why}"
    return BadInput(text, {"url": [text]})


def tls_context(*, verify: bool, ca: Path | None) -> ssl.SSLContext:
    """The TLS settings of every delivery. Takes some 20 ms where certificates are checked.

    Args:
        verify: check a receiver's certificate and its name.
        ca: a PEM file of authorities to trust in addition to the system's.

    Raises:
        Unusable: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context() if verify else _without_verification()
    context.set_alpn_protocols(["http/1.1"])
    if ca is None:
        return context
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:  # ssl.SSLError, for a file without a certificate, is one too
        raise Unusable(f"tls-ca: expected a PEM file of certificates, got {ca}: {error.strerror or error}") from error
    return context


def _without_verification() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


Value = str | int | None

FACTS: Mapping[str, Callable[[Delivery, WireTime], Value]] = {
    "event": lambda delivery, _: delivery.event,
    "webhookEventId": lambda delivery, _: delivery.webhook_event_id,
    "webhookId": lambda delivery, _: delivery.webhook_id,
    "storeId": lambda delivery, _: delivery.store_id,
    "createdDateTime": lambda delivery, wire_time: wire_time.write(delivery.created_at),
    "run": lambda delivery, _: delivery.run,
}
"""The facts about a delivery that a shape can carry, by name."""

PAYLOAD = "payload"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
EVENT_IN_URL = "{event}"


@dataclass(frozen=True, slots=True)
class Part:
    """A placeholder of an envelope; `in_text` when it is a part of a longer text."""

    name: str
    in_text: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryShape:
    """A shape. It has `fields` or an `envelope`, or neither.

    Attributes:
        fields: facts by the name of the top-level field that holds them.
        envelope: the body as JSON, with a `Part` for each placeholder.
        headers: further headers and their values.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    envelope: Sequence[bytes | Part] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_body(self) -> bool:
        """A shape without fields and envelope keeps the payload as the body."""
        return not self.fields and not self.envelope

    def body(self, delivery: Delivery, wire_time: WireTime) -> bytes:
        """The body of a delivery. Fields can only be added to an object: another payload stays as it is."""
        if self.envelope:
            return b"".join([_filled(part, delivery, wire_time) for part in self.envelope])
        if not self.fields:
            return delivery.body
        added = {name: FACTS[fact](delivery, wire_time) for name, fact in self.fields.items()}
        return _with_fields(delivery.body, added)

    def as_sent(self, payload: Any, *, event: str, webhook_id: str, webhook_event_id: str) -> Any:
        """The payload as the receiver can know it: without what the fields of the shape replaced.

        A replaced field has its new value where every run of the event has the same; else it is left out.
        """
        if not isinstance(payload, dict) or self.fields.keys().isdisjoint(payload):
            return payload
        known = {"event": event, "webhookId": webhook_id, "webhookEventId": webhook_event_id}
        replaced = {name: known.get(fact) for name, fact in self.fields.items() if name in payload}
        merged = {**payload, **replaced}
        return {name: value for name, value in merged.items() if name not in replaced or replaced[name] is not None}


BARE = DeliveryShape()
"""The payload as the body."""


def envelope_of(template: Mapping[str, Any]) -> tuple[bytes | Part, ...]:
    """Compile a JSON template. A text that is one placeholder becomes its value, one within a text its text.

    `{"data": "{payload}", "about": "a {event}"}` gives
    `(b'{"data":', Part("payload"), b',"about":"a ', Part("event", in_text=True), b'"}')`.

    Raises:
        KeyError: an unknown placeholder.
        TypeError: a value that JSON does not have.
    """
    parts: list[bytes | Part] = []
    text = orjson.dumps(template).decode()
    at = 0
    for match in PLACEHOLDER.finditer(text):
        name = match[1]
        if name != PAYLOAD and name not in FACTS:
            raise KeyError(name)
        start, end = match.span()
        whole = text[start - 1] == '"' == text[end] and text[start - 2] in ":[," and text[end + 1] != ":"
        parts += [text[at : start - whole].encode(), Part(name, in_text=not whole)]
        at = end + whole
    return (*parts, text[at:].encode())


def filled_url(url: str, event: str) -> str:
    """A webhook's URL with the event type for `{event}`."""
    return url.replace(EVENT_IN_URL, event) if EVENT_IN_URL in url else url


def _filled(part: bytes | Part, delivery: Delivery, wire_time: WireTime) -> bytes:
    if isinstance(part, bytes):
        return part
    if part.name == PAYLOAD:
        return orjson.dumps(delivery.body.decode())[1:-1] if part.in_text else delivery.body
    value = FACTS[part.name](delivery, wire_time)
    if not part.in_text:
        return orjson.dumps(value)
    return orjson.dumps("" if value is None else str(value))[1:-1]


def _with_fields(body: bytes, added: Mapping[str, Value]) -> bytes:
    """An object with further fields in front of its own.

    The bytes of the payload stay as they are, unless it has one of the names.
    """
    own = body.lstrip()
    if not own.startswith(b"{"):
        return body
    if any(orjson.dumps(name) in own for name in added):
        payload = orjson.loads(own)
        own = orjson.dumps({name: value for name, value in payload.items() if name not in added})
    rest = own[1:].lstrip()
    separator = b"" if rest.startswith(b"}") else b","
    return orjson.dumps(added)[:-1] + separator + rest


SHAPES: Mapping[str, DeliveryShape] = {
    "bare": BARE,
    "typed": DeliveryShape(fields={"type": "event", "id": "webhookEventId"}),
    "event": DeliveryShape(fields={"event": "event"}),
    "envelope": DeliveryShape(
        envelope=envelope_of({"event": "{event}", "id": "{webhookEventId}", "data": "{payload}"})
    ),
}
"""The named shapes."""

_FRAMING = frozenset(
    {
        "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers that the sender writes itself, or that say how the request ends."""


def read_delivery_shape(name: str) -> DeliveryShape:
    """The shape of that name, or in that file.

    Raises:
        Unusable: there is none, or the file is not as above; the text names the key.
    """
    if name in SHAPES:
        return SHAPES[name]
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise Unusable(
            f"--delivery-shape: {not_among(SHAPES, name, expected='a shape or a TOML or JSON file')} ({error.strerror})"
        ) from None
    return _shape(_document(text, name), name)


def _document(text: bytes, file: str) -> Mapping[str, Any]:
    """Parses a file as JSON or TOML, by its name. Raises Unusable."""
    if file.lower().endswith(".json"):
        try:
            document = read_json(text)
        except ValueError as error:
            raise Unusable(f"{file}: {error}") from None
        if not isinstance(document, dict):
            raise Unusable(f"{file}: expected an object with fields or envelope, and headers, got another value")
        return document
    return parsed_toml(text, file)


def _shape(document: Mapping[str, Any], file: str) -> DeliveryShape:
    fields = Fields(document)
    fields.only("fields", "envelope", "headers")
    added = fields.within("fields")
    names = ", ".join(FACTS)
    for name in added.value:
        if added.raw(name) not in FACTS:
            added.refuse(name, f"one of {names}")
    if fields.has("fields") and fields.has("envelope"):
        fields.note("envelope", "expected [fields] or [envelope], got both; an envelope can name everything itself")
    envelope: tuple[Any, ...] = ()
    template = fields.mapping("envelope")
    try:
        envelope = envelope_of(template) if template else ()
    except KeyError as error:
        fields.note("envelope", f"expected one of {{{PAYLOAD}}}, {_in_braces()}, got {{{error.args[0]}}}")
    except (TypeError, ValueError) as error:
        fields.note("envelope", f"expected what JSON can hold, got {error}")
    headers = fields.within("headers")
    for name in headers.value:
        # the value may be a secret, so no text quotes it
        value = headers.raw(name)
        if not HTTP_TOKEN.fullmatch(name) or name.lower() in _FRAMING:
            headers.note(name, "expected an HTTP header that is free, such as Authorization, got one that is not")
        elif not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
            headers.note(name, "expected a printable ASCII text without spaces around it")
    if fields.problems:
        raise Unusable(f"{file}: {fields.story}")
    return DeliveryShape(fields=dict(added.value), envelope=envelope, headers=dict(headers.value))


def _in_braces() -> str:
    return ", ".join(f"{{{name}}}" for name in FACTS)


JSON_TYPE = "application/json; charset=utf-8"
_AUTHORIZATION = "authorization"
_USER = re.compile(r"[^/]*//[^/?#]+@")


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, which makes the cache below fast
class HeaderNames:
    """Names of the headers that identify a delivery's event."""

    event_id: str
    webhook_id: str
    event: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Further headers of every delivery, and their values. Authorization gives way to a user in the webhook's URL."""

    def of(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> dict[str, str]:
        """The headers of a delivery, without those of the HTTP connection."""
        return {
            "Content-Type": content_type or JSON_TYPE,
            self.event_id: delivery.webhook_event_id,
            self.webhook_id: delivery.webhook_id,
            self.event: delivery.event if event is None else event,
            **self.fixed_for(delivery.url),
        }

    def lines(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> bytes:
        """The same headers as the lines of a request's head."""
        before, after = _around_the_id(
            self,
            delivery.webhook_id,
            delivery.event if event is None else event,
            content_type,
            delivery.url if "@" in delivery.url else "",
        )
        return b"%b%b%b" % (before, delivery.webhook_event_id.encode(), after)

    def hidden(self, head: str) -> str:
        """A request's head for a reader: fixed headers may hold secrets, so their values are not shown."""
        names = {name.lower() for name in self.fixed}
        lines = [line.partition(": ") for line in head.split("\n")]
        return "\n".join(
            f"{name}: {MASK}" if colon and name.lower() in names else masked(f"{name}{colon}{value}")
            for name, colon, value in lines
        )

    def fixed_for(self, url: str) -> Mapping[str, str]:
        """The fixed headers of a delivery to a URL: one request has one Authorization."""
        if not self.fixed or not _USER.match(url):
            return self.fixed
        return {name: value for name, value in self.fixed.items() if name.lower() != _AUTHORIZATION}


@lru_cache(maxsize=1024)
def _around_the_id(
    names: HeaderNames, webhook_id: str, event: str, content_type: str | None, url: str
) -> tuple[bytes, bytes]:
    """The lines before and after the event's id, which are the same for each delivery of a type to a webhook."""
    before = f"Content-Type: {content_type or JSON_TYPE}\r\n{names.event_id}: "
    fixed = "".join(f"{name}: {value}\r\n" for name, value in names.fixed_for(url).items())
    after = f"\r\n{names.webhook_id}: {webhook_id}\r\n{names.event}: {event}\r\n{fixed}"
    return before.encode(), after.encode()
