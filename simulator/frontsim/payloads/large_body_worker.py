"""A process for request bodies of many values: it parses and checks them while the simulator keeps working.

    python -m frontsim.payloads.large_body_worker, with a socket to the simulator as its standard input

    first message   (types, seed, profile), pickled
    job             what to do, as JSON │ line feed │ the request's body as it came
    answer          what came of it, as JSON │ line feed │ payloads, in a batch

Each job holds all that it needs; between two jobs the process remembers nothing. It ends when the socket closes.
"""

import os
import pickle
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson

from frontsim.catalog import Catalog
from frontsim.domain.model import Occurrence
from frontsim.domain.store_id import with_known_store
from frontsim.errors import BadInput
from frontsim.payloads.batch import FrameReader, framed, pack_text
from frontsim.payloads.factory import Payloads
from frontsim.payloads.trigger_call import Content, TriggerCall, read_trigger_call
from frontsim.payloads.values.moments import Ticks
from frontsim.payloads.worker import READ_SIZE, READY
from frontsim.user_input.request_body import as_object, value_of

_NICE = 5


class BodyJobs:
    """What can be done with a body, in whatever process."""

    def __init__(self, catalog: Catalog, payloads: Payloads) -> None:
        self._catalog = catalog
        self._payloads = payloads

    def do(self, job: bytes) -> bytes:
        """The answer to a job; a refusal is an answer too."""
        head, _, body = job.partition(b"\n")
        wanted = orjson.loads(head)
        found: Mapping[str, Any]
        made: bytes
        try:
            found, made = getattr(self, f"_{wanted.pop('do')}")(body, **wanted)
        except BadInput as error:
            found, made = {"error": type(error).__name__, "text": str(error), "fields": error.fields}, b""
        return orjson.dumps(found) + b"\n" + made

    def _compact(self, body: bytes) -> tuple[Mapping[str, Any], bytes]:
        """The same JSON, without needless spaces."""
        return {}, orjson.dumps(value_of(body))

    def _problems(self, body: bytes, event: str) -> tuple[Mapping[str, Any], bytes]:
        return {"problems": [list(each) for each in self._catalog.problems(event, value_of(body))]}, b""

    def _trigger(self, body: bytes) -> tuple[Mapping[str, Any], bytes]:
        """The call without the caller's values, and the caller's payload, if there is one."""
        call = self._call(body)
        made = [self._made(call, 0, None)] if call.content is Content.CALLERS else []
        return {"call": replace(call, set_={}, payload=None, each=())}, pack_text(made)

    def _make(self, body: bytes, **which: int) -> tuple[Mapping[str, Any], bytes]:
        return {}, pack_text(self._several(body, **which))

    def _largest(self, body: bytes, **which: int) -> tuple[Mapping[str, Any], bytes]:
        return {"size": max(len(made.body) for made in self._several(body, **which))}, b""

    def _several(self, body: bytes, first: int, count: int, at: int, done: int) -> list[Occurrence]:
        """Payloads from a number on, after `done` others of the call."""
        call = self._call(body)
        return [self._made(call, first + place, at + place, place=done + place) for place in range(count)]

    def _made(self, call: TriggerCall, number: int, at: Ticks | None, *, place: int = 0) -> Occurrence:
        return with_known_store(call.make(self._payloads, number, at, place=place))  # a batch holds no other store

    def _call(self, body: bytes) -> TriggerCall:
        return read_trigger_call(as_object(value_of(body)), self._catalog)


def serve(connection: socket.socket) -> None:
    """Answer jobs until the simulator closes the socket."""
    connection.sendall(framed(READY))
    frames = FrameReader()
    jobs: BodyJobs | None = None
    while received := connection.recv(READ_SIZE):
        for text in frames.feed(received):
            if jobs is None:
                types, seed, profile = pickle.loads(text)  # noqa: S301 - our own parent wrote it
                catalog = Catalog(types)
                jobs = BodyJobs(catalog, Payloads(catalog, seed=seed, profile=profile))
            else:
                connection.sendall(framed(jobs.do(text)))


def main() -> None:
    """Serve on standard input, at a lower priority than the simulator."""
    os.nice(_NICE)
    with socket.socket(fileno=0) as connection, suppress(ConnectionError):
        serve(connection)


if __name__ == "__main__":
    main()
