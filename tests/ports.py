"""A port for programs that cannot take port 0, and for addresses at which nothing answers."""

import socket


def free_port() -> int:
    """A port on which nothing listened a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
