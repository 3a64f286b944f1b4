"""The process that makes payloads for a simulator: a job comes in, a batch goes out.

    python -m frontsim.payloads.worker SEED, with a socket to the simulator as its standard input

It keeps nothing that cannot be made anew from the seed, and ends when the simulator does, however that ends: then
the socket ends.
"""

import os
import socket
import sys
from contextlib import suppress

from frontsim.payloads.batch import Frames, Job, framed, pack, read_job
from frontsim.payloads.documents.builders import occurrence
from frontsim.payloads.master_data.world import World

READY = b"ready"
"""The first text that it sends."""
_PIECE = 64 * 1024
_NICE = 5


def serve(line: socket.socket, world: World) -> None:
    """Do jobs until the other side ends."""
    line.sendall(framed(READY))
    frames = Frames()
    while piece := line.recv(_PIECE):
        for text in frames.feed(piece):
            line.sendall(_do(read_job(text), world))


def _do(job: Job, world: World) -> bytes:
    return pack([occurrence(world, event, number, job.store_id) for number, event in enumerate(job.events, job.first)])


def main(seed: str) -> None:
    """Serve on the socket that is this process's standard input, behind the simulator where both want a core."""
    os.nice(_NICE)
    with socket.socket(fileno=0) as line, suppress(ConnectionError):
        serve(line, World(int(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
