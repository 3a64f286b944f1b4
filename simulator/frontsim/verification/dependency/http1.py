"""When an HTTP server answers a commit: a 2xx to a call that changes something (POST, PUT, PATCH, DELETE)."""

import re

_REQUEST = re.compile(rb"[A-Z]{3,10} \S+ HTTP/1\.[01]\r\n")
_METHOD = re.compile(rb"[A-Z]{3,10} \S")
_CHANGES = (b"POST", b"PUT", b"PATCH", b"DELETE")
_DONE = re.compile(rb"HTTP/1\.[01] 2\d\d")


def begins_http1(data: bytes) -> bool:
    """Whether a client's first bytes are a request."""
    return _REQUEST.match(data) is not None


class Http1Commits:
    """One connection, whose client sends the next request only after the answer to the one before."""

    def __init__(self) -> None:
        self._is_answered = True
        self._changes = False

    def sent(self, data: bytes) -> bool:
        """Note the request's method; what follows it until the answer is its body."""
        if self._is_answered and _METHOD.match(data):
            self._changes = data.partition(b" ")[0] in _CHANGES
            self._is_answered = False
        return False

    def answered(self, data: bytes) -> bool:
        """Whether these bytes begin the answer to a change."""
        if self._is_answered or data.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
            return False
        self._is_answered = True
        return self._changes and _DONE.match(data) is not None
