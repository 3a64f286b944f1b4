"""Hosts simulators for the process that started this one, until that one ends: the other side of `SimulatorProcess`."""

import os
import pickle
import signal
import socket
import sys
import traceback
from contextlib import suppress
from threading import Thread
from typing import Any

from frontsim.errors import FrontsimError
from frontsim.hosting.serving import has_process_to_itself, run_in_thread
from frontsim.threads import ENDING_SIGNALS


class HostedSimulator:
    """One simulator, from the settings that its connection brings to the end of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._thread = Thread(target=self._run)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def ask_to_stop(self) -> None:
        """Let it stop, as the end of the connection would."""
        with suppress(OSError):  # it has ended
            self._connection.shutdown(socket.SHUT_RD)

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join()

    def _run(self) -> None:
        with self._connection, suppress(OSError, EOFError):  # the caller has gone
            with self._connection.makefile("rb") as stream:
                settings = pickle.load(stream)  # noqa: S301 - from our own program
            try:
                running = run_in_thread(settings)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
                self._answer(_fit_to_send(error))
                return
            try:
                self._answer((running.base_url, running.control_url))
                self._connection.recv(1)
            finally:
                running.stop()

    def _answer(self, answer: Any) -> None:
        self._connection.sendall(pickle.dumps(answer))


def _fit_to_send(error: Exception) -> Exception:
    """The error of a user or the machine as it is; our own failure with the traceback, which only this process has."""
    if isinstance(error, FrontsimError):
        return error
    failure = RuntimeError(f"{type(error).__name__}: {error}")
    failure.add_note("".join(traceback.format_exception(error)))
    return failure


def host(control: socket.socket) -> None:
    """Host a simulator for each connection that is handed over, until `control` ends."""
    hosted: list[HostedSimulator] = []
    while True:
        message, connections, _, _ = socket.recv_fds(control, 1, 1, socket.MSG_CMSG_CLOEXEC)
        if not message:
            break
        hosted = [each for each in hosted if not each.has_ended]
        hosted += [HostedSimulator(socket.socket(fileno=each)) for each in connections]
    for each in hosted:
        each.ask_to_stop()
    for each in hosted:
        each.join()  # here, because at its exit Python starts no threads any more, and a simulator needs some to stop


def main() -> None:
    """Host simulators for the process at the other end of standard input. Signals are for that process: it ends us."""
    for each in ENDING_SIGNALS:
        signal.signal(each, lambda *_: None)  # unlike SIG_IGN, not passed on to processes that a simulator starts
    has_process_to_itself()
    with socket.socket(fileno=sys.stdin.fileno()) as control, suppress(ConnectionError):
        host(control)
    os._exit(0)  # our caller waits, and Python would take a while to give back what ends with the process anyway


if __name__ == "__main__":
    main()
