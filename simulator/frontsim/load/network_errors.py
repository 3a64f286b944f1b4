"""How far a request got, as the error that ended it proves."""

import errno
from socket import gaierror
from ssl import SSLCertVerificationError

_NEVER_LEFT = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


def never_left(error: BaseException | None) -> bool:
    """Whether an error proves that not one byte of a request reached the receiver; a timeout proves nothing."""
    return isinstance(error, gaierror | SSLCertVerificationError) or getattr(error, "errno", None) in _NEVER_LEFT
