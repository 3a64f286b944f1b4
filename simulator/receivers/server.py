"""A listening socket, and the uvicorn that serves an app on it and leaves signals alone."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from simulator.errors import Unusable

GRACE_S = 1  # for requests that are under way at the end


class Server(uvicorn.Server):
    """Serves until it is stopped.

    Args:
        app: what answers.
        listening: called once connections are taken.
    """

    def __init__(self, app: ASGIApp, *, listening: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._listening = listening
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, then tell."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def main_loop(self) -> None:
        """Wait to be stopped, without uvicorn's ten looks a second."""
        await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to whoever runs us."""
        yield

    def stop(self) -> None:
        """Take nothing new, and end when what is under way is done, or after a second."""
        self.should_exit = True
        self._stopped.set()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any free one.

    Raises:
        Unusable: that address or port cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise Unusable(f"{host}:{port}: expected a free port, got: {reason}; --port 0 takes any free one") from None


def url_of(listener: socket.socket) -> str:
    """The base URL of a listening socket: `http://127.0.0.1:8500`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
