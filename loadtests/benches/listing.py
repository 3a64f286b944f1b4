"""The cost of listing the failed events, beside the bare query."""

import sqlite3
from uuid import UUID

import orjson

from benches.bare_sender import CONNECTIONS, sink
from benches.figures import RunSize, best_of, print_figures
from benches.served import served


def bench_list(*, size: RunSize) -> None:
    """`success=false` with 10,000 failed events, beside the bare query and orjson on the same file."""
    with sink() as url, served("--concurrency", str(CONNECTIONS)) as simulator:
        webhook = simulator.subscribe(url)
        simulator.http.post("/_sim/faults", json={"fault": "refuse", "probability": size.failing}).raise_for_status()
        simulator.trigger(size.listed)
        simulator.drain()
        before_mb = simulator.rss_mb()
        asked_s, listed = best_of(10, lambda: simulator.events(webhook, "success=false"))
        db = sqlite3.connect(f"file:{simulator.db}?mode=ro", uri=True)
        bare_s, bare = best_of(10, lambda: orjson.loads(_bare_list(db)))
        db.close()
        assert len(listed) == len(bare), (len(listed), len(bare))
        print_figures(
            "list success=false", seconds=asked_s, bareSqlSeconds=bare_s, ratio=asked_s / bare_s,
            events=size.listed, listed=len(listed), grewMb=simulator.rss_mb() - before_mb,
        )  # fmt: skip


def _bare_list(db: sqlite3.Connection) -> bytes:
    rows = db.execute("SELECT id, created_at, updated_at, status, status_code, runs FROM events WHERE success = 0")
    return orjson.dumps([(str(UUID(bytes=raw)), *rest) for raw, *rest in rows])
