"""What the parts of a durable delivery cost, each by itself in this process: JSON lines.

    python loadtests/bench_shares.py

    payload       built and serialised: holds Python's lock
    log           event and intended run written, begun, ended, committed twice: a third of it holds the lock
    bare sending  request and answer through bare asyncio transports: most of it holds the lock

What a delivery costs beyond their sum is what leads it from one to the next.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from bench import EVENT, WARM_UP, send_bare, sink, tell

from simulator import catalog
from simulator.clock import Clock, Ids
from simulator.domain.model import Delivery, Finished, Occurrence, Outcome, Result
from simulator.payloads.factory import Payloads
from simulator.store.file import open_log
from simulator.store.ledger import Ledger

MANY = 10_000
AT_ONCE = 200  # events in one commit, as under load
OK = Result(Outcome.ANSWERED, "OK", 200, 1)


class Log:
    """A ledger that is driven without a thread or an event loop: accept, begin, finish, commit, round after round."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._ledger = Ledger(connection, clock=Clock(), ids=Ids(), lanes=AT_ONCE)
        self._under_way: Sequence[Delivery] = ()
        connection.execute("BEGIN IMMEDIATE")
        self._ledger.subscribe(EVENT, "http://127.0.0.1:8500/hook", None)
        connection.execute("COMMIT")

    def turn(self, occurrences: Sequence[Occurrence], first: int) -> None:
        """One commit: what was begun in the last one is over, and as many begin."""
        self._db.execute("BEGIN IMMEDIATE")
        self._ledger.finish([Finished(delivery, OK, 0) for delivery in self._under_way])
        self._ledger.accept(occurrences, first)
        self._under_way = self._ledger.write_queue(begin=True)
        self._ledger.number_changes()
        self._db.execute("COMMIT")


def cost(run: Callable[[], object], count: int) -> float:
    """Seconds of processor time per 1,000."""
    began = time.process_time()
    run()
    return (time.process_time() - began) / count * 1000


def parts() -> dict[str, float]:
    """Each part's cost, in seconds of processor time per 1,000 deliveries."""
    factory = Payloads(catalog.load(), seed=1)
    made = [factory.build(EVENT, number) for number in range(WARM_UP)]
    found = {"payload": cost(lambda: [factory.build(EVENT, number) for number in range(MANY)], MANY)}
    with (
        tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder,
        closing(open_log(Path(folder) / "log.db")) as connection,
    ):
        log = Log(connection)
        rounds = range(1, MANY, AT_ONCE)
        found["log"] = cost(lambda: [log.turn(made[:AT_ONCE], first) for first in rounds], MANY)
    with sink() as url:
        found["bareSending"] = send_bare(url, MANY)["cpuSecondsPer1000"]
    return found


if __name__ == "__main__":
    tell("processor time of a delivery's parts", **{f"{name}CpuSecondsPer1000": part for name, part in parts().items()})
