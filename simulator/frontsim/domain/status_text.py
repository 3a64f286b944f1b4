"""The texts that a run's `status` can have.

An answer shows the standard reason of its code in sentence case, whatever reason the receiver wrote: `OK` (200) and
`Not found` (404) are seen in the vendor's log, the other codes follow by analogy (inferred). What the vendor shows when
there is no answer is open; `StatusText` is our choice.
"""

from enum import StrEnum


class StatusText(StrEnum):
    """Why there is no answer. The outcome says whether the run was *not sent* or is *unknown*."""

    CONNECTION_REFUSED = "Connection refused"
    """No server listens there."""
    CONNECT_TIMEOUT = "Connect timeout"
    """No connection was open in time: name lookup, TCP and TLS together."""
    NAME_NOT_RESOLVED = "Name not resolved"
    """The host's name has no address, or no name server answered."""
    HOST_UNREACHABLE = "Host unreachable"
    """No route to the host or its network."""
    CONNECTION_FAILED = "Connection failed"
    """The operating system gave any other reason, such as no file descriptor left."""
    CERTIFICATE_EXPIRED = "Certificate expired"
    """The receiver's certificate is past its last day, or its first is yet to come."""
    CERTIFICATE_WRONG_NAME = "Certificate name mismatch"
    """The receiver's certificate is for another host."""
    CERTIFICATE_UNTRUSTED = "Certificate not trusted"
    """The receiver's certificate is refused for another reason, mostly its issuer."""
    TLS_FAILED = "TLS handshake failed"
    """The TLS handshake failed, as when a plain HTTP server listens on that port."""
    TIMEOUT = "Timeout"
    """No whole answer came in time."""
    CONNECTION_RESET = "Connection reset"
    """The connection was torn down before the answer was whole."""
    CONNECTION_CLOSED = "Connection closed"
    """The receiver closed the connection in good order before the answer was whole."""
    BAD_RESPONSE = "Bad response"
    """What came back is not HTTP/1.x, or its head is larger than we read."""
    LEASE_EXPIRED = "Lease expired"
    """An outside deliverer never reported how it ended."""
    NOT_SENT = "Not sent"
    """We stopped before the first byte left."""
    UNKNOWN = "Unknown"
    """We stopped while the delivery was under way."""


def of_status(code: int) -> str:
    """The text of an answer: `of_status(404)` is `Not found`, a code without a standard reason `Status 599`."""
    return _REASONS.get(code) or f"Status {code}"


_REASONS = {
    101: "Switching protocols",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-authoritative information",
    204: "No content",
    205: "Reset content",
    206: "Partial content",
    207: "Multi-status",
    208: "Already reported",
    226: "IM used",
    300: "Multiple choices",
    301: "Moved permanently",
    302: "Found",
    303: "See other",
    304: "Not modified",
    305: "Use proxy",
    307: "Temporary redirect",
    308: "Permanent redirect",
    400: "Bad request",
    401: "Unauthorized",
    402: "Payment required",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    407: "Proxy authentication required",
    408: "Request timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length required",
    412: "Precondition failed",
    413: "Content too large",
    414: "URI too long",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    417: "Expectation failed",
    421: "Misdirected request",
    422: "Unprocessable content",
    423: "Locked",
    424: "Failed dependency",
    425: "Too early",
    426: "Upgrade required",
    428: "Precondition required",
    429: "Too many requests",
    431: "Request header fields too large",
    451: "Unavailable for legal reasons",
    500: "Internal server error",
    501: "Not implemented",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
    505: "HTTP version not supported",
    506: "Variant also negotiates",
    507: "Insufficient storage",
    508: "Loop detected",
    510: "Not extended",
    511: "Network authentication required",
}
