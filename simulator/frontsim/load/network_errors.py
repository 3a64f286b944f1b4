"""What a network error proves about how far a request got."""

import errno
from socket import gaierror
from ssl import SSLCertVerificationError

_NEVER_LEFT = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


def never_left(error: BaseException | None) -> bool:
    """Whether an error proves that no byte of a request reached the receiver. A timeout proves nothing."""
    return isinstance(error, gaierror | SSLCertVerificationError) or getattr(error, "errno", None) in _NEVER_LEFT
