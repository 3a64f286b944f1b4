"""Each fault makes something of a delivery: one that is sent all the same has a plan, any other has its result."""

import pytest

from frontsim.delivery.send_plan import WHOLE, Ending, SendPlan, result_in_log, send_plan
from frontsim.domain.faults import FAULTS, FaultRule, FaultStage, Match
from frontsim.domain.model import Outcome, Result

SENT = [
    name for name, fault in FAULTS.items() if fault.stage in (FaultStage.ARRIVES_IN_PART, FaultStage.ANSWER_IS_LOST)
]
NEVER_ARRIVES = [name for name, fault in FAULTS.items() if fault.stage is FaultStage.NEVER_ARRIVES]


def rule(fault: str, **params: float) -> FaultRule:
    return FaultRule(number=1, fault=fault, match=Match(), times=None, probability=1.0, params=params)


@pytest.mark.parametrize("fault", SENT)
def test_a_fault_on_the_way_has_a_plan_of_its_own(fault: str) -> None:
    """A new fault of these stages without a plan would be sent as usual, or end in an error."""
    assert WHOLE is not send_plan(rule(fault))


def test_a_plan_follows_the_parameters() -> None:
    assert b"0123" == send_plan(rule("partial-body", fraction=0.4)).part_of(b"0123456789")
    plans = {
        "slow-headers": SendPlan(head_rate=7),
        "slow-body": SendPlan(body_rate=7),
        "timeout": SendPlan(ending=Ending.GIVE_UP, after_s=7),
        "lost-response": SendPlan(ending=Ending.LOSE),
        "reset-after-send": SendPlan(ending=Ending.RESET),
    }
    assert plans == {fault: send_plan(rule(fault, bytesPerS=7, afterS=7)) for fault in plans}


@pytest.mark.parametrize("fault", [name for name in NEVER_ARRIVES if name != "answer"])
def test_what_never_arrives_is_not_sent(fault: str) -> None:
    result = result_in_log(rule(fault))
    assert (Outcome.NOT_SENT, None, 0) == (result.outcome, result.status_code, result.duration_ms)
    assert result.status not in ("", "Not sent")  # the text says why, and is not that of a stop


@pytest.mark.parametrize(
    ("given", "logged"),
    [
        (rule("answer", status=503), Result(Outcome.ANSWERED, "Service unavailable", 503, 0)),
        (rule("false-failure", status=404), Result(Outcome.ANSWERED, "Not found", 404, 0)),
        (rule("false-success"), Result(Outcome.ANSWERED, "OK", 200, 0)),
    ],
)
def test_a_log_that_lies_says_what_the_rule_says(given: FaultRule, logged: Result) -> None:
    assert logged == result_in_log(given)
