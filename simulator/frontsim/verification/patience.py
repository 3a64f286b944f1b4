"""Decides how long verify waits, and how often it looks meanwhile. Pure: it reads no clock and does no I/O.

    TimeLimits       what the user allows             ─┐
    ReceiverLatency  how slow the receiver was so far  ─┴─▶  Patience  ─▶  WaitLimits and seconds, by the phase

    phase        what verify waits for                           how long
    preflight    a clean event is acknowledged and seen          `last_s`; longer on a busy machine
    steps        deliveries end; a broken dependency is back     what is left of `timeout_s`; 2.5 times `last_s`
    kills        the receiver is gone, and listens again         as `hosting.user_program` says; a part of `timeout_s`
    settling     the scenario's effects are there                `missing_s`, by the receiver's latency
    last look    missing effects stay away, for all scenarios    `last_s`, 4.5 times that for a batch
    end of run   another scenario fits into the budget           the last look's time is kept free

A slow worker is not a loss, so a receiver that was slow once gets more time in every later phase. Nothing else makes a
wait longer, and the user's limits bound them all, but for what is missing: that always gets its window.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from frontsim.hosting.user_program import START_S

MILLISECONDS_S = 0.002
"""Seconds between two looks at what lasts milliseconds and costs nothing to look at: a process that dies, a count."""
LOOK_S = 0.02
"""Between two looks at a flag of another thread, or at effects that may appear at any moment."""
CHILD_LOOK_S = 0.05
"""Between two looks at what another program has to do: a command that ends, a receiver that its supervisor starts."""
RARE_LOOK_S = 0.1
"""Between two looks, at most, while effects or state are missing; and before a failed read of effects is repeated."""
_RARER = 1.5
"""Each pause between two such looks is so many times as long as the one before it."""

AGAIN_S = 0.05
"""Seconds until a call or a delivery is repeated that was refused: a busy receiver may have recovered."""
RESTARTING_S = 0.3
"""Seconds until a receiver or an observer is asked again that may be restarting."""
GAPS_S: Sequence[float] = (AGAIN_S, RESTARTING_S, 1.0)
"""Pauses between tries to get an answer from a receiver that gives none; the last one is repeated."""
LONGEST_RETRY_S = 0.5
"""The longest pause between two tries of a call of the API; an interrupted run ends within it."""

_LONGEST_ROUND_PAUSE_S = 5.0
"""The longest pause before a round of resends to a receiver that limits requests and does not say for how long."""

LISTENS_S = 0.6
"""Seconds in which a receiver must listen that the user runs: it may have been started a moment ago."""
BY_HAND_S = 10.0
"""Seconds without progress after which the answer to a delivery that is sent by hand counts as lost."""
DRAIN_S = 30.0
"""Seconds beyond `answer_s` for the deliveries of a probe's events. It ends as soon as none is in flight."""
FLOOD_S = 3.0
"""Seconds between two looks whether the events that wait are a receiver's own, without end."""
AT_ONCE_S = 0.1
"""Seconds for deliveries to end that should have ended already."""
APART_S = 0.01
"""Seconds before and after a fault in which no delivery starts. The log rounds moments to some 3 ms: a run so near to a
fault would look as if the fault had broken it."""

TIMED_S = 1.0
"""Seconds for clean events that are timed: fewer events where they take long, because their time then hardly varies."""
QUIET_S, BUSY_S = 0.1, 1.0
"""The receiver makes no more requests for an event when it has made none for `QUIET_S`. One whose workers ask all the
time is never quiet: it gets `BUSY_S` for an event."""
EXAMINATION_S = 5.0
"""Seconds for an examination beside the scenarios: the largest body, or an observer that may not be steady."""
PERIOD_S = 0.2
"""Effects without an event that come within so many seconds of each other may be one act of another system."""
_CERTAIN = 6
"""An effect that comes by chance stays away for so many times its usual pause in one case of 400."""
_LONGEST_CALM_S = 15.0
YOUNG_S = 1.0
"""Seconds in which a new record may come and go: the replicas or caches behind an endpoint do not all have it yet."""
REFUSED_S = 5.0
"""A receiver that refuses everything is asked for so many seconds at least: it may be starting."""
FAILS_AGAIN = 3
"""One that answers everything with a 5xx is asked so many times after as many such pauses, because that may pass."""

