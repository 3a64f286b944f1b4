"""A listening socket, bound first of all, so that a port in use ends in one line and port 0 has its number."""

import socket

from frontsim.errors import Unusable

BACKLOG = 2048
KEEP_ALIVE_S = 20
"""Clients such as httpx keep an idle connection for 5 s. A server with the same limit may close one at the moment when
the client sends on it, and the call would have no answer."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises:
        Unusable: the address or port is not free, or not ours.
    """
    if not 0 <= port <= 65535:  # create_server would leave its socket open
        raise Unusable(f"cannot listen on {host} port {port}: expected a port from 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise Unusable(f"cannot listen on {host} port {port}: {reason} (--port 0 picks a free one)") from error


def url_of(listener: socket.socket) -> str:
    """The base URL of a listening socket: `http://127.0.0.1:8500`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
