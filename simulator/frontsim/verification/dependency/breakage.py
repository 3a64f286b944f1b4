"""The ways to a dependency and back to the API: addresses, what is broken on the way, and what that means for bytes.

    receiver -> request  -> dependency
        receiver <- answer   <- dependency      the first bytes after a request are its answer

An answer that does not come back leaves the receiver in doubt whether the request was done. A right receiver copes.

    receiver ── http://127.0.0.1:PORT/restapi/V2 (here) ── the simulator of the scenario that is played

A receiver that we start is started once, and each scenario has a simulator of its own, so the way back leads to another
one with each. It passes bytes and breaks nothing: faults on calls are the simulator's.
"""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from frontsim.errors import BadInput
from frontsim.hosting.listening import listen
from frontsim.settings import Settings


class DependencyFault(StrEnum):
    """How a dependency is broken."""

    DOWN = "down"
    """Connections are cut, and new ones are reset."""
    STALL = "stall"
    """Connections stay open, and no byte passes until the fault ends."""
    SLOW = "slow"
    """Every answer takes longer."""
    LOST_REQUEST = "lost-request"
    """The connection is reset in place of a request, which does not arrive."""
    LOST_ANSWER = "lost-answer"
    """A request arrives; in place of its answer, the connection is reset."""
    LOST_COMMIT = "lost-commit"
    """A commit arrives; in place of its answer, the connection is reset."""
    HELD_ANSWER = "held-answer"
    """A request arrives; its answer is held back until the fault ends."""
    HELD_COMMIT = "held-commit"
    """A commit arrives; its answer is held back until the fault ends."""


class Passage(StrEnum):
    """The fate of bytes on their way."""

    ON = "on"
    LATER = "later"
    HOLD = "hold"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Breakage:
    """A fault that is on.

    Attributes:
        dependency: its name; "" for all.
        after: how many answers (or commits) pass before the first that the fault hits.
        times: how many it hits; 0 for all.
        delay_s: of each answer that is slow.
    """

    fault: DependencyFault
    dependency: str = ""
    after: int = 0
    times: int = 0
    delay_s: float = 0.0


@dataclass(slots=True)
class Traffic:
    """Counts what passed between the receiver and its dependencies, and holds what is broken now.

    Attributes:
        connections: how many the receiver opened.
        answers: how many requests each dependency answered.
        commits: how many of these were commits.
        hits: how often the fault that is on has hit something.
    """

    breakage: Breakage | None = None
    connections: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    commits: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    _seen: int = 0

    def begin(self, breakage: Breakage) -> None:
        """Break something, from now on."""
        self.breakage, self.hits, self._seen = breakage, 0, 0

    def end(self) -> None:
        """Nothing is broken any more."""
        self.breakage = None

    def strikes(self, dependency: str, *faults: DependencyFault) -> bool:
        """A fault strikes a dependency while it is on for that one, or for all."""
        on = self.breakage
        return on is not None and on.fault in faults and on.dependency in ("", dependency)

    def connect(self, dependency: str) -> Passage:
        """The receiver opens a connection."""
        self.connections += 1
        if self.strikes(dependency, DependencyFault.DOWN):
            self.hits += 1
            return Passage.CUT
        return Passage.HOLD if self.strikes(dependency, DependencyFault.STALL) else Passage.ON

    def send(self, dependency: str, *, is_first: bool = True, is_commit: bool = False) -> Passage:
        """Bytes come from the receiver: they begin a request (`is_first`), or are a commit that will have no answer."""
        if self.strikes(dependency, DependencyFault.STALL):
            self.hits += 1
            return Passage.HOLD
        if is_first and self.strikes(dependency, DependencyFault.LOST_REQUEST) and self._is_next():
            return Passage.CUT
        self.commits[dependency] += is_commit
        return self._on_commit(dependency) if is_commit else Passage.ON

    def answer(self, dependency: str, *, is_first: bool, is_commit: bool) -> Passage:
        """Bytes come from the dependency; `is_first`: they follow a request, so they begin its answer."""
        self.answers[dependency] += is_first
        self.commits[dependency] += is_commit
        if self.strikes(dependency, DependencyFault.STALL):
            return Passage.HOLD
        if is_first and self.strikes(dependency, DependencyFault.SLOW):
            self.hits += 1
            return Passage.LATER
        if is_first and self.strikes(dependency, DependencyFault.LOST_ANSWER) and self._is_next():
            return Passage.CUT
        if is_first and self.strikes(dependency, DependencyFault.HELD_ANSWER) and self._is_next():
            return Passage.HOLD
        return self._on_commit(dependency) if is_commit else Passage.ON

    def _on_commit(self, dependency: str) -> Passage:
        if self.strikes(dependency, DependencyFault.LOST_COMMIT) and self._is_next():
            return Passage.CUT
        if self.strikes(dependency, DependencyFault.HELD_COMMIT) and self._is_next():
            return Passage.HOLD
        return Passage.ON

    def _is_next(self) -> bool:
        """Count one more that the fault may hit; gives whether it does."""
        assert self.breakage is not None
        self._seen += 1
        place = self._seen - self.breakage.after
        is_struck = place > 0 and (not self.breakage.times or place <= self.breakage.times)
        self.hits += is_struck
        return is_struck


