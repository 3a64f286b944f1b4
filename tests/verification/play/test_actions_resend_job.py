"""How a scenario resends to a receiver that asks for fewer requests."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from frontsim.client.models import AnsweredRun, EventEntry
from frontsim.verification.patience import Patience, ReceiverLatency, TimeLimits
from frontsim.verification.play.actions import ScenarioFailures


def entry(number, status_code):
    name, moment = f"event-{number}", f"2026-08-01T10:00:{number:02}"
    is_taken = status_code == 200
    return EventEntry("w", name, moment, moment, "a status", status_code, is_taken, 1, (), None, {})


@dataclass
class Limiting:
    """A scenario's state whose list of failed events, and whose answers to resends, follow a script."""

    failed: list
    head: str = ""
    answers: list = field(default_factory=list)
    limits: TimeLimits = field(default_factory=TimeLimits)
    latency: ReceiverLatency = field(default_factory=ReceiverLatency)
    active: tuple = ()
    is_breaking: bool = False
    hits: int = 0

    def __post_init__(self):
        everything = SimpleNamespace(expect="once")
        self.tracked = {each.webhook_event_id: everything for each in self.failed}
        self.raised_on, self.scenario, self.turn = ["w"], SimpleNamespace(needs_dependency=False), ""
        run = AnsweredRun(1, "", "Too many requests", 429, "", self.head)
        self.harness = SimpleNamespace(
            failed=lambda _: self.failed,
            limits=self.limits,
            patience=Patience(self.limits, self.latency),
            given=SimpleNamespace(latency=self.latency, process=None),
            sim=SimpleNamespace(event=lambda _: SimpleNamespace(runs=[run])),
            resend=self.resend,
        )

    def resend(self, events, *, ends_at):
        made = []
        for _, answer in zip(events, self.answers, strict=False):
            made.append(replace(answer))
            if ends_at(answer):
                break
        self.resent = made
        return made


def test_a_round_waits_as_the_receiver_asks():
    """Retry-After of the newest refusal, in seconds; and the run remembers that it limits requests."""
    state = Limiting([entry(1, 429), entry(2, 500)], head="Server: x\nretry-after: 7\n")
    assert 7 == ScenarioFailures(state).due().wait_s
    assert state.latency.limits_rate
    assert not ScenarioFailures(Limiting([entry(1, 500)])).due().wait_s


def test_no_wait_is_longer_than_a_scenario():
    """A quota of an hour leaves the scenario unknown, at its time."""
    state = Limiting([entry(1, 503)], head="Retry-After: 3600", limits=TimeLimits(timeout_s=5))
    assert 5 == ScenarioFailures(state).due().wait_s


def test_a_round_ends_with_the_first_request_that_is_one_too_many():
    """The pause before the next is longer while fewer are taken than refused, and short again afterwards."""
    state = Limiting([entry(n, 429) for n in range(9)], answers=[entry(0, 429), entry(1, 200)])
    job = ScenarioFailures(state)
    assert 0 == job.due().wait_s
    waits = []
    for _ in range(9):
        job.resend(job.due().events)
        waits.append(job.due().wait_s)
    assert 1 == len(state.resent)
    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == waits
    state.answers = [entry(n, 200) for n in range(9)]
    job.resend(job.due().events)
    assert 2.5 == job.due().wait_s


@pytest.mark.parametrize(("head", "until_s"), [("Retry-After: 1", 15), ("Retry-After: 20", 40)])
def test_a_receiver_that_asks_for_patience_gets_it_in_every_scenario(head, until_s):
    """One that asks for nothing gets it once in a run."""
    state = Limiting([entry(1, 429)], head=head, latency=ReceiverLatency(keeps_refusing=True))
    job = ScenarioFailures(state)
    job.due()
    assert (True, False) == (job.may_wait(until_s - 0.1), job.may_wait(until_s))
    silent = ScenarioFailures(Limiting([entry(1, 503)], latency=ReceiverLatency(keeps_refusing=True)))
    silent.due()
    assert not silent.may_wait(0.1)


def test_while_a_fault_is_on_nothing_is_read_from_what_it_answers():
    """The 429 may be ours."""
    state = Limiting([entry(1, 429)], head="Retry-After: 7", answers=[entry(1, 429)], is_breaking=True)
    job = ScenarioFailures(state)
    job.due()
    job.resend([("w", "event-1")])
    assert (0, False) == (job.due().wait_s, state.latency.limits_rate)
