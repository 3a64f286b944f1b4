"""Refuses what a web page could send: a page that the user merely visits reads and changes nothing here.

    Host is not one of our names                           403: a page's own name was pointed at us (DNS rebinding)
    from a page of another site (Origin, Sec-Fetch-Site)   403, whatever the method
    --token, and no token on /_sim or from a browser       401, but for the page's own files, and a program's call of
                                                           a sink on loopback: receivers do not know our token

A browser says where a request comes from and a page cannot change that; a program says nothing and passes. The one
thing that another site may do is link to us: the browser then shows our answer to its user, and not to the page.
"""

import hmac
import socket
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from frontsim.api.responses import refusal
from frontsim.errors import Forbidden, FrontsimError, Unauthorized

_READS = ("GET", "HEAD")


class OriginGuard:
    """An ASGI middleware that refuses before anything else is done.

    Args:
        app: what is guarded.
        host: the address or name that we listen on.
        loopback_only: we listen on loopback alone.
        allowed: further names in `Host`.
        token: the bearer token, "" for none.
        is_control: whether a path belongs to the control surface.
        is_public: whether a path needs no token: a file of the page, which holds nothing of the log and which a browser
            loads before its user can give the token, or a report, whose path itself is a secret.
        is_sink: whether a path is a sink's: its callers are receivers, which do not know our token.
        sink_token: the bearer token of sinks, "" for none on loopback, and elsewhere for `token`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        loopback_only: bool,
        allowed: Iterable[str] = (),
        token: str = "",
        is_control: Callable[[str], bool] = lambda _: False,
        is_public: Callable[[str], bool] = lambda _: False,
        is_sink: Callable[[str], bool] = lambda _: False,
        sink_token: str = "",
    ) -> None:
        self._app = app
        self._loopback_only = loopback_only
        self._names = {name.lower() for name in allowed}
        if not loopback_only:
            self._names |= {name.lower() for name in (host, socket.gethostname()) if not _is_address(name)}
        self._token = token
        self._is_control = is_control
        self._is_public = is_public
        self._is_sink = is_sink
        self._sink_token = sink_token

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
        if not self._is_ours(host):
            name = host_name(host) or host
            return Forbidden(
                f"serve with --allow-host {name[:100]}, or call us by an address: expected a Host on loopback"
                f"{'' if self._loopback_only else ', an address or our own name'}, got {host[:100]!r}"
            )
        is_link = method in _READS and _is_shown_to_its_user(headers)
        if _is_foreign(host, headers) and not is_link:
            return Forbidden(f"a page of {headers.get('origin', 'another site')[:100]} may not read or change anything")
        if method in _READS and self._is_public(path):
            return None
        if self._is_sink(path) and not _is_browsers(headers):
            token = self._sink_token or ("" if self._loopback_only else self._token)
            if token and not any(each and _has_token(headers, each) for each in (token, self._token)):
                return Unauthorized("expected the header Authorization: Bearer with the token of sinks (--sink-token)")
            return None
        wants_token = self._is_control(path) or (_is_browsers(headers) and not is_link)
        if self._token and wants_token and not _has_token(headers, self._token):
            return Unauthorized("expected the header Authorization: Bearer with the token (--token)")
        return None

    def _is_ours(self, authority: str) -> bool:
        """A Host is ours if it names this machine.

        Only names can be rebound: while we listen for other machines, every address is taken, because a port may be
        forwarded to us from one that we do not know.
        """
        if is_loopback(authority) or host_name(authority) in self._names:
            return True
        name = host_name(authority)
        return not self._loopback_only and _is_address(name) and not ip_address(name).is_unspecified


def _has_token(headers: Headers, token: str) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


@lru_cache(maxsize=128)  # a quarter of a read's cost without it
def is_loopback(authority: str) -> bool:
    """A host, with or without a port, is loopback if it can only mean this machine."""
    if not authority:
        return True  # HTTP/1.0 has no Host, and every browser sends one
    host = host_name(authority)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_name(authority: str) -> str:
    """The name or address in `Host`, in lower case; "" where it cannot be read."""
    try:
        return (urlsplit(f"//{authority}").hostname or "") if "@" not in authority else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_browsers(headers: Headers) -> bool:
    return "origin" in headers or "sec-fetch-site" in headers


def _is_shown_to_its_user(headers: Headers) -> bool:
    """The browser opens such an answer as a separate page, where no other page can read it."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


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
