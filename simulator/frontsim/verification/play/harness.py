"""Holds what a scenario works with: a simulator, the receiver, the observer, and the rest of the run.

The vendor's API may fail, also because a scenario breaks it. The harness then repeats the call, as any integrator must,
for as long as it waits for missing effects. A scenario whose calls still fail then has no verdict on the receiver.
"""

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Event
from typing import Any, TypeVar, Unpack

from frontsim.client.control import Simulator
from frontsim.client.errors import Ambiguous, ApiError, CallError, RetryPolicy, UnexpectedAnswer, Unreachable, backoff_s
from frontsim.client.http import FrontSystems, LogFilter, read_log
from frontsim.client.models import EventEntry
from frontsim.clock import Ids, stopwatch
from frontsim.domain.delivery_request import DeliveryShape
from frontsim.hosting.user_program import ReceiverProcess
from frontsim.verification import patience
from frontsim.verification.compare.contents import ColumnMap, EarlierEffects
from frontsim.verification.compare.state_events import ITEMS, MOVEMENT
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.dependency.breakage import WayBack
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.effects.history import EventFact, History
from frontsim.verification.effects.observers import SharedObserver
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.patience import LOOK_S, Patience, ReceiverLatency, TimeLimits
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import EVENTFUL


def _over() -> Event:
    over = Event()
    over.set()
    return over


@dataclass(frozen=True, slots=True)
class RestOfRun:
    """Signals between a scenario that waits and the threads that play the others; by default there are no others.

    Attributes:
        is_awaited: the scenario has begun to wait, and sends nothing more until the end.
        is_over: all others are played.
    """

    is_awaited: Event = field(default_factory=Event)
    is_over: Event = field(default_factory=_over)

    def wait(self, pause: Callable[[float], None], *, least_s: float) -> float:
        """Wait until the rest is over, and at least for `least_s`; gives the seconds that it took."""
        began_s = stopwatch()
        self.is_awaited.set()
        while not self.is_over.is_set() or stopwatch() - began_s < least_s:
            pause(LOOK_S)
        return stopwatch() - began_s


logger = logging.getLogger(__name__)

TOGETHER = 8
"""Resends in flight at once."""
_TRIES_IF_LOST = 2
_FLOOD, _FEW = 20, 20
"""A receiver that answers its own echoes raises more events than so many times those of the scenario, and a few."""

T = TypeVar("T")


def _gtin(number: int) -> str:
    """A GTIN with these digits, of at most ten, and its check digit."""
    digits = f"70{number:010}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _first_identity() -> int:
    """A number in the upper half of 31 bits, far from the ids that a simulator makes up."""
    return (1 << 30) + Ids().webhook_id().int % (1 << 29)


@dataclass(frozen=True, slots=True)
class Given:
    """Holds what a run was given to work with, and what it has seen so far; all its scenarios share it.

    Attributes:
        selection: the event types of the run.
        observer: reads the effects; None when the user gave no way.
        process: runs the receiver; None without a command.
        dependencies: of the receiver; None when the user named none.
        latency: how slow the receiver was so far.
        column_map: which columns of effects hold which fields, as the user says.
        earlier: a few effects of the scenarios that were played.
        state: the receiver's derived state; None when the user gave no way to read it.
        way_back: where the receiver calls the API; None where nobody told it.
        tls: of deliveries that are sent by hand; None for the system's authorities.
        began_s: when the run began, by the stopwatch: with the probes that come before the first scenario.
        stop: why no scenario is played, "" if they are.
    """

    request: Request
    selection: Selection
    observer: SharedObserver | None = None
    process: ReceiverProcess | None = None
    dependencies: Dependencies | None = None
    latency: ReceiverLatency = field(default_factory=ReceiverLatency)
    shape: DeliveryShape = field(default_factory=DeliveryShape)
    column_map: ColumnMap = field(default_factory=dict)
    earlier: EarlierEffects = field(default_factory=EarlierEffects)
    state: RunState | None = None
    way_back: WayBack | None = None
    tls: ssl.SSLContext | None = None
    began_s: float = field(default_factory=stopwatch)
    stop: str = ""

    def effect_reader(self, pause: Callable[[float], None]) -> EffectReader | None:
        """Reads the effects; None when the user gave no way."""
        return EffectReader(self.observer, self.request.observe_key, pause=pause) if self.observer else None

    def skip_reason(self, scenario: Scenario) -> str:
        """Why this does not suffice for a scenario; "" if it does."""
        if scenario.needs_process_control and self.process is None:
            return "it kills and restarts the receiver, which needs --receiver-cmd"
        if scenario.needs_dependency and (reason := self._unnamed_dependency(scenario)):
            return reason
        if scenario.needs_sink and not self.request.observe_sink:
            return "it breaks the sink in place of the receiver's shop or ERP, which needs --observe-sink"
        if scenario.needs_state and self.state is None:
            return "it checks the stock levels that the receiver keeps, which needs --observe-state"
        if scenario.needs_state and self.state and self.state.shape is None and self.state.customers:
            return "it checks the stock levels that the receiver keeps, and --observe-state shows only customers"
        raising = [step.events for step in scenario.steps if isinstance(step, EVENTFUL)]
        if not raising or any(self.selection.types(events) for events in raising):
            return ""
        missing = [name for events in raising for name in self.selection.missing(events)]
        return f"it needs {' or '.join(dict.fromkeys(missing))}, which --events leaves out"

    def _unnamed_dependency(self, scenario: Scenario) -> str:
        known = self.dependencies.names if self.dependencies else ()
        if not known:
            return "it breaks the receiver's database, broker or API, which needs --dependency NAME=HOST:PORT"
        missing = sorted(scenario.named_dependencies - set(known))
        return f"it needs --dependency {missing[0]}=HOST:PORT" if missing else ""


