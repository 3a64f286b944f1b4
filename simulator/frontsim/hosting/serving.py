"""Serves a simulator: uvicorn on a socket that is bound first of all, and an end within a second."""

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from frontsim.api.responses import reset
from frontsim.app import App
from frontsim.errors import Unusable
from frontsim.files import TemporaryFolder
from frontsim.hosting.caller_connection import CallerConnection
from frontsim.hosting.children import guard_temporary_folders
from frontsim.hosting.listening import BACKLOG, KEEP_ALIVE_S, listen, url_of
from frontsim.hosting.simulator_process import Running
from frontsim.settings import Settings
from frontsim.threads import ending_signals

logger = logging.getLogger(__name__)

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_MOST_DESCRIPTORS = 65_536
_TICK_S = 0.1  # uvicorn's own
_LAST_WORDS_S = 0.1  # for answers that are ready when the app has ended


def serve(
    settings: Settings, ready: Callable[[str], None], beside: Callable[[App], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        settings: how the simulator behaves.
        ready: called with the server's URL (`http://127.0.0.1:8400`) once it answers.
        beside: runs beside it on its event loop, and ends when the log closes.

    Raises:
        Unusable: the port, the file of the log or another setting cannot be used.
    """
    with listen(settings.host, settings.port) as listening, _log_file(settings) as db:
        if settings.ephemeral:
            guard_temporary_folders()
        app = App(settings, db=db)
        has_process_to_itself()
        _run(_Server(app, lambda: ready(url_of(listening)), beside=beside), listening)


def has_process_to_itself() -> None:
    """Set up the process of which simulators are all."""
    # look for garbage in cycles after every 100,000 objects, not 700, and never among what stands: a delivery makes
    # some hundred objects and no cycle, but thousands of them are kept for a while, and to look at those again and
    # again took a tenth of all time
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    # a thousand destinations have a thousand connections; the usual limit of 1,024 descriptors is there for programs
    # that use select(2), which ours does not
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if resource.RLIM_INFINITY != soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run_in_thread(settings: Settings, *, before: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> Running:
    """Serve in a thread, until `stop` is called; `before` puts something between the server and the simulator.

    Raises:
        Unusable: as `serve`.
    """
    cleanup = contextlib.ExitStack()
    listening = cleanup.enter_context(listen(settings.host, settings.port))
    with cleanup:
        app = App(settings, db=cleanup.enter_context(_log_file(settings)))
        started = threading.Event()
        server = _Server(app, started.set, before)
        thread = threading.Thread(target=_run, args=(server, listening), name="frontsim-server", daemon=True)
        thread.start()
        while not started.wait(0.05):
            if not thread.is_alive():
                raise Unusable("the simulator ended while it was starting; its log says why")
        kept = cleanup.pop_all()

    def stop() -> None:
        server.end()
        thread.join()
        kept.close()

    url = url_of(listening)
    return Running(f"{url}/restapi/V2", f"{url}/_sim", stop)


class _Callers:
    """The app as uvicorn calls it. If the end cuts a call off, the caller gets a reset, and the log no traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (asyncio.CancelledError, RuntimeError) as error:  # RuntimeError: the readers' threads have ended
            if not self.stopping:
                raise
            logger.debug("a call was broken off as the simulator ended: %r", error)
            await reset(scope, receive)


class _Server(uvicorn.Server):
    """uvicorn's server, with an app that starts before it and stops while callers still wait for answers."""

    def __init__(
        self,
        app: App,
        ready: Callable[[], None],
        before: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        *,
        beside: Callable[[App], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._callers = _Callers(before(app))
        super().__init__(
            uvicorn.Config(
                self._callers,
                http=CallerConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        self._app = app
        self._ready = ready
        self._beside = beside
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End at once, not at the next tick. Called from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Tick ten times a second, as uvicorn does, until asked to stop; `end` does not wait for the next tick."""
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _TICK_S)

    async def run_app(self, listening: socket.socket) -> None:
        """Serve on a bound socket until asked to stop."""
        beside = None
        async with self._app:
            if self._beside is not None:
                beside = asyncio.create_task(self._beside(self._app))
            await self.serve(sockets=[listening])
        if beside is not None:
            await beside

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Once a second, close the connections that are late."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                assert isinstance(connection, CallerConnection)
                connection.close_if_late(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Close the door, then end the app: callers that wait for a resend or follow the stream get an end."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        self._callers.stopping = True
        await self._app.stop()
        waiting = self.server_state.tasks
        if waiting:
            await asyncio.wait(waiting, timeout=_LAST_WORDS_S)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals, if this is the thread that can; unlike uvicorn, do not raise them again at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in ending_signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _run(server: _Server, listening: socket.socket) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.run_app(listening))


@contextmanager
def _log_file(settings: Settings) -> Iterator[Path]:
    """The file of the log: the user's, or one that is deleted when the simulator stops. Raises Unusable."""
    if not settings.ephemeral:
        if settings.db.exists() and not (settings.db.is_file() or settings.db.is_dir()):
            raise Unusable(f"choose another --db: expected a file, got {settings.db}, a pipe, socket or device")
        yield settings.db
        return
    with TemporaryFolder("log") as folder:
        yield folder / "frontsim.db"
