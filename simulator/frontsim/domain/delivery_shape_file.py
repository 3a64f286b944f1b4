"""Reads a delivery shape: one of the named ones, or a TOML file (or a JSON file, `*.json`, with the same keys).

[fields]                       # or [envelope]
type = "event"                 # top-level field = what it holds
id = "webhookEventId"

[envelope]
event = "{event}"
data = "{payload}"

[headers]
Authorization = "Bearer secret"
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from frontsim.domain.delivery_shape import BARE, FACTS, PAYLOAD, DeliveryShape, envelope_of
from frontsim.errors import Unusable
from frontsim.settings import HTTP_TOKEN
from frontsim.user_input.fields import Fields
from frontsim.user_input.json_depth import read_json
from frontsim.user_input.near import not_among
from frontsim.user_input.toml_file import parsed_toml

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
    """What a file says. Raises Unusable."""
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
        _check_header(headers, name)
    if fields.problems:
        raise Unusable(f"{file}: {fields.story}")
    return DeliveryShape(fields=dict(added.value), envelope=envelope, headers=dict(headers.value))


def _check_header(headers: Fields, name: str) -> None:
    """Note a header that HTTP or the sender cannot take. The value may be a secret, so no text quotes it."""
    value = headers.raw(name)
    if not HTTP_TOKEN.fullmatch(name) or name.lower() in _FRAMING:
        headers.note(name, "expected an HTTP header that is free, such as Authorization, got one that is not")
    elif not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
        headers.note(name, "expected a printable ASCII text without spaces around it")


def _in_braces() -> str:
    return ", ".join(f"{{{name}}}" for name in FACTS)
