"""`frontsim serve` that kills itself (SIGKILL) at a labelled point: `python -m tests.support.killed LABEL [OPTION]...`.

The program is the real one; only the step at the point is followed, or preceded, by the kill.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from frontsim.cli.main import frontsim
from frontsim.delivery.connection import Connection
from frontsim.delivery.dispatcher import Dispatcher
from frontsim.store.group_commit import GroupCommit
from frontsim.store.log_writer import LogWriter

Step = Callable[..., Any]


def dies(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(step: Step) -> Step:
    def done(*args: Any, **more: Any) -> Any:
        step(*args, **more)
        dies()

    return done


def before(step: Step, when: Callable[..., bool] = lambda *_: True) -> Step:
    def done(*args: Any, **more: Any) -> Any:
        if when(*args):
            dies()
        return step(*args, **more)

    return done


def tells_of(kind: str) -> Callable[..., bool]:
    return lambda _, commit: any(each == kind for each, _ in commit.changes)


POINTS: Mapping[str, tuple[type, str, Callable[[Step], Step]]] = {
    "accepted": (LogWriter, "accept", after),  # in the transaction, which is not committed
    "committed": (GroupCommit, "_report", lambda step: before(step, tells_of("event.raised"))),
    "bytes-sent": (Connection, "carry", after),
    "answer-read": (Dispatcher, "_finish", before),
    "outcome-committed": (GroupCommit, "_report", lambda step: before(step, tells_of("run.over"))),
}

if __name__ == "__main__":
    label, *arguments = sys.argv[1:]
    owner, name, how = POINTS[label]
    setattr(owner, name, how(getattr(owner, name)))
    frontsim.main(["serve", *arguments])
