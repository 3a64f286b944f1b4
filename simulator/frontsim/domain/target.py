"""The target of a delivery: its URL, parsed once, and TLS.

Path and query are sent as the user wrote them: nothing is normalised, escapes stay as they are, and only characters
that a request line cannot hold are percent-encoded. Nothing in a URL can add a line to the head.
"""

import base64
import ipaddress
import re
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

import idna

from frontsim.errors import BadInput, Unusable

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
