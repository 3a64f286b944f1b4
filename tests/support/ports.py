"""A port for programs that cannot take port 0, and for addresses at which nothing answers."""

import random
import socket

_NEVER_EPHEMERAL = range(10_000, 32_000)
_dice = random.SystemRandom()


def free_port() -> int:
    """A port on which nothing listened a moment ago.

    The system gives it to no outgoing connection, so a program that is killed and started again finds it free.
    """
    while True:
        port = _dice.choice(_NEVER_EPHEMERAL)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
