"""Kills a process that leads a session, and all others of that session.

A shell that runs jobs, and `timeout`, put what they start into process groups of their own. A signal to the leader's
group does not reach those, and a receiver that is left keeps the port. A process that starts a session of its own, as a
daemon does, is not killed.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from frontsim.clock import stopwatch

_LONGEST_S = 5.0
_PAUSE_S = 0.002
_PROCESSES = Path("/proc")
_DEAD = ("Z", "X")


def kill_session(leader: int, *, pause: Callable[[float], None]) -> None:
    """Kill its process group at once, then what is left of the session.

    Nobody has waited for the leader yet, so that its number is not given to another process meanwhile.
    """
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    began_s = stopwatch()
    while (left := list(_members(leader))) and stopwatch() - began_s < _LONGEST_S:
        for number in left:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        pause(_PAUSE_S)


def _members(session: int) -> Iterator[int]:
    """The processes of the session that live, as Linux lists them; none on a system without that list."""
    for folder in _PROCESSES.iterdir() if _PROCESSES.is_dir() else ():
        if not folder.name.isdigit():
            continue
        try:
            state, _parent, _group, of_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):  # it has just ended
            continue
        if int(of_session) == session and state not in _DEAD:
            yield int(folder.name)
