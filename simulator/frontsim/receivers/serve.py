"""Serves one receiver until SIGINT or SIGTERM; `python -m frontsim.receivers.serve` does so as a process."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import orjson
import uvloop

from frontsim import catalog
from frontsim.clock import Clock
from frontsim.errors import BadInput, Unusable
from frontsim.listening import listen, url_of
from frontsim.receivers.app import make_app
from frontsim.receivers.bookings import Bookings
from frontsim.receivers.inbound import EventHeaders
from frontsim.receivers.registry import find
from frontsim.receivers.server import Server

UNUSABLE = 3  # the exit code for a port or file that cannot be used


def run(
    *,
    host: str,
    port: int,
    db: Path,
    variant: str = "reference",
    header: str | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve a receiver; returns on SIGINT or SIGTERM, within a second or so.

    Args:
        host: address to listen on.
        port: 0 picks a free one.
        db: its file, created if it does not exist.
        variant: a name of the registry.
        header: the header with the event's id; X-Webhook-Event-Id by default.
        ready: called with the base URL (`http://127.0.0.1:8500`) once it listens.

    Raises:
        BadInput: no such variant, or not the name of a header.
        Unusable: the port or the file cannot be used.
    """
    kind = find(variant)
    names = EventHeaders() if header is None else EventHeaders(event_id=header)
    with closing(listen(host, port)) as listener, closing(Bookings(db)) as bookings:
        receiver = kind.receiver(bookings, catalog=catalog.load(), clock=Clock())
        app = make_app(receiver, variant=variant, headers=names)
        server = Server(app, listening=lambda: ready(url_of(listener)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            for each in (signal.SIGINT, signal.SIGTERM):
                runner.get_loop().add_signal_handler(each, server.stop)
            runner.run(server.serve(sockets=[listener]))


def main() -> int:
    """Serve; print one JSON line `{"url", "effects"}` on stdout once it listens. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m frontsim.receivers.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--db", type=Path, required=True, help="the receiver's file")
    parser.add_argument("--variant", default="reference", help="a name that `frontsim receiver --list` shows")
    parser.add_argument("--header", help="the header with the event's id")
    options = parser.parse_args()
    try:
        run(**vars(options), ready=_announce)
    except (BadInput, Unusable) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    return 0


def _announce(base_url: str) -> None:
    line = orjson.dumps({"url": f"{base_url}/hook", "effects": f"{base_url}/effects"}).decode()
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
