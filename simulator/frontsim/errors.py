"""Errors that a user, a caller or the machine causes, and what each carries.

    FrontsimError                   a message that says expected, got, and where to read on
    ├── BadInput                    a value was refused; `fields` maps each bad field to what is wrong
    │   ├── UnknownEventType        no such type in the catalogue
    │   ├── InvalidPayload          the payload breaks its type's schema
    │   ├── UnsupportedMediaType    the body says that it is not JSON
    │   └── BodyTooLarge            more bytes or values than a request may have
    ├── NotFound                    no such thing under that id
    │   ├── UnknownWebhook
    │   ├── UnknownEvent
    │   ├── UnknownFaultRule
    │   └── UnknownLease            it was reported, it ran out, or there never was one
    ├── Unauthorized                the bearer token is missing or wrong
    ├── Forbidden                   a page of another site, or a Host that is not ours
    ├── Busy                        too much is waiting; `retry_after_s` says when to come back
    └── Unusable                    we cannot work at all: the file, the folder, the port
        └── StoreFailed             the log could not be read or written; the message says what was kept

The HTTP status of each stands in one table, in `api/responses.py`; a test proves that each has a row. The CLI ends
with code 3 on all but `StoreFailed`, which is 4.
"""

from collections.abc import Mapping, Sequence


def plain(text: str) -> str:
    r"""Lines of text that cannot control a terminal: other characters that do not print are escapes, such as `\x1b`."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


class FrontsimError(Exception):
    """Base of every error that is not our own failure; `str()` of it controls no terminal."""

    def __str__(self) -> str:
        return plain(super().__str__())


class BadInput(FrontsimError):
    """A value was refused; nothing was changed.

    Args:
        message: all of it in a sentence.
        fields: what is wrong, by field or dotted path; `""` stands for the whole.
    """

    def __init__(self, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}


class UnknownEventType(BadInput):
    """No such type in the catalogue."""


class InvalidPayload(BadInput):
    """The payload breaks its type's schema."""


class UnsupportedMediaType(BadInput):
    """A request's Content-Type is not JSON."""


class BodyTooLarge(BadInput):
    """A request body has more bytes, or more values, than the limit."""


class NotFound(FrontsimError):
    """No such thing under that id."""


class UnknownWebhook(NotFound):
    """No webhook has that id."""


class UnknownEvent(NotFound):
    """That webhook has no event of that id."""


class UnknownFaultRule(NotFound):
    """No fault rule has that id."""


class UnknownLease(NotFound):
    """No lease of that id is open."""


class Unauthorized(FrontsimError):
    """The caller sent no key or token, or a wrong one."""


class Forbidden(FrontsimError):
    """The caller may not do this."""


class Busy(FrontsimError):
    """Too much is waiting already; nothing of the request was kept."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unusable(FrontsimError):
    """We cannot work at all: a file, a folder, a port or a setting is unusable."""


class StoreFailed(Unusable):
    """The log could not be read or written; the message says what is known of the request."""