READ_S, READ_AFTER_A_TIMEOUT_S = 20.0, 2.0
"""Seconds that one read of the effects may take; an observer that hangs is not waited for so long again."""
READ_GRACE_S = 2.0
"""Seconds after a read's end in which verify kills the process that reads; then its parent is not there any more."""

DELIVERIES_S = 6.0
"""Seconds that the first deliveries of a scenario's events may take: a slow receiver gets fewer events."""
AMPLE_S = 60.0
"""Scenarios side by side are far from taking so long. With as much left of the budget, none of them is left out."""

_LATE_S = 1.5
"""A receiver that books so long after its answer, as a batch does, keeps scenarios waiting."""
_MISSING, _LEAST_MISSING_S = 10, 2.0
"""Missing effects get so many quiet windows in a scenario, and so many seconds at least."""
_NEXT_BATCH = 4.5
"""A worker that books in batches may do so once a minute, so it gets this many times `last_s`: 67.5 s by default."""
_RETURN = 2.5
"""A circuit breaker or a pool may take half a minute to trust a dependency again: 37.5 s by default."""
_STARVED = 3
"""On a busy machine each try takes long, so verify asks for so many times as long by the clock."""
_PART_FOR_KILLS, _PART_FOR_AIMED_KILLS = 0.7, 0.6
"""Parts of a scenario's time: that in which it may kill the receiver, and of that the one for kills that are aimed."""
_PART_OF_BUDGET = 0.25
"""The part of the budget in which one scenario may kill the receiver: four do so, and it may be slow to start."""
_NEXT_KILL = 1.5
"""The next kill and start may take so many times as long as the slowest so far."""


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long to wait for effects, in seconds.

    Attributes:
        quiet_s: effects that lack nothing have settled when they are unchanged for this long.
        missing_s: effects that lack something have settled when they are unchanged for this long, because a slow worker
            is not a loss.
        most_s: effects that still change after this long never settle. An earlier change gets its whole window, also
            beyond this: a look that took long on a busy machine, or a batch that came late, is not a sign of unrest.
    """

    quiet_s: float
    missing_s: float
    most_s: float

    def needed_s(self, *, is_complete: bool) -> float:
        """For how long effects must be unchanged."""
        return self.quiet_s if is_complete else self.missing_s

    def for_latency(self, latency_s: float) -> "WaitLimits":
        """Limits that suit a receiver that took `latency_s` to book one clean event."""
        return self._at_least(2 * latency_s, 10 * latency_s, 20 * latency_s)

    def for_longest(self, latency_s: float) -> "WaitLimits":
        """Limits that suit a receiver whose slowest event of the run took `latency_s`.

        If a worker books in batches, the slowest event shows how often; a quick one shows nothing.
        """
        return self._at_least(latency_s, 3 * latency_s, 6 * latency_s)

    def _at_least(self, quiet_s: float, missing_s: float, most_s: float) -> "WaitLimits":
        return WaitLimits(max(self.quiet_s, quiet_s), max(self.missing_s, missing_s), max(self.most_s, most_s))


ONE_LOOK = WaitLimits(0.0, 0.0, 0.0)
"""Whatever the first look shows."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The user's limits, in seconds.

    Attributes:
        settle_s: effects have settled when they are unchanged for this long.
        timeout_s: what one scenario may take.
        answer_s: how long the receiver may take to answer a delivery; the simulator's own limit.
        last_s: how long missing effects must stay away before verify accuses the receiver: not in each scenario, but
            in the last look of a run.
        memory_s: how long a receiver must remember an event, at least; it is tried at the end of the run.
        travel_s: by how much our receiver's clock is moved on before that; 0 for not at all.
        kills_s: for how much of `timeout_s` one scenario may kill our receiver, if that is less than most of it.
        away_s: how long a dependency stays away in the scenario that is about nothing else.
    """

    settle_s: float = 0.3
    timeout_s: float = 60.0
    answer_s: float = 5.0
    last_s: float = 15.0
    memory_s: float = 0.0
    travel_s: float = 0.0
    kills_s: float = math.inf
    away_s: float = 10.0

    @property
    def wait_limits(self) -> WaitLimits:
        """How long to wait for effects when nothing is known about the receiver."""
        missing_s = max(_MISSING * self.settle_s, _LEAST_MISSING_S)
        return WaitLimits(self.settle_s, missing_s, max(self.timeout_s, missing_s))

    def only_wait(self, *, end_s: float) -> WaitLimits:
        """How long a load test waits for effects: once, at its end, and for `end_s` at most."""
        return WaitLimits(self.settle_s, max(_MISSING * self.settle_s, self.last_s), end_s)

    def within(self, budget_s: float) -> "TimeLimits":
        """The limits of one scenario of a run that may take `budget_s`."""
        part_s = _PART_OF_BUDGET * budget_s
        return replace(self, kills_s=part_s, away_s=min(self.away_s, part_s))


@dataclass(slots=True)
class ReceiverLatency:
    """How slow the receiver was so far: all scenarios of a run share it.

    Attributes:
        longest_s: the longest time that was seen between an event and its effect.
        settles: effects came to rest, so later scenarios leave the quiet window to the last look.
        never_settles: effects kept changing until time ran out, so later scenarios wait less for that.
        leaves_rest: effects were missing or late, so later scenarios leave the wait for the rest to the last look,
            which they share.
        booked_sent_s: when the newest clean event was sent that has been booked, by the stopwatch.
        keeps_refusing: the receiver refused an event for as long as a scenario waits, so later ones give up sooner.
        limits_rate: the receiver asked for fewer requests, so later scenarios are played one by one, with fewer events.
    """

    longest_s: float = 0.0
    settles: bool = False
    never_settles: bool = False
    leaves_rest: bool = False
    booked_sent_s: float = 0.0
    keeps_refusing: bool = False
    limits_rate: bool = False

    @property
    def books_late(self) -> bool:
        """The receiver books long after its answer: scenarios wait, so that more of them may do so at once."""
        return self.longest_s > _LATE_S

    def note(self, latency_s: float) -> None:
        self.longest_s = max(self.longest_s, latency_s)

    def note_booked(self, *, sent_s: float) -> None:
        """Note that a clean event that was sent then is booked."""
        self.booked_sent_s = max(self.booked_sent_s, sent_s)


@dataclass(frozen=True, slots=True)
class Patience:
    """Decides each wait of a scenario by what the user allows and by what the run has shown of the receiver."""

    limits: TimeLimits = field(default_factory=TimeLimits)
    latency: ReceiverLatency = field(default_factory=ReceiverLatency)

    def first_wait(self) -> WaitLimits:
        """How long a scenario waits for effects; its preflight may make that longer."""
        return self.hurried(self.limits.wait_limits.for_longest(self.latency.longest_s))

    def hurried(self, wait: WaitLimits) -> WaitLimits:
        """A quarter of the time where effects never settle, but still enough for what is missing."""
        return replace(wait, most_s=max(wait.missing_s, wait.most_s / 4)) if self.latency.never_settles else wait

    def settling(self, wait: WaitLimits) -> WaitLimits:
        """How long a scenario waits for its effects at its end, with the limits that its preflight has left.

        The last look has the quiet window. Once effects were missing or late, it also has the wait for the rest.
        """
        if self.latency.never_settles:
            return wait
        missing_s = min(wait.missing_s, self.limits.settle_s) if self.latency.leaves_rest else wait.missing_s
        return replace(wait, quiet_s=0.0, missing_s=missing_s)

    def settling_state(self, wait: WaitLimits) -> WaitLimits:
        """As `settling`, for the state that the receiver derives: the last look reads again only what was wrong."""
        return replace(self.settling(wait), quiet_s=wait.quiet_s)

    def coming_to_rest(self) -> WaitLimits:
        """How long the first scenarios wait to learn whether effects come to rest at all: one quiet window."""
        return replace(self.first_wait(), quiet_s=self.limits.settle_s)

    def last_wait(self, *, may_await_batch: bool = False, breaks_dependency: bool = False) -> WaitLimits:
        """How long the last look waits before verify accuses the receiver of what is missing.

        Args:
            may_await_batch: the receiver has booked nothing since it acknowledged what is missing, as if its worker's
                next batch were not due yet.
            breaks_dependency: a job that has failed is tried again after twice the time, so what was away for `away_s`
                may be missed for as long again.
        """
        usual = self.limits.wait_limits.for_longest(self.latency.longest_s)
        longest_s = _NEXT_BATCH * self.limits.last_s
        missing_s = max(usual.missing_s, longest_s if may_await_batch else self.limits.last_s)
        if breaks_dependency:
            missing_s = max(missing_s, self.return_s(breaks_dependency=True), 2 * self.limits.away_s)
        return WaitLimits(usual.quiet_s, missing_s, max(usual.most_s, longest_s, missing_s))

    @property
    def state_s(self) -> float:
        """How long the state may take to show the clean events by which verify learns its shape."""
        return max(self.limits.last_s, self.limits.wait_limits.missing_s)

    @property
    def probe_drain_s(self) -> float:
        """How long the deliveries of a probe's clean events may take."""
        return self.limits.answer_s + DRAIN_S

    def drain_s(self, *, spent_s: float) -> float:
        """How long deliveries may take in a scenario that has taken `spent_s`."""
        return max(AT_ONCE_S, self.limits.timeout_s - spent_s)

    def return_s(self, *, breaks_dependency: bool) -> float:
        """How long a receiver may refuse everything, or not listen, before verify gives it up."""
        return self.limits.last_s * _RETURN if breaks_dependency else self.limits.last_s

    @property
    def kills_s(self) -> float:
        """The part of a scenario's time in which it may kill the receiver."""
        return min(_PART_FOR_KILLS * self.limits.timeout_s, self.limits.kills_s)

    def may_aim(self, *, spent_s: float) -> bool:
        """Allows another aimed kill while there is time for it: kills at given moments come after them."""
        return spent_s <= _PART_FOR_AIMED_KILLS * self.kills_s

    def may_kill(self, *, spent_s: float, slowest_s: float) -> bool:
        """Allows another kill while there is time for it, for the start, and for the end of the scenario then.

        A receiver that takes ten seconds to start is killed at fewer moments than one that starts at once; and so is
        one in a run with a small budget. `slowest_s` is the slowest kill and start so far.
        """
        return spent_s + _NEXT_KILL * slowest_s < self.kills_s

    @property
    def reserved_s(self) -> float:
        """How much of the budget is kept free for the last look."""
        return self.limits.last_s if self.latency.leaves_rest else 0.0


