"""What a client of either API is: it owns its exchange, and what it is given stays one part of a path.

The APIs themselves are `vendor_client` (the vendor's, real or mock) and `control_client` (`/_sim`). A call is sent
once and ends as `exchange` says; nothing here tries again. What may be repeated, and when, is the caller's decision:
`reconcile` makes it for the list -> resend job.
"""

from typing import Self
from urllib.parse import quote

from frontsim.client.http import HttpApi
from frontsim.errors import BadInput

TIMEOUT_S = 60.0
"""A resend is answered only after the receiver was (open at the vendor): 30 s for it, and as much again."""


class ApiClient:
    """An API over one exchange; as a context manager it closes its connections at the end."""

    def __init__(self, exchange: HttpApi) -> None:
        self._exchange = exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


def path_part(text: str) -> str:
    """One part of a path: whatever an id holds, it stays one part, and a call stays the one that was meant.

    Raises:
        BadInput: it is empty, or would lead to another path.
    """
    try:
        part = quote(text, safe="")
    except UnicodeEncodeError:
        part = ""
    if text.strip() in ("", ".", "..") or not part:
        raise BadInput(f"expected an id, got {text!r}")
    return part
