"""The outcome of each scenario or case, however many tests and xdist workers ask for it.

All workers of a run share a folder. One of them leads: it holds a lock and plays all of them in one run, as
`frontsim verify` does, on a separate thread, so that its tests go on meanwhile. Each outcome becomes a file, and the
others wait for the files.

    worker 1   flock(run.lock) -> plays steady, storm, ... -> steady.json, storm.json, ...
    worker 2   waits for storm.json; takes the lock and plays what is left if worker 1 ends or dies

The kernel releases the lock of a process that dies, however it dies.
"""

import fcntl
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from frontsim.contract_suite.outcome import ContractOutcome, Play

_POLL_S = 0.02


class SharedOutcomes:
    """Gives outcomes, and plays scenarios where no other worker does.

    Args:
        names: the scenarios that the run's tests are about, in the order in which they are played.
        play: plays scenarios.
        folder: shared by all workers of the run.
        pause: waits so many seconds.
    """

    def __init__(self, names: Sequence[str], play: Play, folder: Path, *, pause: Callable[[float], None]) -> None:
        self._names = names
        self._play = play
        self._folder = folder
        self._pause = pause
        self._leading: threading.Thread | None = None
        self._closed = threading.Event()
        self._failure: BaseException | None = None

    def of(self, name: str) -> ContractOutcome:
        """The outcome of a scenario, as soon as it is known.

        Raises:
            FrontsimError: nothing can be played, such as when nothing listens at the receiver's URL. This worker does
                not try again.
        """
        file = self._file(name)
        while not file.exists():
            if self._failure is not None:
                raise self._failure
            if self._leading is None or not self._leading.is_alive():
                self._leading = self._lead(name)
            self._pause(_POLL_S)
        return ContractOutcome(**json.loads(file.read_text()))

    def close(self) -> None:
        """Stop playing; another worker that waits for an outcome goes on with it."""
        self._closed.set()
        if self._leading is not None:
            self._leading.join()

    def _lead(self, name: str) -> threading.Thread | None:
        """Start to play what has no outcome, unless another worker does."""
        lock = (self._folder / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        thread = threading.Thread(target=self._play_what_is_left, args=[lock, name])
        thread.start()
        return thread

    def _play_what_is_left(self, lock: IO[str], asked: str) -> None:
        with lock:  # closing the file releases it
            left = [name for name in dict.fromkeys([*self._names, asked]) if not self._file(name).exists()]
            try:
                for name, outcome in self._play(left, self._pause_unless_closed) if left else ():
                    self._write(name, outcome)
            except _Closed:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks
                self._failure = error

    def _write(self, name: str, outcome: ContractOutcome) -> None:
        file = self._file(name)
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps(asdict(outcome)))
        whole.replace(file)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _pause_unless_closed(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise _Closed


class _Closed(Exception):
    """Nothing more is asked for."""
