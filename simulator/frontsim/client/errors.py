"""How a call can fail, and what the API said about it.

    CallError                   the call did not do what it was made for, or its answer is unreadable
    ├── Unreachable             not done: no address, no connection or no TLS, so nothing was sent
    ├── Ambiguous               sent, at least in part, but no whole answer came: it may have been done
    ├── ApiError                answered, but not with a 2xx; `retry_after_s` says when to come back
    └── UnexpectedAnswer        answered with a 2xx, so done, but we cannot read the body

Only the bodies of the vendor's gateway are known; those of the API behind it are open, so `error_text` reads
every form.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from frontsim.errors import FrontsimError

EXCERPT = 300
"""Characters of a body that are shown."""

_SENTENCES = 1500


class CallError(FrontsimError):
    """A call did not do what it was made for. Its text names the call, and may be shown."""


class Unreachable(CallError):
    """Nothing of the call arrived anywhere, so it was certainly not done."""


class Ambiguous(CallError):
    """The call was sent, at least in part, and no whole answer came: it may have been done."""


class ApiError(CallError):
    """The API answered, but not with a 2xx.

    Args:
        message: the call, the status and an excerpt of the body.
        status: the HTTP status.
        body: the body as text, cut to 300 characters.
        retry_after_s: seconds that the API asks to wait, None if it names none.
    """

    def __init__(self, message: str, *, status: int, body: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


class UnexpectedAnswer(CallError):
    """The call was done (2xx), but its answer is not of the form that we can read."""

    def __init__(self, where: str, *, expected: str, got: object) -> None:
        super().__init__(f"{where}: expected {expected}, got {_shown(got)}")


def is_call_error(info: Any) -> bool:
    """As the `__tracebackhide__` of a module: pytest shows a failed call at the user's own line, not inside of ours."""
    return isinstance(info.value, CallError)


def reason_of(error: Exception) -> str:
    """Why a connection failed, without the number that the system has for it: `Connection refused`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def error_text(content: bytes) -> str:
    """Puts an error body in words: the gateway's `message`, a problem's `detail`, or its `title` and `errors`.

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


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= EXCERPT else f"{value[:EXCERPT]!r}..."
    return excerpt(orjson.dumps(value, default=repr))
