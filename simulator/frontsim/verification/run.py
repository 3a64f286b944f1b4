"""One run of verify, from the request to the report: the command, pytest, `front` and load tests all come here.

    request -> observers, dependencies, receiver -> probes -> a first pass over the scenarios -> last looks -> report

Verify accuses a receiver of a missing effect only after a patient last look, because a slow worker is not a loss. All
scenarios wait for it together: the last look at one is taken once its effects have been missing for long enough. What
is missing then is looked for once more at the end of the run. An interrupted run yields what is left as it was seen.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from itertools import takewhile

from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.http import FrontSystems
from frontsim.clock import RunTime, stopwatch
from frontsim.domain.delivery_request import BARE, SHAPES, read_delivery_shape
from frontsim.hosting.simulator_process import SimulatorProcess, StartSimulator
from frontsim.hosting.user_program import ReceiverProcess
from frontsim.masking import CommandLine, masked, masked_errors
from frontsim.verdicts import Contract, Verdict
from frontsim.verification.compare.contents import read_column_map, read_state_map
from frontsim.verification.compare.state_events import CREATED, MOVEMENT
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.dependency.breakage import WayBack, open_way_back
from frontsim.verification.dependency.proxies import Dependencies, open_dependencies
from frontsim.verification.effects.classes import BOOKED_TOO_OFTEN
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import EventFact, History
from frontsim.verification.effects.observers import SharedObserver
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.first_passes import FirstPass, FirstPasses
from frontsim.verification.judge.checks import Finding, judge, receiver_contract
from frontsim.verification.play.clean_round import CleanEffects, FoundKey, ProbedTypes, awaited_key, probe, send_sales
from frontsim.verification.play.harness import Given, Harness
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.play.probes import probe_state
from frontsim.verification.play.runner import take_all
from frontsim.verification.played import (
    EventTypes,
    Played,
    Report,
    TypesOfRun,
    judge_recorded,
    play_again,
    weighed,
    with_end,
)
from frontsim.verification.request import (
    Address,
    Request,
    check,
    check_tls,
    observer_of,
    own_simulator,
    process_of,
    selection_of,
    state_observer_of,
)
from frontsim.verification.result import without_secrets
from frontsim.verification.scenario.scenario import Scenario, refuse_mismatches
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.schedule import Pace

logger = logging.getLogger(__name__)

_ABOUT_BODIES = ("400", "415", "422", "500")
"""Answers of a receiver that misses something in a body."""
_BARE = "bare"
_ALONE_S, _SHAPE_S = 3.0, 6.0
"""Seconds in which the key is looked for before deliveries in other shapes beside, and after an envelope was sent."""
_INTERRUPTED = "interrupted before the effects that are missing had been waited for long enough"


def run(
    request: Request,
    scenarios: Sequence[Scenario],
    *,
    seed: int,
    pause: Callable[[float], None],
    replay: Callable[[str], CommandLine] = play_again,
    pace: Pace | None = None,
    simulators: SimulatorProcess | Address | None = None,
    interruption: AbstractContextManager[object] | None = None,
    on_dependencies: Callable[[Dependencies], None] = lambda _: None,
    on_begin: Callable[[ProbedTypes | None], None] = lambda _: None,
    on_ended: Callable[[], None] = lambda: None,
    on_played: Callable[[Played], None] = lambda _: None,
) -> Report:
    """Play scenarios against a receiver, and report on what it did.

    Args:
        request: the receiver and how its effects are read.
        scenarios: in the order in which they are played.
        seed: repeats the run.
        pause: waits so many seconds; what it raises ends the run.
        replay: makes the command line that repeats one scenario.
        pace: how many scenarios are played side by side, and until when; one after another if it is None.
        simulators: a process that hosts a simulator for each scenario, or one simulator that runs already, for all; a
            process of our own if it is None.
        interruption: a block in which Ctrl-C ends the run with what is known; without it KeyboardInterrupt is raised.
        on_dependencies: called with the addresses that the receiver must connect to, before anything looks for it.
        on_begin: called before the first scenario, with what each type was answered; None where that was not tried.
        on_ended: called as each scenario ends.
        on_played: called with each scenario, in their order, once its verdict is known: that may be the run's end.

    Raises:
        BadInput: something in the request cannot be used, or a scenario's files do not match its types.
        Unusable: nothing listens at the receiver's URL or at a dependency's, the command does not start it, or nothing
            answers at the simulator's address.
    """
    so_far = _SoFar(request, seed, replay, on_played)
    refuse_mismatches(scenarios, selection_of(request).mismatch)
    opening = partial(open_run, request, seed, pause=pause, tries_types=True, on_dependencies=on_dependencies)
    try:
        with (
            interruption or nullcontext(),
            masked_errors(),
            starting(simulators) as started,
            opening(simulators=started) as opened,
        ):
            on_begin(so_far.begin(opened))
            so_far.play(scenarios, opened, pace, on_ended)
    except KeyboardInterrupt:
        if interruption is None:
            raise
        so_far.interrupt()
    return so_far.report()


@dataclass(slots=True, eq=False)
class _SoFar:
    """A run so far: what was played, the types that are booked, and what is known of the key."""

    request: Request
    seed: int
    replay: Callable[[str], CommandLine]
    on_played: Callable[[Played], None]
    run_time: RunTime = field(default_factory=RunTime)
    contract: Contract = field(default_factory=receiver_contract)
    key_probe: KeyProbe = field(default_factory=KeyProbe)
    played: list[Played] = field(default_factory=list)
    probed: ProbedTypes | None = None
    observe_key: str = ""
    types: TypesOfRun | None = None
    event_types: EventTypes = field(default_factory=EventTypes)
    interrupted: bool = False
    reading: str = ""

    def begin(self, opened: "OpenRun") -> ProbedTypes | None:
        """Take in what the probes found; gives what each type was answered."""
        self.probed, self.types = opened.probed, opened.types()
        self.observe_key = opened.given.request.observe_key
        return self.probed

    def play(
        self, scenarios: Sequence[Scenario], opened: "OpenRun", pace: Pace | None, on_ended: Callable[[], None]
    ) -> None:
        """Play all scenarios. A verdict that depends on which types are booked waits until that is known."""
        assert self.types is not None
        for each in play_all(scenarios, opened, self.contract, pace, self.key_probe):
            on_ended()
            for decided in self.types.take(each):
                self._put(decided)
            self.reading = opened.given.observer.cost if opened.given.observer else ""
        self.event_types, kept = self.types.end(opened.booked())
        for each in kept:
            self._put(each)

    def interrupt(self) -> None:
        """Ends the run with what is known."""
        self.interrupted = True
        if self.types:
            self.event_types, kept = self.types.end(frozenset(), interrupted=True)
            for each in kept:
                with suppress(KeyboardInterrupt):  # the same one, seen again
                    self._put(each)

    def _put(self, played: Played) -> None:
        self.played.append(replace(played, judgement=without_secrets(played.judgement)))
        self.on_played(self.played[-1])

    def report(self) -> Report:
        request, probed = self.request, self.probed
        return Report(
            receiver=masked(request.receiver),
            seed=self.seed,
            played=self.played,
            contract=self.contract,
            strict=request.strict,
            interrupted=self.interrupted,
            version=version("frontsim"),
            started_at=self.run_time.started_at,
            duration_s=self.run_time.duration_s(),
            left_out=probed.refused if probed and request.is_auto else {},
            types=self.event_types,
            key=probed.key if probed else "",
            reading=self.reading,
            observe_key=self.observe_key or request.observe_key,
            shape=request.delivery_shape,
            keys=self.key_probe.found,
            replay=self.replay,
        )


@contextmanager
def starting(simulators: SimulatorProcess | Address | None) -> Iterator[StartSimulator | Address]:
    """Give `open_run` its `simulators`: a process of our own, if there is none yet, which ends with the block."""
    if isinstance(simulators, Address):
        yield simulators
        return
    with simulators or SimulatorProcess() as process:
        yield process.start


@dataclass(slots=True, eq=False)
class OpenRun:
    """A run whose receiver is up. It opens a harness for each scenario, with a simulator of its own.

    So a replay of the scenario alone sends the same payloads and breaks the same deliveries. Ids, and the times of
    clean events, differ from run to run.

    Attributes:
        given: what its scenarios share; the probes narrow its types.
        seed: of the whole run.
        simulators: starts one for each scenario, or is one that runs already, for all.
        pause: waits so many seconds.
        probed: what each type was answered; None where that was not tried.
        clean: the effects of the events by which that was tried; None where they are not read.
    """

    given: Given
    seed: int
    simulators: StartSimulator | Address
    pause: Callable[[float], None]
    probed: ProbedTypes | None = None
    clean: CleanEffects | None = None

    def look(self, *, tries_types: bool) -> None:
        """Probe what the receiver takes, and how it keeps what it derives."""
        if self.given.request.is_auto or tries_types:
            self._probe_types()
        if self.given.observer and (hung := self.given.observer.given_up):
            self.given = replace(self.given, stop=hung)
        if self.given.state and not self.given.stop:
            self._learn_state(self.given.state)
            shown = MOVEMENT if self.given.state.shape else CREATED
            self.given = replace(self.given, selection=self.given.selection.preferring(shown))

    def _probe_types(self) -> None:
        """Try each type once. A probe that fails says nothing: the scenarios then say more."""
        reader, booked = self.given.effect_reader(self.pause), frozenset[str]()
        if reader:
            reader.take_baseline()
            if self.given.observer and self.given.observer.given_up:
                return
        try:
            with self.harness("type probe") as harness:
                self.probed = probe(harness)
                if reader:
                    self.clean = CleanEffects(reader, self.probed.events, pause=self.pause)
                    booked = self.clean.booked_at_once(harness.limits)
        except CallError as error:
            logger.warning("the types could not be probed: %s", error)
            return
        selection = self.given.selection.only(self.probed.taken) if self.given.request.is_auto else self.given.selection
        self.given = replace(self.given, selection=selection, stop=self.probed.stop)
        if not booked and self.clean and self.given.request.seeks_key:
            booked = self._find_key(self.clean.acknowledged)
        self.given.selection.booked |= booked

    def _find_key(self, events: Sequence[EventFact]) -> frozenset[str]:
        """Look for the key by value, and for the shape in which the receiver reads an id; gives the booked types.

        Several candidates, or another shape than the user's, stop the run: no guess is silent.

            clean events -> 3 s -> one more, one typed, one event -> the rest of 15 s -> one more, one envelope -> 6 s

        Where a candidate shows, nothing is sent beside it. Shapes that only add fields come soon. An envelope may hold
        up a slow receiver's queue, so it comes last.
        """
        assert self.given.observer is not None
        found, observer = FoundKey(), self.given.observer
        missing_s = self.given.request.limits.last_s
        stages = self._other_shapes(missing_s)
        look = partial(awaited_key, observer, pause=self.pause)
        try:
            if events:
                with self.harness("key search") as harness:
                    events = [*events, *send_sales(harness)]
            found = look(events, longest_s=min(_ALONE_S, missing_s) if stages else missing_s)
            for names, longest_s in stages:
                if found.is_sure:
                    break
                names = () if found.sentence else names
                beside, *sent = [self._sent_in(name) for name in (_BARE, *names)] if names else [()]
                events = [*events, *beside]
                found = look(events, longest_s=longest_s, shapes=dict(zip(names, sent, strict=True)))
        except CallError as error:
            logger.warning("the key of the effects could not be looked for: %s", error)
            return frozenset()
        if not found.key:
            self.given = replace(self.given, stop=found.sentence or self.given.stop)
            self.probed = self.probed and replace(self.probed, stop=self.given.stop)
            return frozenset()
        observer.follow(found.key)
        observer.account.know(History("clean round", tuple(events), observer_key=found.key), shows_singles=False)
        self.given = replace(self.given, request=replace(self.given.request, observe_key=found.key))
        self.probed = self.probed and replace(self.probed, key=found.sentence)
        self.clean = CleanEffects(EffectReader(observer, found.key, pause=self.pause), events, pause=self.pause)
        return self.clean.booked()

    def _other_shapes(self, missing_s: float) -> Sequence[tuple[Sequence[str], float]]:
        """The shapes to try, and for how long: none where the user names one, or the answers blame no body."""
        probed, is_remote = self.probed, isinstance(self.simulators, Address)
        blames_other = probed and (probed.stop or probed.to_all) and not probed.to_all.startswith(_ABOUT_BODIES)
        if self.given.shape != BARE or is_remote or blames_other:
            return ()
        adding = [name for name, shape in SHAPES.items() if name != _BARE and shape.envelope is None]
        enveloping = [name for name, shape in SHAPES.items() if shape.envelope is not None]
        return ((adding, max(missing_s - _ALONE_S, missing_s / 2)), (enveloping, min(_SHAPE_S, missing_s)))

    def _sent_in(self, name: str) -> Sequence[EventFact]:
        """A clean sale in that shape. Raises CallError."""
        request = replace(self.given.request, delivery_shape=name)
        given = replace(self.given, request=request, shape=SHAPES[name])
        with replace(self, given=given).harness(f"shape {name}") as harness:
            return send_sales(harness, number=1)

    def types(self) -> TypesOfRun:
        """The types of the run, of which none is known to be only acknowledged yet."""
        request, selection = self.given.request, self.given.selection
        return TypesOfRun(
            selection,
            booked=selection.booked,
            probed=self.probed.types if self.probed else (),
            demands_each=request.demands_each,
            strict=request.strict,
        )

    def booked(self) -> frozenset[str]:
        """The types of which an event of the clean round has an effect now."""
        return self.clean.booked() if self.clean else frozenset()

    def _learn_state(self, state: RunState) -> None:
        """Look at how the receiver keeps what it derives. A probe that fails leaves that unknown."""
        try:
            with self.harness("state probe") as harness:
                probe_state(harness, state)
        except CallError as error:
            state.failure = f"{state.name}: {error}"

    @contextmanager
    def harness(self, name: str) -> Iterator[Harness]:
        """A harness for what has that name, which with the run's seed decides its simulator's seed."""
        is_shared = isinstance(self.simulators, Address)
        with _simulator(self.given.request, seed_of(self.seed, name), self.simulators) as at:
            harness = Harness(
                api=FrontSystems(at.base_url, api_key=at.api_key, subscription_key=at.subscription_key),
                sim=Simulator(at.control_url, token=at.token),
                given=self.given,
                pause=self.pause,
                base_url=at.base_url,
                limits=self.given.request.limits,
                owns_simulator=not is_shared,
                cleans_up=is_shared,
            )
            harness.lead_back()
            with closing(harness):
                yield harness


@contextmanager
def open_run(
    request: Request,
    seed: int,
    *,
    simulators: StartSimulator | Address,
    pause: Callable[[float], None],
    selection: Selection | None = None,
    tries_types: bool = False,
    on_dependencies: Callable[[Dependencies], None] = lambda _: None,
) -> Iterator[OpenRun]:
    """Check the request, start the receiver if `--receiver-cmd` says how, probe it, and keep it up until the end.

    Args:
        request: the receiver and how its effects are read.
        seed: repeats the run.
        simulators: starts one for each scenario, or is one that runs already, for all.
        pause: waits so many seconds.
        selection: the event types of the run; read from the request when it is not given.
        tries_types: each type is tried first; without it, only `--events auto` tries them.
        on_dependencies: called with the addresses that the receiver must connect to, before anything looks for it.

    Raises:
        BadInput: something in the request cannot be used.
        Unusable: as `run`, or the delivery shape cannot be read.
    """
    address = simulators if isinstance(simulators, Address) else None
    with ExitStack() as stack:
        effects, state = (stack.enter_context(each) for each in _observed(request, address, pause=pause))
        dependencies = stack.enter_context(open_dependencies(request.dependencies)) if request.dependencies else None
        if dependencies:
            on_dependencies(dependencies)
        way_back = stack.enter_context(_way_back(request, address))
        given = Given(
            request=request,
            selection=selection or selection_of(request),
            observer=effects,
            process=process_of(request, pause=pause, dependencies=dependencies, way_back=way_back),
            way_back=way_back,
            dependencies=dependencies,
            shape=read_delivery_shape(request.delivery_shape),
            column_map=read_column_map(request.observe_map),
            state=RunState(state, read_state_map(request.observe_map)) if state else None,
            tls=request.tls(),
        )
        check(request, pause=pause, dependencies=dependencies, address=address)
        stack.enter_context(_started(given.process))
        check_tls(request)
        opened = OpenRun(given, seed, simulators, pause)
        opened.look(tries_types=tries_types)
        yield opened


def _observed(
    request: Request, address: Address | None, *, pause: Callable[[float], None]
) -> Iterator[AbstractContextManager[SharedObserver | None]]:
    """The readers of the effects and of the receiver's state; None for what the user gave no way to read."""
    ends_s = stopwatch() + (request.budget_s or math.inf)
    keys = request.observe_key, BUSINESS  # rows of a state are no records that must stay
    for observer, key in zip((observer_of(request, address), state_observer_of(request)), keys, strict=True):
        if observer is None:
            yield nullcontext()
        else:
            limits = {"patience_s": request.limits.last_s, "longest_s": request.look_s, "ends_s": ends_s}
            yield closing(SharedObserver(observer, pause=pause, key=key, **limits))


