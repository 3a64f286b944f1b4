"""A worker: a process that makes payloads for a simulator.

    python -m frontsim.payloads.worker SEED, with a socket to the simulator as its standard input

It keeps no state that does not follow from the seed. It ends when the socket closes, so it ends with the simulator,
however that ends.
"""

import gc
import os
import socket
import sys
from contextlib import suppress

from frontsim.payloads.batch import FrameReader, PayloadJob, framed, pack, read_job
from frontsim.payloads.master_data.world import World
from frontsim.payloads.standalone.builders import occurrence

READY = b"ready"
"""The first frame that it sends."""
READ_SIZE = 64 * 1024
_NICE = 5


def serve(connection: socket.socket, world: World) -> None:
    """Answer jobs until the simulator closes the socket."""
    connection.sendall(framed(READY))
    frames = FrameReader()
    while received := connection.recv(READ_SIZE):
        for text in frames.feed(received):
            connection.sendall(_do(read_job(text), world))


def _do(job: PayloadJob, world: World) -> bytes:
    return pack(
        [
            occurrence(world, event, job.first + place, job.store_id, None if job.at is None else job.at + place)
            for place, event in enumerate(job.events)
        ]
    )


def main(seed: str) -> None:
    """Serve on standard input, at a lower priority than the simulator."""
    os.nice(_NICE)
    gc.disable()  # payloads hold no cycles: looking for some would take a twelfth of the time
    with socket.socket(fileno=0) as connection, suppress(ConnectionError):
        serve(connection, World(int(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
