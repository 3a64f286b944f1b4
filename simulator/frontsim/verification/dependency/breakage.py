"""A dependency's address, what is broken on the way to it, and what that means for bytes.

receiver -> request  -> dependency
    receiver <- answer   <- dependency      the first bytes after a request are its answer

An answer that does not come back leaves the receiver in doubt whether the request was done. A right receiver copes.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from frontsim.errors import BadInput


class DependencyFault(StrEnum):
    """How a dependency is broken."""

    DOWN = "down"
    """Connections are cut, and new ones are reset."""
    STALL = "stall"
    """Connections stay open, and no byte passes until the fault ends."""
    SLOW = "slow"
    """Every answer takes longer."""
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

    def send(self, dependency: str, *, is_commit: bool = False) -> Passage:
        """Bytes come from the receiver; `is_commit`: they are a commit that will have no answer."""
        if self.strikes(dependency, DependencyFault.STALL):
            self.hits += 1
            return Passage.HOLD
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