def is_silent_for_good(longest_s: float, *, listens: bool, spent_s: float, paused_s: float, is_starved: bool) -> bool:
    """Decides whether a receiver that gives no answer was asked for long enough.

    A receiver at which nothing listens is starting. On a machine that is too busy its start takes longer, and so does
    each of our tries: so the pauses between them count, and not the clock. One that listens and gives no answer in time
    may starve there, too.

    Args:
        longest_s: how long to ask on a machine that is not busy.
        listens: a connection was made, so the receiver runs.
        spent_s: the time since the first try.
        paused_s: the part of it that passed between the tries.
        is_starved: the machine is too busy now.
    """
    if listens:
        return spent_s >= longest_s * (_STARVED if is_starved else 1)
    return paused_s >= longest_s or spent_s >= _STARVED * longest_s


def calm_s(run_s: float, *, periods: int) -> float | None:
    """How long nothing may be sent until effects that came in so many periods of a run are known to come with events.

    None: they came too rarely to tell.
    """
    calm_s = _CERTAIN * run_s / periods
    return calm_s if calm_s <= _LONGEST_CALM_S else None


def gap_s(tries: int) -> float:
    """The pause after so many tries to get an answer from a receiver that gives none."""
    return GAPS_S[min(tries, len(GAPS_S)) - 1]


