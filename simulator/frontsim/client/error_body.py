"""What an API says in an answer that is no 2xx: in words, and when to come back.

Error bodies are known only of the vendor's gateway; those of the API behind it are open, so every form is read.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import orjson

EXCERPT = 300
"""Characters of a body that are shown."""

_SENTENCES = 1500


def said_in(content: bytes) -> str:
    """What an error body says in words: the gateway's `message`, a problem's `detail`, or its `title` and `errors`.

    Any other body is shown as it begins.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return excerpt(content)
    if not isinstance(value, dict):
        return excerpt(content)
    for name in ("detail", "message"):
        if isinstance(value.get(name), str) and value[name]:
            return excerpt(value[name].encode(errors="replace"), most=_SENTENCES)
    fields = value.get("errors")
    if isinstance(value.get("title"), str) and isinstance(fields, dict):
        texts = [
            f"{name}: {text}" for name, each in fields.items() for text in (each if isinstance(each, list) else [each])
        ]
        return excerpt("; ".join([value["title"], *texts]).encode(errors="replace"), most=_SENTENCES)
    return excerpt(content)


def excerpt(content: bytes, *, most: int = EXCERPT) -> str:
    """The beginning of a body as one line of text, `most` characters of it."""
    text = " ".join(content[: 4 * most].decode(errors="replace").split())
    return text if len(text) <= most else f"{text[:most]}..."


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Retry-After`, which is a number or a date.

    A date is measured against the answer's own `Date`, so that a wrong clock here does no harm.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())
