"""What a fault rule makes of a delivery, as far as the rule alone decides it. Pure: the dispatcher carries it out."""

from collections.abc import Callable, Mapping

from frontsim.delivery.send_plan import (
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    SendPlan,
    give_up,
    partial_body,
    slow_body,
    slow_headers,
)
from frontsim.domain.faults import FaultRule
from frontsim.domain.model import Outcome, Result
from frontsim.domain.status_text import StatusText, of_status

_NEVER_ARRIVES = {
    "refuse": StatusText.CONNECTION_REFUSED,
    "dns-failure": StatusText.NAME_NOT_RESOLVED,
    "connect-timeout": StatusText.CONNECT_TIMEOUT,
    "tls-failure": StatusText.TLS_FAILED,
}
_SEND_PLANS: Mapping[str, Callable[[FaultRule], SendPlan]] = {
    "partial-body": lambda rule: partial_body(share=rule.param("fraction")),
    "slow-headers": lambda rule: slow_headers(rate=rule.param("bytesPerS")),
    "slow-body": lambda rule: slow_body(rate=rule.param("bytesPerS")),
    "lost-response": lambda _: LOST_RESPONSE,
    "reset-after-send": lambda _: RESET_AFTER_SEND,
    "timeout": lambda rule: give_up(after_s=rule.param("afterS")),
}


def send_plan(rule: FaultRule) -> SendPlan:
    """How a delivery is sent that reaches the receiver in part, or whose answer does not count."""
    return _SEND_PLANS[rule.fault](rule)


def result_in_log(rule: FaultRule) -> Result:
    """What the log says of a delivery that never arrives, or about which it lies."""
    if rule.fault in _NEVER_ARRIVES:
        return Result(Outcome.NOT_SENT, str(_NEVER_ARRIVES[rule.fault]), duration_ms=0)
    status = 200 if rule.fault == "false-success" else rule.param("status")
    return Result(Outcome.ANSWERED, of_status(status), status, duration_ms=0)
