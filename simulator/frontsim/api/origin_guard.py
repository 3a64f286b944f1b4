"""Keeps strangers out: a page that the user merely visits can change nothing here.

A browser tells where a request comes from (`Origin`, `Sec-Fetch-Site`); what comes from another site may only
read. While we listen on loopback alone, a request must also be addressed to it, so that no name of
somebody else's that resolves to 127.0.0.1 gets through. Calls by programs carry none of this and pass.
"""

import hmac
import socket
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontsim.api.responses import refusal
from frontsim.errors import Forbidden, FrontsimError, Unauthorized

_READS = ("GET", "HEAD", "OPTIONS")


class OriginGuard:
    """An ASGI middleware that refuses before anything else is done.

    Args:
        app: what is guarded.
        host: the address or name that we listen on.
        loopback_only: we listen on loopback alone.
        token: bearer token wanted on every call of the control surface; "" for none.
        is_control: whether a path belongs to the control surface.
    """

    def __init__(
        self, app: ASGIApp, *, host: str, loopback_only: bool, token: str, is_control: Callable[[str], bool]
    ) -> None:  # fmt: skip
        self._app = app
        self._loopback_only = loopback_only
        self._names = {host.lower(), socket.gethostname().lower()}
        self._token = token
        self._is_control = is_control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401 or 403."""
        if scope["type"] == "http":
            error = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
            if error is not None:
                answer = refusal(error)
                if isinstance(error, Unauthorized):
                    answer.headers["WWW-Authenticate"] = "Bearer"
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers) -> FrontsimError | None:
        host = headers.get("host", "")
        if self._loopback_only and not is_loopback(host):
            return Forbidden(f"expected a Host on loopback such as 127.0.0.1, got {host[:100]!r} (serve with --host?)")
        if method not in _READS and (_is_foreign(host, headers) or self._is_rebound(host, headers)):
            return Forbidden(f"a page of {headers.get('origin', 'another site')[:100]} may not change anything here")
        if self._token and self._is_control(path):
            scheme, _, given = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token.encode()):
                return Unauthorized("expected the header Authorization: Bearer with the token (--token)")
        return None

    def _is_rebound(self, host: str, headers: Headers) -> bool:
        """Whether a browser's page reached us by a name that is not ours: anybody can let a name of theirs point here.

        A token, which no page of a stranger knows, makes names safe.
        """
        if self._token or not any(name in headers for name in ("origin", "sec-fetch-site")):
            return False
        return not (is_loopback(host) or _name_in(host) in self._names or _is_address(_name_in(host)))


def is_loopback(authority: str) -> bool:
    """Whether a host, with or without a port, is this machine's loopback."""
    if not authority:
        return True  # HTTP/1.0 knows no Host
    try:
        host = urlsplit(f"//{authority}").hostname if "@" not in authority else None
    except ValueError:
        return False
    if not host:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _name_in(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_foreign(host: str, headers: Headers) -> bool:
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:
        return True
