"""The address under which a receiver that we start calls the vendor's API: one for the whole run.

    receiver ── http://127.0.0.1:PORT/restapi/V2 (here) ── the simulator of the scenario that is played

A receiver is started once, and each scenario has a simulator of its own, so the address leads to another one with each.
It passes bytes and breaks nothing: faults on calls are the simulator's.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from frontsim.hosting.listening import listen
from frontsim.settings import Settings
from frontsim.verification.dependency.breakage import LOOPBACK

PLACEHOLDER = "{base_url}"
_PIECE = 64 * 1024


class WayBack:
    """Where the receiver calls. `calls` counts its connections.

    Args:
        base_url: of the one simulator of the run; "" makes an address that `lead_to` leads to one after another.
    """

    def __init__(self, base_url: str = "") -> None:
        self.calls = 0
        self._target: tuple[str, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_fixed = bool(base_url)
        if base_url:
            self.base_url = base_url
            return
        listener = listen(LOOPBACK, 0)
        self.base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/restapi/V2"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="frontsim-way-back", daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._serve, sock=listener)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that tell a receiver where to call, with keys that are taken."""
        keys = {"FRONTSIM_API_KEY": Settings.api_key, "FRONTSIM_SUBSCRIPTION_KEY": Settings.subscription_key}
        return {"FRONTSIM_BASE_URL": self.base_url, **keys}

    def lead_to(self, base_url: str) -> None:
        """Lead to this simulator from now on."""
        parts = urlsplit(base_url)
        if parts.hostname and parts.port:
            self._target = parts.hostname, parts.port

    def close(self) -> None:
        """Stop listening, and end every connection."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end)
            self._thread.join()
            self._loop.close()

    def _end(self) -> None:
        assert self._loop is not None
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.call_soon, self._loop.stop)  # when the tasks have heard of it

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with suppress(OSError, asyncio.CancelledError):
            if self._target is not None:
                there_reader, there_writer = await asyncio.open_connection(*self._target)
                try:
                    await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))
                finally:
                    there_writer.transport.abort()
        writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass what comes, and its end; a reset ends both ways."""
    while data := await reader.read(_PIECE):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


@contextmanager
def open_way_back(base_url: str = "") -> Iterator[WayBack]:
    """An address for the receiver's calls, closed at the end."""
    way = WayBack(base_url)
    try:
        yield way
    finally:
        way.close()