def round_pause_s(pause_s: float, *, taken: int, refused: int) -> float:
    """The pause before the next round of resends, after one in which the receiver refused some as too many."""
    if refused > taken:
        return min(_LONGEST_ROUND_PAUSE_S, max(AGAIN_S, 2 * pause_s))
    return pause_s if refused else pause_s / 2 if pause_s > AGAIN_S else 0.0


def longer_pause_s(pause_s: float) -> float:
    """The pause after one of `pause_s` between two looks at effects of which some are missing."""
    return min(RARE_LOOK_S, _RARER * pause_s)


def read_s(longest_s: float = math.inf, *, left_s: float = math.inf, has_hung: bool = False) -> float:
    """How long one read of the effects may take, when so much is left of the budget.

    `has_hung` says that the one before it took too long. Each gets a moment, or the end of a run could show nothing.
    """
    usual_s = READ_AFTER_A_TIMEOUT_S if has_hung else READ_S
    return min(usual_s, longest_s, max(left_s, READ_AFTER_A_TIMEOUT_S))


def looks_for_a_port(*, is_starting: bool) -> int:
    """How often to look, `CHILD_LOOK_S` apart, whether a receiver listens that verify does not start.

    `is_starting`: it can start only now, because it must know the ports of our proxies.
    """
    return round((START_S if is_starting else LISTENS_S) / CHILD_LOOK_S)
