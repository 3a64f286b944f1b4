"""The most that further sender processes could gain, as JSON lines.

    cd loadtests && python -m benches.senders [--events 20000] [--times 3]

The event loop that owns the log is the bound, so the question is how much of its processor time sending takes. The
bench runs the simulator as it is, and once more so that it hands each request to another process, a batch for each
turn of the loop, and unpacks a batch of outcomes. The other process drops what it gets, so nothing waits for it: the
ratio of the two is the most that any number of senders on any number of cores could gain.
"""

import argparse
import asyncio
import os
import socket
import struct
import sys
from collections.abc import Sequence

from benches.bare_sender import CONNECTIONS, sink
from benches.figures import print_figures
from benches.served import FRONTSIM, Served, served
from frontsim import app
from frontsim.cli.main import main as frontsim
from frontsim.delivery.in_flight import Done
from frontsim.delivery.send_plan import WHOLE, SendPlan
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import Target
from frontsim.domain.model import Outcome, Result

WARM_UP = 5_000
HANDING_OVER = (sys.executable, "-m", "benches.senders", "--serve")
"""A simulator whose sender hands over."""
_REQUEST = struct.Struct("<QIId")
_OUTCOME = struct.Struct("<QHI")


class _HandingOver(WebhookSender):
    """Hands requests over, and gets an outcome for each."""

    requests: socket.socket
    _waiting: Sequence[tuple[bytes, bytes, Done]] = ()

    def send(self, target: Target, headers: bytes, body: bytes, done: Done, plan: SendPlan = WHOLE) -> None:
        """Put a request into this turn's batch."""
        assert plan is WHOLE
        if not self._waiting:
            self._waiting = []
            asyncio.get_running_loop().call_soon(self._hand_over)
        assert isinstance(self._waiting, list)
        self._waiting.append((b"%b%bContent-Length: %d\r\n\r\n" % (target.head_start, headers, len(body)), body, done))

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting, ()
        parts: list[bytes] = []
        for number, (head, body, _) in enumerate(batch):
            parts += (_REQUEST.pack(number, len(head), len(body), 30.0), head, body)
        self.requests.sendall(b"".join(parts))
        outcomes = b"".join([_OUTCOME.pack(number, 200, 1) for number in range(len(batch))])
        for (_, _, done), (_, status, took_ms) in zip(batch, _OUTCOME.iter_unpack(outcomes), strict=True):
            done(Result(Outcome.ANSWERED, "OK", status, took_ms))


def _serve(arguments: Sequence[str]) -> None:
    """`frontsim serve` beside a process that drops what it is handed."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        buffer = bytearray(1 << 20)
        while theirs.recv_into(buffer):
            pass
        os._exit(0)
    theirs.close()
    _HandingOver.requests = ours
    vars(app)["WebhookSender"] = _HandingOver
    sys.argv = ["frontsim", *arguments]
    frontsim()


def loop_cost(program: Sequence[str], url: str, events: int, times: int) -> float:
    """Seconds of the event loop's processor time for 1,000 deliveries; the least of several runs."""
    with served("--concurrency", str(CONNECTIONS), program=program) as simulator:
        simulator.subscribe(url)
        return min(_cost(simulator, count) for count in (WARM_UP, *[events] * times))


def _cost(simulator: Served, events: int) -> float:
    before = simulator.loop_cpu_s()
    simulator.trigger(events)
    simulator.drain()
    return (simulator.loop_cpu_s() - before) / events * 1000


def main() -> None:
    """Measure, and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=3, help="the least counts (3)")
    options = parser.parse_args()
    with sink() as url:
        itself = loop_cost(FRONTSIM, url, options.events, options.times)
        handed = loop_cost(HANDING_OVER, url, options.events, options.times)
    print_figures(
        "what further senders could gain at most",
        loopCpuSecondsPer1000=itself,
        handingOver=handed,
        timesAsMany=itself / handed if handed else None,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        _serve(sys.argv[2:])
    else:
        main()
