import errno
import socket
import ssl

import pytest

from frontsim.load.leases import never_left


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        OSError(errno.EHOSTUNREACH, "no route"),
        OSError(errno.ENETUNREACH, "no network"),
        socket.gaierror(-2, "no such name"),
        ssl.SSLCertVerificationError("self-signed"),
    ],
)
def test_without_a_connection_nothing_left(error: OSError) -> None:
    """No listener, no route, no name, no trust: no byte of the request left."""
    assert never_left(error)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("timed out"),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        BrokenPipeError(errno.EPIPE, "broken"),
        ValueError("what came back is no HTTP"),
        None,
    ],
)
def test_everything_else_may_have_arrived(error: Exception | None) -> None:
    """A timeout and a reset prove nothing."""
    assert not never_left(error)
