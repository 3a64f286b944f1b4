"""Deliveries sent by hand over a socket, and kills at an exact point of them.

The bytes are the lease's. The result says what is certain: not sent, unknown, or answered with a status.

Where the gap between two commits lies depends on how fast receiver and machine are. So kills are timed by what the
receiver itself takes for such an event:

    started -> clean events, timed: 40 ms -> killed 20 ms after the next one -> started -> a clean one -> killed ...

A clean event comes before each such kill because the first event after a start takes longer than the others: modules
are imported, connections opened.

killed 9 ms after the event    no effect      -> later
    killed 14 ms after             an effect      -> earlier, half as far
    killed 11 ms after             an effect      -> earlier
    killed 9 ms after              no effect      -> later, half as far ...

A receiver that commits key and effect one after the other is wrong for a millisecond in twenty, which kills at given
moments rarely hit. The effect shows on which side of the gap a kill fell. The moment varies with the machine's load, so
no answer is final, as it would be in a bisection, and each kill meets a volley of events, sent a little apart.

A receiver that takes events one after another, or whose threads share a core, answers a volley later than one event. So
the first aim is by the time in which it answers a volley.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException, HTTPResponse
from statistics import median

from frontsim.client.control import DeliveryReport, LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Outcome
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import FaultFact, History, Observation
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.patience import APART_S, BY_HAND_S, TIMED_S
from frontsim.verification.play.harness import TOGETHER
from frontsim.verification.play.log import read_facts
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import Crash, CrashPoint


@dataclass(frozen=True, slots=True)
class SendResult:
    """How a delivery ended."""

    outcome: Outcome
    status_code: int | None = None


def send(
    delivery: LeasedDelivery, *, crash_at: CrashPoint, crash: Callable[[], None], tls: ssl.SSLContext | None = None
) -> SendResult:
    """Send a delivery, and call `crash` once, at the crash point.

    Args:
        delivery: what to send, and where.
        crash_at: the crash point. Any point that the delivery does not reach crashes when the answer was read, or when
            none came.
        tls: the TLS settings; None for the system's authorities.
        crash: kills the receiver; for a crash some time after the answer, it pauses first.
    """
    try:
        connection = _connect(delivery.url, tls)
    except OSError:
        return SendResult(Outcome.NOT_SENT)
    with closing(connection):
        return _exchange(connection, delivery, crash_at, crash)


def _exchange(
    connection: socket.socket, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SendResult:
    half = len(delivery.body) // 2
    pieces = {
        CrashPoint.ACCEPTED: b"",
        CrashPoint.HEADERS_SENT: _head(delivery),
        CrashPoint.HALF_THE_BODY: delivery.body[:half],
        CrashPoint.WHOLE_BODY: delivery.body[half:],
    }
    crashed = False
    for point, piece in pieces.items():
        try:
            connection.sendall(piece)
        except OSError:
            break
        if point is crash_at:
            crash()
            crashed = True
            if point is CrashPoint.ACCEPTED:
                return SendResult(Outcome.NOT_SENT)
    answer = _read_answer(connection)
    if not crashed:
        crash()
    return answer


def _connect(url: str, tls: ssl.SSLContext | None) -> socket.socket:
    target = parse_target(url)
    connection = socket.create_connection((target.host, target.port), timeout=BY_HAND_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not target.tls:
        return connection
    context = tls or ssl.create_default_context()
    return context.wrap_socket(connection, server_hostname=target.server_name)


def _head(delivery: LeasedDelivery) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in delivery.headers.items())
    ending = f"{lines}Content-Length: {len(delivery.body)}\r\nConnection: close\r\n\r\n"
    return parse_target(delivery.url).head_start + ending.encode()


def _read_answer(connection: socket.socket) -> SendResult:
    with closing(HTTPResponse(connection, method="POST")) as answer:
        try:
            answer.begin()
            answer.read()
        except (OSError, HTTPException):
            return SendResult(Outcome.UNKNOWN)
        return SendResult(Outcome.ANSWERED, answer.status)


_TIMED = 3
"""Clean events that are timed."""


@dataclass(frozen=True, slots=True)
class SentByHand:
    """A delivery that was sent: how it ended, and when it began and ended by the stopwatch."""

    report: DeliveryReport
    began_s: float
    ended_s: float


def answer_time_s(state: ScenarioState, event: str) -> float | None:
    """Seconds in which the receiver usually answers such an event; None where it acknowledges none.

    It delivers a clean event at least, so that the next is not the first after a start.
    """
    _clean_times(state, event)
    if event not in state.answer_times_s:
        times: list[float] = []
        for _ in range(_TIMED):
            if sum(times) < TIMED_S:
                times += _clean_times(state, event)
        state.answer_times_s[event] = times
    state.harness.pause(APART_S)
    times = state.answer_times_s[event]
    return median(times) if times else None


def _clean_times(state: ScenarioState, event: str) -> list[float]:
    """Deliver a clean event: for each delivery that is acknowledged, the seconds from its last byte to the answer."""
    times = []
    for delivery in leased(state, event):
        moments: list[float] = []
        note = partial(_note_moment, moments)
        sent = sent_by_hand(state, delivery, CrashPoint.WHOLE_BODY, note)
        if moments and sent.report.acknowledged:
            times.append(sent.ended_s - moments[0])
    return times


def _note_moment(moments: list[float]) -> None:
    moments.append(stopwatch())


def leased(state: ScenarioState, event: str) -> Iterator[LeasedDelivery]:
    """The deliveries of a new event, which are ours to send."""
    harness = state.harness
    state.subscribe(event)
    set_ = harness.given.selection.fitting(event, harness.fresh(event))
    for delivery in harness.sim.lease_event(event, set_=set_, payloads=harness.given.request.payloads):
        state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
        yield delivery


def sent_by_hand(
    state: ScenarioState, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SentByHand:
    """Send a delivery and report to the log how it ended."""
    sent = timed(state, delivery, crash_at, crash)
    state.harness.sim.report_lease(delivery.lease_id, [sent.report])
    return sent


def timed(
    state: ScenarioState, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SentByHand:
    """Send a delivery that is reported to the log later."""
    began_s = stopwatch()
    sent = send(delivery, crash_at=crash_at, crash=crash, tls=state.harness.given.tls)
    ended_s = stopwatch()
    report = DeliveryReport(delivery, sent.outcome, sent.status_code, round((ended_s - began_s) * 1000))
    return SentByHand(report, began_s, ended_s)


def kill_after(state: ScenarioState, after_s: float) -> None:
    """Kill the receiver after so many seconds."""
    assert state.harness.given.process is not None
    if after_s > 0:
        state.harness.pause(after_s)
    state.harness.given.process.kill()


_FIRST, _FIRST_STEP, _LATEST = 0.5, 0.25, 2.0
"""Parts of the time in which the receiver answers."""
_HALF = 0.5
_LEAST_STEP_S = 0.001
_UNSEEN = 4
"""Kills after which no effect at all was seen: it appears long after the answer, or the observer is late."""
_QUICK_S, _FEW = 0.05, 2
"""A receiver that takes longer to answer gets few events at once: it would not be done with them in time."""
_LEAD_S = 0.005
"""The threads that send are ready by then."""


@dataclass(slots=True)
class Aim:
    """When to kill next.

    Attributes:
        answer_s: how long the receiver takes to answer an event of a volley.
        events: how many events a volley has.
        after_s: kill so many seconds after the event in the middle of the volley.
        step_s: how far the aim moves.
        seen: for each kill, which part of its events had an effect.
    """

    answer_s: float
    events: int = TOGETHER
    after_s: float = 0.0
    step_s: float = 0.0
    seen: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.after_s, self.step_s = _FIRST * self.answer_s, _FIRST_STEP * self.answer_s

    @property
    def apart_s(self) -> float:
        """Seconds between two events of a volley: together they span what the aim moves."""
        return self.step_s / self.events

    @property
    def is_hopeless(self) -> bool:
        return len(self.seen) >= _UNSEEN and not any(self.seen)

    def correct(self, *, share: float) -> None:
        """Aim again: earlier if at least half of the events have effects, later if not."""
        has_effects = share >= _HALF
        if self.seen and (self.seen[-1] >= _HALF) != has_effects:
            self.step_s = max(self.step_s / 2, min(_LEAST_STEP_S, self.step_s))
        self.seen = (*self.seen, share)
        later_s = self.after_s + (-self.step_s if has_effects else self.step_s)
        self.after_s = min(max(later_s, 0.0), _LATEST * self.answer_s)


def kill_near_the_effect(state: ScenarioState, event: str, kills: int) -> None:
    """Kill the receiver so many times, as long as there is time and effects tell where to aim.

    Raises CallError or Unusable.
    """
    aim: Aim | None = None
    for _ in range(kills):
        has_time = state.may_kill_again and state.harness.patience.may_aim(spent_s=state.spent_s)
        if not has_time or (aim and aim.is_hopeless):
            return
        began = stopwatch()
        answer_s = answer_time_s(state, event)
        if answer_s is None:
            return
        if aim is None:
            aim = _first_aim(state, event, answer_s)
            answer_time_s(state, event)
        killed = _kill_in_volley(state, event, aim)
        share = _share_with_effects(state, killed)
        if share is None:
            return
        aim.correct(share=share)
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)


def _first_aim(state: ScenarioState, event: str, answer_s: float) -> Aim:
    """The aim by the time in which the receiver answers a volley; it answers an event alone in `answer_s`."""
    aim = Aim(answer_s, TOGETHER if answer_s < _QUICK_S else _FEW)
    sent = _send_volley(state, event, aim, lambda _: None)
    times = [each.ended_s - each.began_s for each in sent if each.report.acknowledged]
    return Aim(median(times), aim.events) if times else aim


def _kill_in_volley(state: ScenarioState, event: str, aim: Aim) -> Sequence[str]:
    """Deliver a volley, kill the receiver and start it; the webhookEventIds."""
    assert state.harness.given.process is not None
    from_ms = state.now_ms()
    sent = _send_volley(state, event, aim, lambda at_s: kill_after(state, at_s + aim.after_s - stopwatch()))
    moment = f"{CrashPoint.WHOLE_BODY} + {1000 * aim.after_s:.3g} ms, when effects are about to appear"
    state.mark(f"receiver killed: {moment}")
    state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
    state.harness.given.process.start()
    state.mark("receiver started")
    return [each.report.delivery.webhook_event_id for each in sent]


def _send_volley(
    state: ScenarioState, event: str, aim: Aim, meanwhile: Callable[[float], None]
) -> Sequence[SentByHand]:
    """Deliver events a little apart; `meanwhile` gets the moment of the one in the middle."""
    harness = state.harness
    deliveries = [each for _ in range(aim.events) for each in leased(state, event)]
    start_s = stopwatch() + _LEAD_S
    at_s = [start_s + number * aim.apart_s for number in range(len(deliveries))]
    sending = [harness.pool.submit(_send_at, state, *each) for each in zip(at_s, deliveries, strict=True)]
    meanwhile(at_s[len(at_s) // 2])
    sent = [each.result() for each in sending]
    for each in sent:
        harness.sim.report_lease(each.report.delivery.lease_id, [each.report])
    return sent


def _send_at(state: ScenarioState, at_s: float, delivery: LeasedDelivery) -> SentByHand:
    state.harness.pause(max(0.0, at_s - stopwatch()))
    return timed(state, delivery, CrashPoint.WHOLE_BODY, lambda: None)


def _share_with_effects(state: ScenarioState, webhook_event_ids: Sequence[str]) -> float | None:
    """Which part of the events have an effect now; None where that cannot be seen. Raises CallError."""
    if state.effects is None:
        return None
    own = tuple(each for each in read_facts(state) if each.webhook_event_id in webhook_event_ids)
    try:
        effects = state.effects.read_new()
    except ObserverFailed:
        return None
    history = History(state.scenario.name, own, observer_key=state.effects.key)
    shown = [group for group in correlate(history, Observation(0, effects)).groups if group.effects]
    return len(shown) / len(webhook_event_ids)


def crash(state: ScenarioState, step: Crash) -> None:
    """Deliver one event of each type, and kill the receiver in each delivery. Raises CallError or Unusable."""
    selection = state.harness.given.selection
    events = selection.types(step.events)
    for event in [each for each in events if selection.past(each) is None] or events:
        if step.near_the_effect:
            kill_near_the_effect(state, event, step.near_the_effect)
        elif state.may_kill_again:
            began = stopwatch()
            _crash_in(state, step, event)
            state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
        else:
            state.mark(f"receiver not killed: {step.at}: no time for a kill and start of {state.slowest_kill_s:.1f} s")


def _crash_in(state: ScenarioState, step: Crash, event: str) -> None:
    is_late = step.at is CrashPoint.AFTER_THE_ANSWER
    crash_at = CrashPoint.ANSWER_READ if is_late else step.at
    after_s = step.after_ms / 1000
    moment = f"{step.at}{f' + {step.after_ms} ms' if is_late or step.after_ms else ''}"
    if step.of_answer_time:
        answer_s = answer_time_s(state, event)
        if answer_s is None:
            state.mark(f"receiver not killed: {moment}: it acknowledges no clean event whose time could be taken")
            return
        after_s = step.of_answer_time * answer_s
        moment += f" + {1000 * after_s:.3g} ms, {step.of_answer_time:.0%} of its answer time"
    kill_in_delivery(state, event, kill=partial(kill_after, state, after_s), crash_at=crash_at, moment=moment)


def kill_in_delivery(
    state: ScenarioState,
    event: str,
    *,
    kill: Callable[[], None],
    crash_at: CrashPoint,
    moment: str,
    before_start: Callable[[], None] = lambda: None,
) -> None:
    """Deliver one event by hand and kill the receiver meanwhile; start it, and report the delivery to the log.

    Args:
        state: of the scenario.
        event: the type.
        kill: kills the receiver, after any wait that the moment needs.
        crash_at: where in the delivery `kill` is called.
        moment: that moment in words.
        before_start: what must be done before the receiver starts again.
    """
    process = state.harness.given.process
    assert process is not None
    for delivery in leased(state, event):
        from_ms, began = state.now_ms(), stopwatch()
        sent = sent_by_hand(state, delivery, crash_at, kill)
        state.mark(f"receiver killed: {moment}")
        if sent.report.outcome is not Outcome.ANSWERED:  # the kill broke the delivery
            state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
        before_start()
        process.start()
        state.mark("receiver started")
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
