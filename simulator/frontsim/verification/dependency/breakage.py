"""What is broken between a receiver and its dependencies, and what that means for the bytes on their way: pure.

    receiver -> request  -> dependency
    receiver <- answer   <- dependency      the first bytes after a request are its answer

An answer that does not come back leaves the receiver in doubt whether the request was done. A right receiver copes.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


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
    """What becomes of bytes on their way."""

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
    """What passed between the receiver and its dependencies, and what is broken now.

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
        """Whether one of these faults is on for that dependency."""
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
