"""A receiver of the registry, in our own thread or as a separate process, which a test may kill."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import uvloop

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.hosting.listening import listen, url_of
from frontsim.subjects.bookings import Bookings
from frontsim.subjects.registry import find
from frontsim.subjects.serve import Server, make_app
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S


@contextmanager
def serving(variant: str, db: Path, *, clock: Clock | None = None) -> Iterator[str]:
    """A receiver in a thread; gives its base URL."""
    bookings, listener, listening = Bookings(db), listen("127.0.0.1", 0), threading.Event()
    receiver = find(variant).receiver(bookings, catalog=catalog.load(), clock=clock or Clock())
    server = Server(make_app(receiver, variant=variant), listening=listening.set)
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    loop = runner.get_loop()
    thread = threading.Thread(target=lambda: runner.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        assert listening.wait(PATIENCE_S)
        yield url_of(listener)
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join()
        runner.close()
        bookings.close()
        listener.close()


def command(variant: str, db: Path, *, port: int = 0) -> list[str]:
    """The command line that serves a receiver."""
    serve = [sys.executable, "-m", "frontsim.subjects.serve"]
    return [*serve, "--port", str(port), "--db", str(db), "--variant", variant]


class ChildReceiver:
    """A receiver in a process; as a context manager it ends with the test, however that ends."""

    def __init__(self, variant: str, db: Path) -> None:
        self._process = popen(command(variant, db), stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.hook: str = told["url"]
        self.effects: str = told["effects"]
        self.url = self.hook.removesuffix("/hook")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stops()

    def kills(self) -> None:
        """kill -9."""
        self._ends(signal.SIGKILL)

    def stops(self) -> None:
        """An orderly stop."""
        self._ends(signal.SIGTERM)

    def _ends(self, number: signal.Signals) -> None:
        self._process.send_signal(number)  # does nothing where the process has ended
        self._process.communicate(timeout=PATIENCE_S)
