"""The facts of a scenario by themselves."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import (
    ContentCheck,
    Effect,
    EventFact,
    Expect,
    FaultFact,
    History,
    Liveness,
    PreflightCheck,
    Run,
    StateRow,
)


def run(code):
    return Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "words", code, 0)


@pytest.mark.parametrize(("code", "expected"), [(None, False), (199, False), (200, True), (299, True), (300, False)])
def test_only_a_2xx_acknowledges(code, expected):
    """Published: only that counts as received."""
    assert expected is run(code).acknowledged
    assert expected is EventFact("w", "e", "SaleCreated", (run(500), run(code))).acknowledged


EVENT = EventFact("w", "e", "SaleCreated", ())
FAILED, PASSED = PreflightCheck("seen", "it was not seen"), PreflightCheck("answers")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"events": (EVENT,)}, ""),
        ({"events": (EVENT,), "preflight": (PASSED,)}, ""),
        ({}, "expected events of this scenario in the log, got none"),
        ({"preflight": (PASSED, FAILED)}, "it was not seen"),
        ({"preflight": (FAILED, PreflightCheck("other", "other"))}, "it was not seen"),
        ({"preflight": (FAILED,), "trouble": "it went away"}, "it went away"),
    ],
)
def test_what_makes_a_history_prove_nothing(facts, reason):
    """Trouble of our own first, then a check before the scenario, then that nothing was raised."""
    assert reason == History("steady", **facts).why_not_judged


def test_unrecorded_facts_are_those_of_a_quiet_scenario():
    """Facts that a test or an old run leaves out are those of a quiet scenario, judged as usual."""
    plain = History("steady")
    assert (plain.observer, plain.observer_key, plain.observer_failure) == ("", "webhookEventId", "")
    assert (plain.check_content, plain.is_alone, plain.settled, plain.unfinished) == (
        ContentCheck.KNOWN,
        True,
        True,
        False,
    )
    assert (plain.duration_s, plain.waited_s, plain.limit, plain.trouble) == (0.0, 0.0, "", "")
    assert ({}, (), None, None) == (plain.column_map, plain.earlier, plain.final, plain.liveness)
    assert (run(200).at, run(200).duration_ms, run(200).faulted, run(200).mutated) == ("", 0, False, False)
    assert (EVENT.expect, EVENT.entity, EVENT.altered, EVENT.series, EVENT.rank) == (Expect.ONCE, None, False, "", 0)
    assert (Effect("e").value, EVENT.payload, EVENT.state) == (None, None, None)
    fault = FaultFact("refuse", 0, 1)
    assert ("", False, False) == (fault.detail, fault.tolerable, fault.on_api)
    assert ("", "", False) == (Liveness().failure, PASSED.failure, PASSED.unanswered)


def test_the_choices_have_the_names_that_users_give():
    """`--check-content exact|known|off`, and what a scenario's step expects."""
    assert ["exact", "known", "off"] == list(ContentCheck)
    assert ["once", "refused", "either"] == list(Expect)


def test_what_a_history_does_not_say():
    """Nothing was late, limited or scaled, and no column was named by the user."""
    history = History("steady", ())
    assert ("", "", "", {}) == (history.overload, history.limit, history.volume, history.column_map)
    assert "" == StateRow("customerId", "7").since
