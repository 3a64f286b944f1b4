"""A process that has imported frontsim, and forks for each command: `python -m tests.support.fork_server SOCKET`.

    caller                                     this process            fork
      | words, folder, variables, streams   ->   |   fork()         ->   |  a session of its own
      |                                     <-   |   its pid             |  runs `python -m MODULE ...`
      |                                     <-   |   its exit code  <-   |  ends
      | hangs up before                     ->   |   SIGKILL        ->   |

It ends with its last caller.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _pytest.config import default_plugins

from frontsim.cli.main import COMMANDS

READY = b"ready\n"
STREAMS = 3
CHUNK = 65536
PRELOADED = (
    *{f"frontsim.cli.commands.{entry.module}" for name, entry in COMMANDS.items() if name != "load"},
    "frontsim.subjects.serve",
    "frontsim.hosting.serving",
    "frontsim.verification.run",
    *(f"_pytest.{name}" for name in default_plugins),
)


@dataclass(slots=True)
class ForkCall:
    """One caller's connection, and the process that was forked for it."""

    connection: socket.socket
    pid: int = 0


class ForkServer:
    """Answers callers until the last of them has hung up."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._calls: list[ForkCall] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._ended, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        self._selector.register(self._ended, selectors.EVENT_READ, self._reap)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes.fileno())

    def requested(self) -> dict[str, Any] | None:
        """None when the last caller has left; in a fork, what it has to run."""
        while True:
            for key, _ in self._selector.select():
                if request := key.data():
                    return request
            if not self._calls and self._listener.fileno() < 0:
                return None

    def _accept(self) -> None:
        call = ForkCall(self._listener.accept()[0])
        self._calls.append(call)
        call.connection.sendall(READY)
        self._selector.register(call.connection, selectors.EVENT_READ, lambda: self._read(call))

    def _read(self, call: ForkCall) -> dict[str, Any] | None:
        message, streams, _, _ = socket.recv_fds(call.connection, CHUNK, STREAMS)
        if not message:
            self._hang_up(call)
            return None
        while not message.endswith(b"\n"):
            message += call.connection.recv(CHUNK)
        call.pid = os.fork()
        if call.pid == 0:
            self._forget()
            _take(streams)
            return json.loads(message)
        for each in streams:
            os.close(each)
        _tell(call, call.pid)
        return None

    def _reap(self) -> None:
        self._ended.recv(4096)
        for call in [each for each in self._calls if each.pid]:
            pid, status = os.waitpid(call.pid, os.WNOHANG)
            if pid:
                call.pid = 0
                _tell(call, os.waitstatus_to_exitcode(status))

    def _hang_up(self, call: ForkCall) -> None:
        if call.pid:
            os.kill(call.pid, signal.SIGKILL)
            os.waitpid(call.pid, 0)
        self._selector.unregister(call.connection)
        call.connection.close()
        self._calls.remove(call)
        if not self._calls:
            self._selector.unregister(self._listener)
            Path(self._listener.getsockname()).unlink()  # first: the next caller starts another server there
            self._listener.close()

    def _forget(self) -> None:
        """In a fork: the server's signals and descriptors are not its own."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for each in (self._listener, self._ended, self._wakes, *(call.connection for call in self._calls)):
            each.close()


def _tell(call: ForkCall, number: int) -> None:
    with suppress(OSError):  # it hung up
        call.connection.sendall(b"%d\n" % number)


def _take(streams: list[int]) -> None:
    os.setsid()
    for descriptor, each in enumerate(streams):
        os.dup2(each, descriptor)
    os.closerange(STREAMS, max(streams) + 1)


def _run(request: dict[str, Any]) -> None:
    """Run a module as `python -m` does."""
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(each, mode, closefd=False) for each, mode in enumerate("rww"))
    sys.stderr.reconfigure(errors="backslashreplace", line_buffering=True)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module, *sys.argv[1:] = request["words"]
    sys.path[0] = request["folder"]
    if not hasattr(sys.modules.get(module), "__path__"):  # of a package, __main__ is the program
        sys.modules.pop(module, None)  # it may be imported already, but not as the program
    gc.enable()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main(address: str) -> None:
    gc.disable()
    os.getloadavg = lambda: (0.0, 0.0, 0.0)  # as in the tests themselves
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        for module in PRELOADED:
            importlib.import_module(module)
        gc.freeze()
        if os.fork():
            return  # to the caller: the server listens
        request = ForkServer(listener).requested()
    if request:
        _run(request)


if __name__ == "__main__":
    main(sys.argv[1])
