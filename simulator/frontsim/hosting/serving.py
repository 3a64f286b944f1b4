"""Serves a simulator: uvicorn on a socket that is bound first, with limits for callers, and an end within a second.

No caller takes memory or time from the others:

    request line and headers   64 KiB, before anything else is checked; more is a 431
    pipelined requests         read in slices of 16 KiB, and the next slice only when those before are answered
    a head                     30 s from its first byte, or from the connection's start
    a whole request            300 s, and 60 s without a byte
    an answer                  60 s in which the caller reads nothing of it, or its host acknowledges nothing
    connections                4,096, or half of the descriptors; further callers get a 503

A caller that closes its own side is still answered, unless its call has no end (`api.connection`).
"""

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httptools
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from frontsim.api.responses import ENDS_WITH_CALLER, RESET, problem, reset
from frontsim.app import App
from frontsim.errors import Unusable
from frontsim.files import TemporaryFolder
from frontsim.hosting.children import guard_temporary_folders
from frontsim.hosting.listening import BACKLOG, KEEP_ALIVE_S, listen, url_of
from frontsim.hosting.simulator_process import Running
from frontsim.settings import Settings
from frontsim.threads import ending_signals

logger = logging.getLogger(__name__)

HEAD_LIMIT = 64 * 1024
"""Bytes of a request line and its headers."""
HEAD_S = 30.0
REQUEST_S = 300.0
SILENCE_S = 60.0
UNREAD_S = 60.0
REFUSED_S = 2.0
"""Seconds for a refused caller to read why: closing at once would reset the connection, and the answer with it."""
MOST_CONNECTIONS = 4096

_SLICE = 16 * 1024  # holds some 800 requests of the shortest kind
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)  # closing sends a TCP RST


class CallerConnection(HttpToolsProtocol):
    """One caller's connection; the server asks it once a second whether it is late."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self._is_behind)
        self._unread = b""
        self._head_bytes = 0
        self._in_head = True
        self._head_began = False  # in the slice that is being parsed
        self._is_too_large = False
        self._is_refused = False
        self._is_half_closed = False
        self._since = self._heard = self._read = self.loop.time()
        self._unsent = 0
        # let the connection fail when its host is gone: few bytes that are never acknowledged fill no buffer
        sock = self.transport.get_extra_info("socket")
        if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
        if len(self.connections) > most_connections():
            self._refuse(503, f"close other connections first: there are {len(self.connections) - 1} already")

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._heard = self.loop.time()
        self._unread = self._unread + data if self._unread else data
        self._parse()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for the answer to a whole request, unless its call ends with the caller."""
        self._is_half_closed = True
        return self._is_answering() and not self._is_incomplete() and not self._ends_with_caller()

    def close_if_late(self, now: float) -> None:
        """Close the connection when it has taken longer than a limit."""
        if self.transport.is_closing():
            return
        if self._is_refused and not self._is_answering():
            late = now - self._since > REFUSED_S
        elif self._is_incomplete():
            is_silent = not self.flow.read_paused and now - self._heard > SILENCE_S
            late = is_silent or now - self._since > REQUEST_S
        elif self._is_answering():
            # the caller has read nothing of an answer for too long
            unsent = self.transport.get_write_buffer_size()
            if not self.flow.write_paused or unsent != self._unsent:
                self._read, self._unsent = now, unsent
            late = now - self._read > UNREAD_S
        else:
            late = self.timeout_keep_alive_task is None and now - self._since > HEAD_S
        if late:
            logger.debug("a connection of %s was closed: it was late", self.client)
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {RESET: self._reset, ENDS_WITH_CALLER: False}
        self.scope["extensions"] = extensions
        self._in_head = self._head_began = True
        self._head_bytes = 0
        self._since = self._heard

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_LIMIT:
            self._is_too_large = True
            raise ValueError("too large")  # httptools stops here
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() or self.pipeline:
            return
        if self._unread:
            self.loop.call_soon(self._parse)
        elif self._is_half_closed:
            self.transport.close()

    def _parse(self) -> None:
        """Parse what came, slice by slice, until a request must wait for the answers to those before it."""
        self._unset_keepalive_if_required()
        while self._unread and not self.pipeline and not self._is_refused and not self.transport.is_closing():
            part, self._unread = self._unread[:_SLICE], self._unread[_SLICE:]
            self._feed(part)
        if not self._unread and (self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT):
            self.flow.resume_reading()
        if self._is_half_closed and not self._is_answering() and not self.pipeline:
            self.transport.close()

    def _feed(self, part: bytes) -> None:
        self._head_began = False
        try:
            self.parser.feed_data(part)
        except httptools.HttpParserUpgrade:  # we answer in HTTP/1.1; what follows may be another protocol's
            self._unread = b""
            self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            if self._is_too_large:
                self._refuse_head()
            else:
                logger.debug("what %s sent is not HTTP: %s", self.client, error)
                self._refuse(400, "expected an HTTP/1.1 request, got something else")
        else:
            if self._in_head and not self._head_began:
                self._head_bytes += len(part)
                if self._head_bytes > HEAD_LIMIT:
                    self._refuse_head()

    def _refuse_head(self) -> None:
        self._refuse(431, f"expected a request line and headers of at most {HEAD_LIMIT:,} bytes, got more")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer the request that cannot be read, after those before it are answered, and read nothing more."""
        self._is_refused = True
        self._since = self.loop.time()
        self._unread = b""
        if self._is_answering():
            if self.pipeline or not self._is_incomplete() or self.cycle.response_started:
                self.cycle.keep_alive = False  # uvicorn closes after the last answer that is due
                return
            self.cycle.disconnected = True  # its body broke off: this is its answer
            self.cycle.message_event.set()
        answer = problem(status, detail)
        head = [*answer.raw_headers, (b"connection", b"close")]
        lines = b"".join(b"%b: %b\r\n" % header for header in head)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, bytes(answer.body)))
        self.transport.write_eof()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not (self.cycle.response_complete or self.cycle.disconnected)

    def _is_incomplete(self) -> bool:
        """The rest of a request's body is still to come."""
        return self._is_answering() and not self._in_head and self.cycle.more_body

    def _ends_with_caller(self) -> bool:
        return bool(self.cycle.scope["extensions"][ENDS_WITH_CALLER])

    def _is_behind(self) -> bool:
        """Requests that came already wait for their turn."""
        return bool(self.pipeline or self._unread)

    def _reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
        self.transport.abort()


class _Flow(FlowControl):
    """uvicorn's, which would read on after each answer, however many requests wait already."""

    def __init__(self, transport: asyncio.Transport, is_behind: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._is_behind = is_behind

    def resume_reading(self) -> None:
        if not self._is_behind():
            super().resume_reading()


def most_connections() -> int:
    """How many callers may be connected at once; deliveries need descriptors as well."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, descriptors // 2)


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
        app = App(settings, db=db, say_keyless=_say_keyless)
        has_process_to_itself()
        _run(_Server(app, lambda: ready(url_of(listening)), beside=beside), listening)


def _say_keyless(caller: str) -> None:
    logger.warning(
        "send the header Ocp-Apim-Subscription-Key: the vendor answers 401 without it, and %s sent none "
        "(--auth strict asks for both keys)",
        caller,
    )


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
