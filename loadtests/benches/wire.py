"""How fast the wire sends, beside the ceiling of bare asyncio transports in the same run: one JSON line each.

    cd loadtests && python -m benches.wire [--seconds 3] [--in-flight 64] [--body 1200]

The receiver is a bare sink in a separate process: it counts the bytes of requests and answers 200. It parses nothing,
so that it never limits the rate.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import time
from collections.abc import Coroutine
from multiprocessing.connection import Connection as Pipe
from typing import Any, cast

import uvloop

from benches.bare_sender import BareSender
from frontsim.delivery.webhook_sender import WebhookSender
from frontsim.domain.delivery_request import Target, parse_target
from frontsim.domain.model import Result

HEADERS = (
    b"Content-Type: application/json; charset=utf-8\r\n"
    b"X-Webhook-Event-Id: 0192d3a4-1111-7222-8333-444455556666\r\n"
    b"X-Webhook-Id: 7f3c1d52-9a60-4c0e-8f4b-0d9b7a1c2e3f\r\n"
    b"X-Webhook-Event: SaleCreated\r\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class CountingSink(asyncio.Protocol):
    """Answers once for every `size` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        self._seen += len(data)
        requests, self._seen = divmod(self._seen, self._size)
        if requests:
            self._transport.write(ANSWER * requests)


def sink(pipe: Pipe) -> None:
    """Receive a request's size, send the port, and serve until the other side sends again or closes the pipe."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: CountingSink(size), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.poll, None)
        server.close()

    size = pipe.recv()
    uvloop.run(serve())


async def bare(port: int, request: bytes, in_flight: int, seconds: float) -> int:
    """Requests answered by `in_flight` bare transports."""
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()

    def make_sender() -> BareSender:
        return BareSender(request, answer_size=len(ANSWER), goes_on=lambda _: time.perf_counter() < until)

    made = [await loop.create_connection(make_sender, "127.0.0.1", port) for _ in range(in_flight)]
    await asyncio.gather(*(protocol.over for _, protocol in made))
    return sum(protocol.count for _, protocol in made)


async def wired(target: Target, body: bytes, in_flight: int, seconds: float) -> int:
    """Deliveries answered through the wire, `in_flight` at once."""
    wire = WebhookSender(connect_timeout_s=5, timeout_s=30)
    until = time.perf_counter() + seconds
    answered = 0
    left = in_flight
    over = asyncio.Event()

    def done(result: Result) -> None:
        nonlocal answered, left
        assert result.success, result
        answered += 1
        if time.perf_counter() < until:
            wire.send(target, HEADERS, body, done)
            return
        left -= 1
        if not left:
            over.set()

    for _ in range(in_flight):
        wire.send(target, HEADERS, body, done)
    await over.wait()
    await wire.close(1)
    return answered


def measured(name: str, run: Coroutine[Any, Any, int], in_flight: int, body: int) -> float:
    """Run, print a JSON line, and return the rate."""
    cpu, start = time.process_time(), time.perf_counter()
    count = uvloop.run(run)
    wall = time.perf_counter() - start
    line = {
        "bench": name,
        "perSecond": round(count / wall),
        "cpuSecondsPer1000": round((time.process_time() - cpu) / count * 1000, 5),
        "inFlight": in_flight,
        "bodyBytes": body,
        "peakRssMb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(line), flush=True)
    return count / wall


def main() -> None:
    """Measure both, and print the wire's share of the ceiling."""
    parser = argparse.ArgumentParser(description="How fast the wire sends.")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--body", type=int, default=1200, help="bytes of a body")
    options = parser.parse_args()
    body = b'{"x":"' + b"x" * (options.body - 8) + b'"}'
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=sink, args=(theirs,))
    process.start()
    try:
        opening = b"POST /hooks?token=abc HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % 10000
        request = opening + HEADERS + b"Content-Length: %d\r\n\r\n" % len(body) + body
        ours.send(len(request))
        port = ours.recv()
        assert port > 9999, "the request's size assumes a port of five digits; run again"
        target = parse_target(f"http://127.0.0.1:{port}/hooks?token=abc")
        ceiling = measured(
            "bare transports", bare(port, request, options.in_flight, options.seconds), options.in_flight, options.body
        )
        rate = measured(
            "wire", wired(target, body, options.in_flight, options.seconds), options.in_flight, options.body
        )
        print(json.dumps({"bench": "wire of bare", "share": round(rate / ceiling, 3)}))
    finally:
        ours.send(None)
        process.join(5)
        process.kill()


if __name__ == "__main__":
    main()