def _way_back(request: Request, address: Address | None) -> AbstractContextManager[WayBack | None]:
    """Where the receiver calls the API; None where nobody tells it."""
    if address is not None:
        return open_way_back(address.base_url)
    return open_way_back() if request.receiver_cmd else nullcontext()


@contextmanager
def _started(process: ReceiverProcess | None) -> Iterator[None]:
    if process is None:
        yield
        return
    try:
        process.start()
        yield
    finally:
        process.close()


@contextmanager
def _simulator(request: Request, seed: int, simulators: StartSimulator | Address) -> Iterator[Address]:
    if isinstance(simulators, Address):
        yield simulators
        return
    running = simulators(own_simulator(request, seed))
    try:
        yield Address(running.base_url, running.control_url)
    finally:
        running.stop()


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


def play_all(
    scenarios: Iterable[Scenario],
    opened: OpenRun,
    contract: Contract,
    pace: Pace | None = None,
    key_probe: KeyProbe | None = None,
) -> Iterator[Played]:
    """Play and judge the scenarios, and give them in their order.

    `key_probe` sends its events after the first scenario, and knows what the receiver's key is at the end.
    """
    waiting: list[FirstPass] = []
    over: list[FirstPass] = []
    first_passes = FirstPasses(opened.given, opened.harness, contract, pace or Pace(), key_probe)
    try:
        for each in first_passes.play(list(scenarios)):
            waiting.append(each)
            due = list(takewhile(lambda first: first.is_due, waiting))
            for seen in last_looks(waiting, len(due), contract, is_end=False):
                over.append(seen)
                yield weighed(_noted(seen.played, key_probe))
        if key_probe and waiting:
            key_probe.look()
        waiting[:] = last_looks(waiting, len(waiting), contract, is_end=True)
        ending = next((each for each in waiting if each.ends_run), None)
        if ending:
            played = with_end(ending.played, first_passes.strangers(), *_come_since([*over, *waiting], contract))
            waiting[waiting.index(ending)] = replace(ending, played=played)
        while waiting:
            yield weighed(_noted(waiting.pop(0).played, key_probe))
        if key_probe:
            key_probe.read()
    except KeyboardInterrupt:
        yield from (weighed(_without_last_look(each, contract)) for each in waiting)
        raise