_FORM = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)=(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:@/\s\[\]]+)):(?P<port>\d+)(?:@(?P<own>\d+))?"
)
_EXPECTED = "expected NAME=HOST:PORT, such as db=127.0.0.1:5432 or db=[::1]:5432"
LOOPBACK = "127.0.0.1"
"""The address that proxies listen on."""


@dataclass(frozen=True, slots=True)
class DependencyAddress:
    """Where a dependency is. `own_port` is the port that frontsim listens on for it; 0 picks a free one."""

    name: str
    host: str
    port: int
    own_port: int = 0

    @property
    def shown(self) -> str:
        """`HOST:PORT`, as a user writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def placeholder(self) -> str:
        """The placeholder for the port in `--receiver-cmd`."""
        return f"{{{self.name}_port}}"

    @property
    def variable(self) -> str:
        """The environment variable that tells a receiver where to connect."""
        return f"FRONTSIM_DEPENDENCY_{self.name.upper().replace('-', '_')}"


def read_address(text: str) -> DependencyAddress:
    """One dependency from its option. Raises BadInput."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"--dependency: {_EXPECTED}, got {text[:100]!r}")
    address = DependencyAddress(
        found["name"], found["ipv6"] or found["host"], int(found["port"]), int(found["own"] or 0)
    )
    for port in (address.port, address.own_port):
        if port > 65_535 or address.port == 0:
            raise BadInput(f"--dependency: expected a port from 1 to 65535, got {port} in {text[:100]!r}")
    return address


def read_addresses(texts: Sequence[str]) -> list[DependencyAddress]:
    """All dependencies of a run. Raises BadInput, also when two have one name."""
    addresses = [read_address(text) for text in texts]
    variables: dict[str, str] = {}
    for each in addresses:
        if each.variable in variables:
            raise BadInput(
                f"--dependency: expected names that differ, got {variables[each.variable]!r} and {each.name!r}, "
                f"which share the variable {each.variable}"
            )
        variables[each.variable] = each.name
    return addresses


PLACEHOLDER = "{base_url}"
_PIECE = 64 * 1024


class WayBack:
    """Where the receiver calls. `calls` counts its connections.

    Args:
        base_url: of the one simulator of the run; "" makes an address that `lead_to` leads to one after another.
    """

    def __init__(self, base_url: str = "") -> None:
        self.calls = 0
        self._target: tuple[str, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_fixed = bool(base_url)
        if base_url:
            self.base_url = base_url
            return
        listener = listen(LOOPBACK, 0)
        self.base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/restapi/V2"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="frontsim-way-back", daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._serve, sock=listener)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that tell a receiver where to call, with keys that are taken."""
        keys = {"FRONTSIM_API_KEY": Settings.api_key, "FRONTSIM_SUBSCRIPTION_KEY": Settings.subscription_key}
        return {"FRONTSIM_BASE_URL": self.base_url, **keys}

    def lead_to(self, base_url: str) -> None:
        """Lead to this simulator from now on."""
        parts = urlsplit(base_url)
        if parts.hostname and parts.port:
            self._target = parts.hostname, parts.port

    def close(self) -> None:
        """Stop listening, and end every connection."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self) -> None:
        """A receiver may hold connections open: each ends before the loop does."""
        self._server.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with suppress(OSError, asyncio.CancelledError):
            if self._target is not None:
                there_reader, there_writer = await asyncio.open_connection(*self._target)
                try:
                    await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))
                finally:
                    there_writer.transport.abort()
        writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass what comes, and its end; a reset ends both ways."""
    while data := await reader.read(_PIECE):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


@contextmanager
def open_way_back(base_url: str = "") -> Iterator[WayBack]:
    """An address for the receiver's calls, closed at the end."""
    way = WayBack(base_url)
    try:
        yield way
    finally:
        way.close()
