"""A process that hosts simulators, so that they do not share an interpreter with the program that calls them.

    SimulatorProcess ── one end of a socket pair for each simulator ──▶ python -m frontsim.hosting.simulator_host
                        on that pair:  settings  ──▶
                                     ◀── its URLs, or the error that it ended with
                           end of input  ──▶            stop
                                     ◀── end of input   it has stopped, and its files are gone

The system closes our ends when we die, however that happens. So the process ends its simulators and itself.
"""

import pickle
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from frontsim.bundled import module_command, module_environment
from frontsim.errors import Unusable
from frontsim.settings import Settings

_HOST = "frontsim.hosting.simulator_host"
_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that serves beside us: `base_url` ends in `/restapi/V2`, `control_url` in `/_sim`."""

    base_url: str
    control_url: str
    stop: Callable[[], None]


StartSimulator = Callable[[Settings], Running]
"""Starts a simulator, in a thread or in a process beside us. Raises Unusable."""


class SimulatorProcess:
    """The process, from the beginning of the `with` block to its end. Any thread may start simulators in it.

    Raises:
        Unusable: no process can be started.
    """

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        with ExitStack() as undo, theirs:
            undo.callback(self._ours.close)
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    module_command(_HOST),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=module_environment(),
                    process_group=0,  # so that Ctrl-C reaches us alone, who then end the process
                )
            except (OSError, TypeError) as error:  # TypeError: an embedded Python has no sys.executable
                raise Unusable(f"expected to start a process for the simulators, but it failed: {error}") from error
            undo.pop_all()
        self._has_hosted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, settings: Settings) -> Running:
        """Start a simulator. Its `stop` returns when it has stopped.

        Raises:
            Unusable: as `run_in_thread`, which runs it over there.
            ChildProcessError: the process has ended.
        """
        ours, theirs = socket.socketpair()
        with ExitStack() as undo:
            undo.callback(ours.close)  # this alone stops the simulator
            with theirs:
                self._hand_over(theirs)
            base_url, control_url = self._asked(ours, settings)
            undo.pop_all()

        def stop() -> None:
            with ours, suppress(OSError):  # the process has ended
                ours.shutdown(socket.SHUT_WR)
                ours.recv(1)

        return Running(base_url, control_url, stop)

    def close(self) -> None:
        """End all simulators and the process."""
        self._ours.close()
        if not self._has_hosted:  # it need not even start
            self._process.kill()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hand_over(self, theirs: socket.socket) -> None:
        self._has_hosted = True
        try:
            socket.send_fds(self._ours, [b"\0"], [theirs.fileno()])
        except OSError as error:
            raise self._ended() from error

    def _asked(self, ours: socket.socket, settings: Settings) -> tuple[str, str]:
        """The URLs of the simulator that starts with these settings."""
        with ours.makefile("rwb") as stream:
            try:
                pickle.dump(settings, stream)
                stream.flush()
                answer = pickle.load(stream)  # noqa: S301 - from our own program
            except (OSError, EOFError) as error:
                raise self._ended() from error
        if isinstance(answer, Exception):
            raise answer
        base_url, control_url = answer
        return base_url, control_url

    def _ended(self) -> ChildProcessError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        return ChildProcessError(f"the process with the simulators has ended: exit code {self._process.returncode}")