@dataclass(slots=True, eq=False)
class Harness:
    """Everything that a scenario is played with.

    Attributes:
        given: what all scenarios of the run share.
        base_url: of the simulator's API.
        limits: how long things may take, within the run's budget.
        is_alone: no other scenario is played beside this one, so all new effects should be its own.
        owns_simulator: the simulator serves this scenario alone, so that all that it counts is ours.
        cleans_up: webhooks and faults are removed after the scenario, because its simulator goes on.
        rest_of_run: the other scenarios, for one that waits for their end.
        identities: numbers for sales, customers and the rest that no other run has used. They do not follow from the
            seed, on purpose: a receiver that knows events by what they are about remembers earlier runs, and would
            rightly take ours for repeats.
    """

    api: FrontSystems
    sim: Simulator
    given: Given
    pause: Callable[[float], None]
    base_url: str = ""
    limits: TimeLimits = field(default_factory=TimeLimits)
    is_alone: bool = True
    owns_simulator: bool = False
    cleans_up: bool = True
    rest_of_run: RestOfRun = field(default_factory=RestOfRun)
    closed: Event = field(default_factory=Event)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(TOGETHER))
    identities: Iterator[int] = field(default_factory=lambda: count(_first_identity()))

    @property
    def patience(self) -> Patience:
        """Decides how long to wait, by what all scenarios of the run have shown of the receiver so far."""
        return Patience(self.limits, self.given.latency)

    def know(self, history: History, *, shows_singles: bool = True) -> None:
        """Take the events of a history into the account of the run, if effects are read."""
        if self.given.observer:
            self.given.observer.account.know(history, shows_singles=shows_singles)

    def know_probed(self, probe: str, events: Iterable[EventFact]) -> None:
        """Take the events of a probe into the account, so that their effects are no stranger's."""
        history = History(probe, tuple(events), observer_key=self.given.request.observe_key)
        self.know(history, shows_singles=False)

    def now(self) -> datetime:
        """The simulator's time, in the zone of the log's moments. Raises CallError."""
        return self.sim.instant()

    def fresh(self, event: str) -> Mapping[str, Any]:
        """The values that make an event of a type be about a new entity, which no other event is about.

        A movement has its own article. Of an article of an earlier run, a right receiver may hold a newer state than a
        scenario's, and another event of the run would explain the article's level.
        """
        number = next(self.identities)
        state = self.given.state
        shape = state.shape if state and event == MOVEMENT else None
        article = {shape.item_path: _gtin(number)} if shape else self.own_article(event)
        return {**self.given.selection.fresh(event, number), **article}

    def own_article(self, event: str) -> Mapping[str, Any]:
        """The values that give a movement an article of its own, unless the user names the article.

        Its GTIN and SKU differ, so that a receiver's state shows which of the two it keeps.
        """
        named = self.given.selection.fitting(event, {})
        if event != MOVEMENT or any(path in named for path in ITEMS):
            return {}
        return {path: _gtin(next(self.identities)) for path in ITEMS}

    def resend(
        self, entries: Sequence[tuple[str, str]], *, ends_at: Callable[[EventEntry], bool] = lambda _: False
    ) -> Sequence[EventEntry]:
        """Resend each (webhook id, event id), several at once; returns the events as they are then, if known.

        A resend that the API refuses is repeated. A resend whose answer was lost is repeated once: the first may have
        been made, and a right receiver must cope with both. If the second answer is lost too, the log says what became
        of it. After an event that `ends_at` is true of, no further resend begins.

        Raises:
            ApiError: the API refused one for as long as the harness waits. None is in flight any more.
        """
        is_over = Event()

        def deliver(entry: tuple[str, str]) -> EventEntry | None:
            found = None if is_over.is_set() else self._deliver(entry)
            if found is not None and ends_at(found):
                is_over.set()
            return found

        making = [self.pool.submit(deliver, entry) for entry in entries]
        _, left = wait(making, return_when=FIRST_EXCEPTION)
        begun = [each for each in left if not each.cancel()]
        wait(begun)
        results = [each.result() for each in making if not each.cancelled()]
        return [each for each in results if each is not None]

    def failed(self, webhook_ids: Sequence[str]) -> list[EventEntry]:
        """The events that the log lists as not received. Raises CallError.

        That there is none is one call to a simulator of our own, however many webhooks have events.
        """
        if self.owns_simulator and len(webhook_ids) > 1 and self.sim.stats().get("failed") == 0:
            return []
        return self._read(webhook_ids, success=False)

    def log(self, webhook_ids: Sequence[str]) -> list[EventEntry]:
        """All events in the log, with payloads and runs. Raises CallError."""
        return self._read(webhook_ids, with_payloads=True, with_runs=True)

    def entry(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """One event as the log has it now. Raises CallError."""
        return self._call(lambda: self.api.get_event(webhook_id, webhook_event_id), retried=(Ambiguous, ApiError))

    def lead_back(self) -> None:
        """The receiver's calls of the API come to this scenario's simulator from now on."""
        if self.given.way_back is not None:
            self.given.way_back.lead_to(self.base_url)

    def is_called(self) -> bool:
        """The receiver has called the API, in this scenario or before. Raises CallError."""
        way_back = self.given.way_back
        if way_back is None:
            return False
        return bool(self.sim.shop_calls()) if way_back.is_fixed else way_back.calls > 0

    def keyless_callers(self) -> tuple[str, ...]:
        """Who called the API without a subscription key so far, at an address that the receiver may know."""
        with suppress(CallError):  # a note is no reason to judge nothing
            return tuple(self.sim.keyless_callers() if self.is_called() else ())
        return ()

    def drain(self, longest_s: float, *, raised: int) -> bool:
        """Wait until no delivery is due or in flight; False once the receiver's writes raise events without end.

        Raises CallError.
        """
        began_s = stopwatch()
        while (left_s := longest_s - (stopwatch() - began_s)) > 0 and not self.sim.drain(min(left_s, patience.FLOOD_S)):
            if (
                self.owns_simulator
                and self.is_called()
                and self.sim.stats().get("events", 0) > _FLOOD * (raised + _FEW)
            ):
                return False
        return True

    def close(self) -> None:
        """Close the connections to the simulator."""
        self.closed.set()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.api.close()
        self.sim.close()

    def _read(self, webhook_ids: Sequence[str], **which: Unpack[LogFilter]) -> list[EventEntry]:
        """The log of several webhooks, read at once, because each read waits for the simulator."""

        def of(webhook_id: str) -> list[EventEntry]:
            return self._call(lambda: list(read_log(self.api, [webhook_id], **which)), retried=(Ambiguous, ApiError))

        return [entry for entries in self.pool.map(of, webhook_ids) for entry in entries]

    def _deliver(self, entry: tuple[str, str]) -> EventEntry | None:
        for _ in range(_TRIES_IF_LOST):
            try:
                return self._call(lambda: self.api.deliver(*entry), retried=(ApiError,))
            except Ambiguous as error:
                logger.info("the answer to the resend of %s is lost, so it may have been made: %s", entry[1], error)
            except (UnexpectedAnswer, Unreachable) as error:
                logger.info("no answer to the resend of %s; the log says what became of it: %s", entry[1], error)
                break
        return None

    def _call(self, call: Callable[[], T], *, retried: tuple[type[CallError], ...]) -> T:
        """The answer to a call of the vendor's API, which is repeated when it ends with one of `retried`.

        Raises:
            CallError: another error; or one of these, when the call has failed for `last_s`, or the API asks for a
                longer wait than a scenario may take.
        """
        policy = RetryPolicy(sleep=self.pause_long, longest_wait_s=self.limits.timeout_s)
        return policy.repeat(call, when=lambda error: isinstance(error, retried), delays_s=self._delays_s())

    def _delays_s(self) -> Iterator[float]:
        """The waits before each further try, for `last_s` from the first failure on."""
        since_s = stopwatch()
        for delay_s in backoff_s(patience.AGAIN_S, patience.LONGEST_RETRY_S):
            if self.closed.is_set() or stopwatch() - since_s >= self.limits.last_s:
                return
            yield delay_s

    def pause_long(self, seconds: float) -> None:
        """Wait a little at a time: a run that is interrupted ends when its threads do."""
        while seconds > 0 and not self.closed.is_set():
            self.pause(min(seconds, patience.LONGEST_RETRY_S))
            seconds -= patience.LONGEST_RETRY_S
