"""`frontsim serve` as a separate process, which a test may kill."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from frontsim.settings import Settings
from tests.support.forked import popen, run
from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation

READY = re.compile(r"frontsim on (http://\S+)/restapi/V2  \(control \1/_sim, log (.+), pid (\d+); Ctrl-C stops\)\n")


def environment(**more: str) -> dict[str, str]:
    """Ours without what would set a simulator."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FRONTSIM_")} | more


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "frontsim.cli.main", "serve", *args]


class Child:
    """A simulator in a process; as a context manager it ends with the test, however that ends."""

    def __init__(self, db: Path, *args: str, prepare: Callable[[], Any] | None = None) -> None:
        self._process = popen(
            command("--port", "0", "--db", str(db), "--quiet", *args),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            preexec_fn=prepare,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        ready = READY.fullmatch(line)
        if ready is None:
            self.kills()
            raise AssertionError(f"not ready: {line!r} {self.errors!r}")
        self.pid = int(ready[3])
        self.sim = Simulation(f"{ready[1]}/restapi/V2", f"{ready[1]}/_sim", Settings())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kills()
        self.sim.http.close()

    def kills(self) -> None:
        """kill -9."""
        self._process.kill()
        self._ends()

    def stops(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C, or another signal; the exit code."""
        self._process.send_signal(number)
        self._ends()
        return self._process.returncode

    def _ends(self) -> None:
        _, self.errors = self._process.communicate(timeout=PATIENCE_S)


def refused(*args: str, **variables: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a start that fails."""
    done = run(command(*args), text=True, timeout=PATIENCE_S, env=environment(**variables))
    return done.returncode, done.stdout, done.stderr
