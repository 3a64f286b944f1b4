"""The list -> resend job that every integrator owes, as the vendor's guide describes it, for one webhook.

    list success=false -> resend each once -> list again -> ... until nothing is left, or a round brings nothing

The vendor never resends by itself (published), so this job is half of every integration. It is safe against
the real API, because of what it never does:

- It resends only what the log lists as failed, and at most once in a round; rounds are bounded.
- A resend whose answer was lost may have been made. It is not repeated blindly: the event is looked at
  until its counter of runs says that the resend was made, or has stood still for longer than a receiver
  may take. One that cannot be looked at is left alone and counted as still failing.
- A 429 is waited out as `Retry-After` asks. A refusal of the keys, an API that is not there, or one that
  does nothing of what it is asked, ends the job; what was done until then stays counted.

A receiver that is not idempotent books an event twice when its first run was received but not answered.
That is not for this job to know: it is why receivers must be idempotent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from frontsim.client.errors import Ambiguous, ApiError, CallError, UnexpectedAnswer, Unreachable
from frontsim.client.models import EventEntry
from frontsim.client.retry import READ_AGAIN_S, RetryPolicy, Say, Sleep
from frontsim.client.vendor import FrontSystems, When

MAX_ROUNDS = 10
"""Rounds of one job: an event that fails for ever is resent no more often than this."""

_LOOKS_S = (1.0, 2.0, 4.0, 8.0, 16.0)  # 31 s in all: a receiver has 30 s to answer (open at the vendor)
_NO_ENTRY = (401, 403)
_BUSY_ANSWERS = 10
_SAY_EVERY = 100
_TRIES = 3
_TROUBLE = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """What the job did for one webhook.

    `listed` counts the events that were ever listed as failed, `resent` the resends that were or may have
    been made, `recovered` the listed events that are no longer failed, and `left` those that are. `stopped`
    is the error that ended the job early: then `left` is what is not known to have recovered.
    """

    webhook_id: str
    listed: int
    resent: int
    recovered: int
    left: tuple[EventEntry, ...]
    stopped: CallError | None = None


def reconcile(
    api: FrontSystems,
    webhook_id: str,
    *,
    from_: When,
    to: When,
    sleep: Sleep,
    say: Say = lambda _: None,
    dry_run: bool = False,
    max_rounds: int = MAX_ROUNDS,
) -> Tally:
    """Run the job for one webhook. It raises nothing of the API's: what ends it early is in the tally.

    Args:
        api: the vendor's API, real or mock.
        webhook_id: whose events.
        from_: events created since then, as the API's list takes it.
        to: events created before.
        sleep: waits so many seconds.
        say: is told, in a sentence, what is going on.
        dry_run: only list.
        max_rounds: after so many rounds the job ends, whatever is left.
    """
    job = _Job(api, webhook_id, from_, to, RetryPolicy(sleep, say))
    try:
        job.list_failed()
        for number in range(1, 1 if dry_run else max_rounds + 1):
            if not job.play_round(number):
                break
    except CallError as error:
        return job.tally(stopped=error)
    return job.tally()


@dataclass
class _Job:
    """One webhook's job under way; its counts are right at any moment."""

    api: FrontSystems
    webhook_id: str
    from_: When
    to: When
    patience: RetryPolicy
    failed: dict[str, EventEntry] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)  # since the last list
    not_made: set[str] = field(default_factory=set)  # in this round
    given_up: set[str] = field(default_factory=set)
    tries: dict[str, int] = field(default_factory=dict)  # resends that were certainly not made, by event
    trouble: int = 0  # calls in a row that were not made, or nobody knows
    resent: int = 0

    def tally(self, *, stopped: CallError | None = None) -> Tally:
        left = tuple(entry for key, entry in self.failed.items() if key not in self.recovered)
        return Tally(self.webhook_id, len(self.listed), self.resent, len(self.listed) - len(left), left, stopped)

    def list_failed(self) -> None:
        """Read the list anew: it alone says what failed; an event that stands in it twice is one event."""
        entries = self.patience.read(
            lambda: self.api.list_events(self.webhook_id, from_=self.from_, to=self.to, success=False)
        )
        # An API that ignores `success` must not make us resend what was received, or is still under way.
        self.failed = {entry.webhook_event_id: entry for entry in entries if entry.success is False}
        self.listed |= self.failed.keys()
        self.recovered.clear()

    def play_round(self, number: int) -> bool:
        """Resend once what is listed, and list again; False when another round would bring nothing."""
        due = [entry for key, entry in self.failed.items() if key not in self.given_up]
        if not due:
            return False
        self.patience.say(f"webhook {self.webhook_id}: round {number}, {len(due)} to resend")
        before = self.failed.keys()
        self.not_made.clear()
        for place, entry in enumerate(due):
            if place and place % _SAY_EVERY == 0:
                self.patience.say(f"webhook {self.webhook_id}: {place} of {len(due)}")
            self._resend(entry)
        self.list_failed()
        return bool(self.not_made) or self.failed.keys() != before

    def _resend(self, entry: EventEntry) -> None:
        """Resend one event, once; whether that was enough is known from the next list."""
        try:
            after = self._deliver(entry.webhook_event_id)
        except UnexpectedAnswer:
            self._made(entry, success=False)  # done, only its answer cannot be read
        except Ambiguous as error:
            self._look(entry, error, _LOOKS_S)
        except ApiError as error:
            self._refused(entry, error)
        else:
            if after.success or after.runs_counter is None or after.runs_counter != entry.runs_counter:
                self._made(entry, success=after.success is True)
            else:  # an API that answers before the run is made (open at the vendor)
                told = UnexpectedAnswer("the answer to a resend", expected="an entry with a new run", got=after.raw)
                self._look(entry, told, _LOOKS_S)

    def _deliver(self, webhook_event_id: str) -> EventEntry:
        """The call itself, repeated only where the API says, or we know, that it was not done."""
        waits_s = iter(READ_AGAIN_S)
        for _ in range(_BUSY_ANSWERS):
            try:
                return self.api.deliver(self.webhook_id, webhook_event_id)
            except Unreachable:
                wait_s = next(waits_s, None)
                if wait_s is None:
                    raise
                self.patience.sleep(wait_s)
            except ApiError as error:
                if error.status != 429:
                    raise
                self.patience.wait_out(error)
        return self.api.deliver(self.webhook_id, webhook_event_id)

    def _refused(self, entry: EventEntry, error: ApiError) -> None:
        """The API answered, but not with a 2xx: a 5xx may come behind the deed, a 4xx comes instead of it."""
        if error.status in (*_NO_ENTRY, 429):
            raise error
        if error.status < 500:
            self._give_up(entry, str(error))
            return
        if error.retry_after_s is not None:
            self.patience.wait_out(error)
        self._look(entry, error, _LOOKS_S if error.status in (502, 504) else _LOOKS_S[:1])

    def _look(self, entry: EventEntry, error: CallError, waits_s: Sequence[float]) -> None:
        """Find out whether a resend without a good answer was made, before anybody makes it again."""
        self.patience.say(f"event {entry.webhook_event_id}: {error}; looking whether it was done")
        self.resent += 1  # it may have been: taken back when it proves not to be
        seen = None
        for wait_s in waits_s:
            self.patience.sleep(wait_s)
            try:
                seen = self.patience.read(lambda: self.api.get_event(self.webhook_id, entry.webhook_event_id))
            except (Ambiguous, UnexpectedAnswer):
                continue
            except ApiError as refusal:
                if refusal.status in _NO_ENTRY:
                    raise
                continue
            if seen.success or (seen.runs_counter is not None and seen.runs_counter != entry.runs_counter):
                self.resent -= 1
                self._made(entry, success=seen.success is True)
                return
        if seen is None or seen.runs_counter is None:
            self._give_up(entry, "nobody can tell whether its resend was made")
        else:
            self.resent -= 1
            self._was_not_made(entry)
        self._count_trouble(error)

    def _made(self, entry: EventEntry, *, success: bool) -> None:
        self.resent += 1
        self.trouble = 0
        if success:
            self.recovered.add(entry.webhook_event_id)

    def _was_not_made(self, entry: EventEntry) -> None:
        """Certainly not resent: it may be tried in the next round, but not for ever."""
        key = entry.webhook_event_id
        self.tries[key] = self.tries.get(key, 0) + 1
        if self.tries[key] >= _TRIES:
            self._give_up(entry, f"its resend could not be made {_TRIES} times")
        else:
            self.not_made.add(key)

    def _count_trouble(self, error: CallError) -> None:
        """An API that does nothing of what it is asked ends the job."""
        self.trouble += 1
        if self.trouble >= _TROUBLE:
            raise error

    def _give_up(self, entry: EventEntry, reason: str) -> None:
        self.given_up.add(entry.webhook_event_id)
        self.patience.say(f"event {entry.webhook_event_id}: left alone: {reason}")