def _noted(played: Played, key_probe: KeyProbe | None) -> Played:
    if key_probe:
        key_probe.note_memory(played.history, played.judgement.effects)
    return played


def last_looks(waiting: list[FirstPass], number: int, contract: Contract, *, is_end: bool) -> Iterator[FirstPass]:
    """Take a look at the first so many of those that wait, all at once.

    They leave the list only then, so that an interruption still finds them there; one that lacks something stays until
    the end, as do those after it. The observer is not doubted for what a kill in a later scenario may have lost.
    """
    looks = [
        (place, each.last_look, each.played.history)
        for place, each in enumerate(waiting[:number])
        if each.last_look and each.is_open
    ]
    histories = take_all([(last_look, history) for _, last_look, history in looks])
    for (place, _, _), history in zip(looks, histories, strict=True):
        killed_since = any(each.played.history.marks for each in waiting[place + 1 :])
        waiting[place] = _seen_again(waiting[place], history, contract, killed_since=killed_since, is_end=is_end)
    while waiting and number and (is_end or not waiting[0].lacks_something):
        number -= 1
        yield waiting.pop(0)


def _come_since(firsts: Iterable[FirstPass], contract: Contract) -> tuple[list[Finding], str]:
    """Finds what came after the last look at each scenario, by one look at the end, when nothing is sent any more.

    Returns:
        Findings that no later look can undo, and why something of the whole run is unknown; "" when nothing is.
    """
    found: list[Finding] = []
    looks = [(each.played, each.last_look) for each in firsts if each.last_look]
    reason = looks[-1][1].doubt_at_end() if looks else ""
    for played, last_look in looks:
        history = None if reason else last_look.at_end(played.history)
        if history is None:
            continue
        judgement, known = judge(history, contract), played.judgement
        old = {(each.class_, each.webhook_event_id) for each in known.findings}
        new = [each for each in judgement.findings if each.class_ in BOOKED_TOO_OFTEN]
        since = f"after the last look at {played.scenario.name}"
        found += [
            replace(each, detail=f"{each.detail}, {since}")
            for each in new
            if (each.class_, each.webhook_event_id) not in old
        ]
        if known.verdict is Verdict.VERIFIED and judgement.reason:
            reason = f"{since}, {judgement.reason}"
    return found, reason


def _seen_again(
    first: FirstPass, history: History, contract: Contract, *, killed_since: bool, is_end: bool
) -> FirstPass:
    assert first.last_look is not None
    judgement = judge_recorded(history, contract, first.last_look, killed_since=killed_since, is_last=is_end)
    if first.lacks_something and judgement.missing - first.played.judgement.missing:
        # a second look only excuses: a later scenario may have taken more away
        return replace(first, is_open=False, lacks_something=False)
    late_s = first.last_look.settled.last_change_after_s
    if judgement.missing != first.played.judgement.missing and late_s:
        note = f"effects came late: the last of them {late_s:.1f} s after the end of the scenario"
        judgement = replace(judgement, notes=(*judgement.notes, note))
    played = replace(first.played, history=history, judgement=judgement)
    lacks_something = not is_end and judgement.may_change
    return replace(first, played=played, is_open=lacks_something, lacks_something=lacks_something)


def _without_last_look(first: FirstPass, contract: Contract) -> Played:
    """The judgement of an interrupted run: what is missing is not a loss yet."""
    if not first.is_open or first.lacks_something:
        return first.played
    return replace(first.played, judgement=judge(first.played.history, contract, doubt=_INTERRUPTED))
