"""How a request is sent, byte by byte, and with whom it waits at a barrier.

send 1  ... all but the last byte ─┐
send 2  ... all but the last byte ─┼─ all wait or have left ──▶ the last bytes leave in one turn of the event loop
send 3  failed, left ──────────────┘

head ──(head_rate)──▶ body, or a part of it ──(body_rate)──▶ [barrier] last byte ──▶ ending

`WHOLE` sends everything at once; every other plan is a fault. A plan is data; `paced_sender` carries it out.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto


class Barrier:
    """Opens once, when each of its parties either waits at it or has left.

    A party that fails, or is never sent, must leave, so that it does not hold up the others.

    Args:
        parties: how many sends share it.

    Raises:
        ValueError: fewer than one party.
    """

    def __init__(self, parties: int) -> None:
        if parties < 1:
            raise ValueError(f"parties: expected 1 or more, got {parties}")
        self._missing = parties
        self._waiting: dict[Hashable, Callable[[], object]] = {}

    def wait(self, party: Hashable, release: Callable[[], object]) -> None:
        """Call `release` in the event loop's next turn after the barrier has opened."""
        if self._missing <= 0:
            asyncio.get_running_loop().call_soon(release)
            return
        self._waiting[party] = release
        self._one_less()

    def leave(self, party: Hashable) -> None:
        """Take a party out: it failed, or it will not be sent."""
        if self._waiting.pop(party, None) is None:
            self._one_less()

    def _one_less(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            waiting, self._waiting = self._waiting, {}
            loop = asyncio.get_running_loop()
            for release in waiting.values():
                loop.call_soon(release)


class Ending(Enum):
    """An ending follows the last byte that is sent."""

    ANSWER = auto()
    """The answer is awaited, and it counts."""
    CLOSE = auto()
    """We close (TCP FIN). No answer counts: *unknown*, `Connection closed`."""
    RESET = auto()
    """A TCP RST, once the receiver's kernel has acknowledged every byte. No answer counts: *unknown*, `Connection
    reset`."""
    LOSE = auto()
    """The whole answer is read, then given out as *unknown*, `Timeout`."""
    GIVE_UP = auto()
    """`after_s` seconds later the delivery ends as *unknown*, `Timeout`, whatever answer has come by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPlan:
    """How one request is sent.

    Args:
        body_bytes: at most this many bytes of the body are sent, and never its last one; Content-Length still
            counts all of them.
        body_share: as `body_bytes`, as a share of the body from 0 to 1, rounded down.
        head_rate: bytes of the head (request line and headers) per second; None is at once.
        body_rate: bytes of the body per second.
        barrier: the last byte waits here until those of all parties may leave together.
        ending: what follows the last byte.
        after_s: seconds, for `Ending.GIVE_UP`.

    Raises:
        ValueError: a number is out of its range, or both limits of the body are given.
    """

    body_bytes: int | None = None
    body_share: float | None = None
    head_rate: float | None = None
    body_rate: float | None = None
    barrier: Barrier | None = None
    ending: Ending = Ending.ANSWER
    after_s: float = 0.0

    def __post_init__(self) -> None:
        if self.body_bytes is not None and self.body_share is not None:
            raise ValueError("expected body_bytes or body_share, got both")
        if self.body_bytes is not None and self.body_bytes < 0:
            raise ValueError(f"body_bytes: expected 0 or more, got {self.body_bytes}")
        if self.body_share is not None and not 0 <= self.body_share <= 1:
            raise ValueError(f"body_share: expected 0 to 1, got {self.body_share}")
        for name in ("head_rate", "body_rate"):
            rate = getattr(self, name)
            if rate is not None and not rate > 0:
                raise ValueError(f"{name}: expected more than 0 bytes per second, got {rate}")
        if not self.after_s >= 0:
            raise ValueError(f"after_s: expected 0 or more seconds, got {self.after_s}")

    @property
    def cuts_body(self) -> bool:
        """A plan cuts the body if a part of it stays behind."""
        return self.body_bytes is not None or self.body_share is not None

    def part_of(self, body: bytes) -> bytes:
        """The bytes of a body that are sent.

        `partial_body(share=0.5).part_of(b"12345")` is `b"12"`; `partial_body(body_bytes=9)` leaves out
        the `5`, because the body would otherwise be whole.
        """
        if self.body_bytes is not None:
            return body[: min(self.body_bytes, len(body) - 1)] if body else body
        if self.body_share is not None:
            return body[: min(int(self.body_share * len(body)), len(body) - 1)] if body else body
        return body


WHOLE = SendPlan()
"""Everything at once; the answer counts."""
LOST_RESPONSE = SendPlan(ending=Ending.LOSE)
"""The receiver finishes, and its whole answer is read and lost."""
RESET_AFTER_SEND = SendPlan(ending=Ending.RESET)
"""Everything at once, then a TCP RST."""


def partial_body(*, body_bytes: int | None = None, share: float | None = None) -> SendPlan:
    """A full Content-Length and a part of the body, then we close. Half of it by default."""
    if body_bytes is None and share is None:
        share = 0.5
    return SendPlan(body_bytes=body_bytes, body_share=share, ending=Ending.CLOSE)


def slow_headers(*, rate: float) -> SendPlan:
    """The head at `rate` bytes per second, then the body at once."""
    return SendPlan(head_rate=rate)


def slow_body(*, rate: float) -> SendPlan:
    """The head at once, then the body at `rate` bytes per second."""
    return SendPlan(body_rate=rate)


def give_up(*, after_s: float) -> SendPlan:
    """Everything at once, and `after_s` seconds later a timeout, whatever has come."""
    return SendPlan(ending=Ending.GIVE_UP, after_s=after_s)


def held(barrier: Barrier) -> SendPlan:
    """All but the last byte at once; the last one together with those of the barrier's other parties."""
    return SendPlan(barrier=barrier)
