"""Replays a record through a simulator: at the pace of that day or faster, in its order, with fresh identities.

    line ──▶ its moment has come? ──▶ fresh ids ──▶ POST /_sim/replay ──▶ the simulator delivers it, with its faults
                                                                     └──▶ after each batch: what became of it

Events are given to the simulator as their moments come; it keeps the order, and whatever it does is in its log. After
each batch the replay waits for the outcomes, so an interrupted one knows the line to go on from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from frontsim.catalog import Catalog
from frontsim.client.control import Simulator
from frontsim.client.errors import Say, Sleep
from frontsim.client.http import EVER, FrontSystems
from frontsim.errors import BadInput, UnknownEventType
from frontsim.records.identities import Renewal
from frontsim.records.record import Instants, RecordedEvent, RecordReader

BATCH = 500
"""Events under way at the same time."""
_DRAIN_S = 30.0
_LAST_DRAIN_S = 2.0


@dataclass(slots=True)
class ReplayPace:
    """Waits until an event's moment has come; the first one is sent at once."""

    speed: float
    zone: ZoneInfo
    sleep: Sleep
    seconds: Callable[[], float]
    _instants: Instants = field(init=False)
    _began: tuple[datetime, float] | None = None

    def __post_init__(self) -> None:
        self._instants = Instants(self.zone)

    def wait_for(self, time: str) -> None:
        instant = self._instants.of(time)
        if self._began is None:
            self._began = instant, self.seconds()
        first, began_s = self._began
        wait_s = began_s + (instant - first).total_seconds() / self.speed - self.seconds()
        if wait_s > 0:
            self.sleep(wait_s)


@dataclass(slots=True)
class ReplayResult:
    """Counts of events, and the line from which a replay that ended early goes on."""

    replayed: int = 0
    acknowledged: int = 0
    failed: int = 0
    left_out: int = 0
    next_line: int = 1
    is_complete: bool = False


class Replay:
    """One replay of a record.

    Args:
        simulator: delivers the events.
        api: the same simulator's API, for the outcomes.
        to: the receiver's URL; `{event}` in it is filled in.
        catalog: the types that are replayed.
        renewal: gives fresh ids; None keeps the recorded ones, the ids of webhooks and events among them.
        say: is told of each line that is left out.
    """

    def __init__(
        self, simulator: Simulator, api: FrontSystems, *, to: str, catalog: Catalog, renewal: Renewal | None, say: Say
    ) -> None:
        self._simulator = simulator
        self._api = api
        self._to = to
        self._catalog = catalog
        self._renewal = renewal
        self._say = say
        self._batch: dict[str, int] = {}
        self._webhooks: set[str] = set()
        self._seen: set[str] = set()
        self._since: str = EVER[0]
        self.result = ReplayResult()

    def run(self, reader: RecordReader, pace: ReplayPace, *, from_line: int = 1) -> ReplayResult:
        """Replay every event from a line on. However it ends, `result` says how far it got.

        Raises:
            BadInput: a line cannot be read, or has no type that is known.
            CallError: the simulator cannot be reached.
        """
        self.result.next_line = max(from_line, 2)
        try:
            for event in reader.events(from_line=from_line):
                pace.wait_for(event.time)
                self._replay(event, reader)
                if len(self._batch) >= BATCH:
                    self._settle(_DRAIN_S)
        except BaseException:
            self._settle(_LAST_DRAIN_S, repeat=False)
            raise
        self._settle(_DRAIN_S)
        self.result.is_complete = True
        return self.result

    def _replay(self, event: RecordedEvent, reader: RecordReader) -> None:
        where = f"{reader.file}: line {event.line}"
        if event.text is not None:
            self._say(f"left out: {where}: its body is no JSON, so no vendor's API would list it")
            self.result.left_out += 1
            return
        if event.webhook_event_id in self._seen:
            self._say(f"left out: {where}: a further delivery of event {event.webhook_event_id}")
            self.result.left_out += 1
            return
        name = event.event or ""
        try:
            name = self._catalog.find(name).name
        except UnknownEventType as error:
            raise BadInput(f"{where}: event: {error} (--contracts DIR adds your own types)") from None
        self._seen |= {event.webhook_event_id} - {""}
        if not self._batch:
            self._since = self._simulator.now().isoformat()
        raised, is_new = self._simulator.replay(
            name,
            event.body if self._renewal is None else self._renewal.body(event.body),
            url=self._to,
            webhook_id=event.webhook_id if self._renewal is None else None,
            webhook_event_id=event.webhook_event_id if self._renewal is None else None,
        )
        if not is_new:
            self._say(f"left out: {where}: the simulator's log has event {raised.webhook_event_id} already")
            self.result.left_out += 1
            return
        self._batch[raised.webhook_event_id] = event.line
        self._webhooks.add(raised.webhook_id)
        self.result.replayed += 1

    def _settle(self, drain_s: float, *, repeat: bool = True) -> None:
        """Wait for the outcomes of a batch, and count them."""
        while not self._simulator.drain(drain_s) and repeat:
            pass
        waiting = dict(self._batch)
        for webhook_id in self._webhooks:
            for entry in self._api.list_events(webhook_id, from_=self._since, to=EVER[1]):
                if entry.runs_counter and waiting.pop(entry.webhook_event_id, None) is not None:
                    self.result.acknowledged += entry.success is True
                    self.result.failed += entry.success is not True
        lines = self._batch.values()
        self.result.next_line = min(waiting.values(), default=max(lines, default=self.result.next_line - 1) + 1)
        self._batch.clear()
