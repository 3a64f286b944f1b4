"""A uvicorn server on a listening socket, without signal handlers."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from frontsim.listening import KEEP_ALIVE_S

GRACE_S = 1  # for requests that are open at the end


class Server(uvicorn.Server):
    """Serves until it is stopped.

    Args:
        app: what answers.
        listening: called once the server accepts connections.
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
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        self._listening = listening
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def main_loop(self) -> None:
        """Wait for `stop`; uvicorn itself polls ten times a second."""
        await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install none: the caller handles signals."""
        yield

    def stop(self) -> None:
        """Accept no new requests; end when the open ones are done, or after a second."""
        self.should_exit = True
        self._stopped.set()
