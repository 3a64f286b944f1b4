"""The uvicorn that serves an app on a listening socket, and leaves signals alone."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

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
