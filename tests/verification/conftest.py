"""Wiring: receivers to play against, and a report made by hand."""

import shlex
from contextlib import contextmanager
from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import Effect, EventFact, FaultFact, History, Observation, Run
from frontsim.verification.judge.checks import Judgement, judge
from frontsim.verification.played import Played, Report
from frontsim.verification.scenario import scenario
from tests.support.ports import free_port
from tests.support.receiver import command, serving
from tests.verification.laboratory import CONTRACT, HASTY, open_shop, play, requested


@pytest.fixture(scope="session", name="free_port")
def free_port_fixture():
    """Finds a port on which nothing listens."""
    return free_port


@pytest.fixture
def receiver(tmp_path):
    """Runs a receiver of the registry in a thread: `with receiver("inbox") as url`."""

    @contextmanager
    def run(variant):
        with serving(variant, tmp_path / f"{variant}.db") as url:
            yield url

    return run


@pytest.fixture
def child_command(tmp_path):
    """A command line that runs a receiver as a child, with its URL."""

    def make(variant):
        port = free_port()
        return f"http://127.0.0.1:{port}", shlex.join(command(variant, tmp_path / f"{variant}.db", port=port))

    return make


@pytest.fixture(name="requested")
def requested_fixture():
    """Makes the request for a receiver's URL."""
    return requested


@pytest.fixture(name="play")
def play_fixture():
    """Plays scenarios: `play(request, "steady")`."""
    return play


@pytest.fixture
def limits():
    """Makes limits that give what is missing little time, with changes."""
    return lambda **changes: replace(HASTY, **changes)


@pytest.fixture
def shop():
    """A shop that is open: right, until a test says otherwise."""
    with open_shop() as opened:
        yield opened


@pytest.fixture
def report():
    """A report made by hand: one scenario that found a duplicate, one unknown, one skipped, one verified."""
    storm, steady, crash, late = (
        each for name in ("storm", "steady", "crash-after-ack", "late-resend") for each in scenario.chosen([name])
    )
    first = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 120, at="12:00:01.12", faulted=True)
    second = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 900, at="12:00:01.9")
    sale = EventFact("w", "0192-sale", "SaleCreated", (first, second), payload={"note": "<b>&"})
    history = History(
        "storm",
        (sale, EventFact("w", "0192-other", "SaleCreated", (second,))),
        observer="a list",
        final=Observation(1000, (Effect("0192-sale"), Effect("0192-sale"), Effect("0192-other"))),
        faults=(FaultFact("lost-response", 100, 200),),
        marks=((500, "receiver killed"),),
        duration_s=1.5,
    )
    trouble = History("steady", trouble="the observer <is> down & out")
    right = History(
        "late-resend", (EventFact("w", "x", "SaleCreated", (second,)),), final=Observation(9, (Effect("x"),))
    )
    played = [
        Played(storm, history, judge(history, CONTRACT)),
        Played(steady, trouble, judge(trouble, CONTRACT)),
        Played(crash, History(crash.name), Judgement(Verdict.SKIPPED, "it needs --receiver-cmd")),
        Played(late, right, judge(right, CONTRACT)),
    ]
    again = "frontsim verify --receiver http://shop/hook --scenario {} --seed 7"
    return Report("http://shop/hook", 7, played, CONTRACT, replay=again.format)
