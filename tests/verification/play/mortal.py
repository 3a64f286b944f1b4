"""A receiver that is killed, by a clock of its own: time passes only where it works, and where frontsim waits."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.client.control import LeasedDelivery
from frontsim.domain.model import Outcome
from frontsim.verification.effects.history import Effect
from frontsim.verification.play import kills
from frontsim.verification.play.kills import SendResult
from frontsim.verification.play.scenario_state import ScenarioState


class MortalReceiver:
    """Answers an event `answers_s` after it has it whole, in turn; the last time holds for all others.

    It books an event `books_after_s` after it has it. `killed_after_s`: for each kill, how long before that the last
    event was sent.
    """

    def __init__(self) -> None:
        self.now_s, self.answers_s, self.status_code = 0.0, [0.2], 200
        self.books_after_s = 0.1
        self.sent_at_s: dict[str, float] = {}
        self.ages_s: list[list[float]] = []
        self.effects: list[Effect] = []
        self.is_alive = True

    @property
    def killed_after_s(self) -> list[float]:
        return [round(ages[-1], 3) for ages in self.ages_s]

    def kill(self) -> None:
        self.ages_s.append([self.now_s - at_s for at_s in self.sent_at_s.values()])
        self._books()
        self.is_alive = False

    def start(self) -> None:
        self.is_alive = True

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def send(self, delivery: LeasedDelivery, *, crash: Callable[[], None], **__: Any) -> SendResult:
        self.sent_at_s[delivery.webhook_event_id] = self.now_s
        crash()
        if not self.is_alive:
            return SendResult(Outcome.UNKNOWN)
        self.now_s += self.answers_s.pop(0) if len(self.answers_s) > 1 else self.answers_s[0]
        self._books()
        return SendResult(Outcome.ANSWERED, self.status_code)

    def send_and_leave(self, delivery: LeasedDelivery, **_: Any) -> SendResult:
        """As one of a volley, whose answers no one waits for."""
        self.sent_at_s[delivery.webhook_event_id] = self.now_s
        return SendResult(Outcome.UNKNOWN)

    def _books(self) -> None:
        booked = [each for each, at_s in self.sent_at_s.items() if self.now_s - at_s >= self.books_after_s]
        self.effects += map(Effect, booked)
        self.sent_at_s.clear()


def is_killed_in(state: ScenarioState, monkeypatch: pytest.MonkeyPatch) -> MortalReceiver:
    """The receiver that the steps of that scenario kill."""
    made = MortalReceiver()
    monkeypatch.setattr(kills, "send", made.send)
    for module in (kills, kills, kills):
        monkeypatch.setattr(module, "stopwatch", lambda: made.now_s)

    def lease_event(event: str, **_: Any) -> Iterator[LeasedDelivery]:
        id_ = f"e{len(state.tracked)}"
        yield LeasedDelivery(id_, "w", id_, event, 1, False, "http://127.0.0.1:1/hook", {}, b"{}", 0.0)

    def submit(work: Callable[..., Any], *given: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        with monkeypatch.context() as in_volley:
            in_volley.setattr(kills, "send", lambda *given, **named: made.send_and_leave(*given, **named))
            done.set_result(work(*given))
        return done

    harness: Any = state.harness
    harness.given.process, harness.pause = made, made.pause
    harness.pool = SimpleNamespace(submit=submit)
    harness.sim.lease_event, harness.sim.report_lease = lease_event, lambda *_: None
    harness.given.selection.past = lambda _: None
    return made
