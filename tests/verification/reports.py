"""A report made by hand, which the tests of all forms of it share."""

from frontsim.domain.model import Outcome, Trigger
from frontsim.masking import CommandLine
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import Effect, EventFact, FaultFact, History, Observation, Run
from frontsim.verification.judge.checks import Judgement, judge
from frontsim.verification.played import Played, Report
from frontsim.verification.scenario import scenario
from tests.verification.laboratory import CONTRACT

WORDS = ("--receiver", "http://shop/hook")


def by_hand() -> Report:
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
    return Report(
        "http://shop/hook",
        7,
        played,
        CONTRACT,
        replay=lambda name: CommandLine(("frontsim", "verify", *WORDS, "--scenario", name, "--seed", "7")),
    )
