"""When to stop before the next scenario, because it would show nothing more."""

from frontsim.verdicts import Verdict
from frontsim.verification.facts.history import History
from frontsim.verification.play.probes.preflight import ACKNOWLEDGED, ANSWERS, SEEN, SEEN_ONCE

_NEVER_SETTLED = "never settled"
_BLINDNESS = {
    ANSWERS: "the observer did not answer",
    SEEN: "the observer did not show a clean event",
    SEEN_ONCE: "the observer showed a clean event more than once",
    _NEVER_SETTLED: "the effects did not come to rest",
}
"""What keeps effects from being judged, in words."""


def blindness(history: History, verdict: Verdict) -> str:
    """What kept the effects of a scenario from being judged: a key of `_BLINDNESS`; "" when they were judged."""
    if verdict is not Verdict.UNKNOWN:
        return ""
    failed = [check.name for check in history.preflight if check.failure and check.name != ACKNOWLEDGED]
    if failed:
        return failed[0]
    if history.observer_failure:
        return ANSWERS
    return _NEVER_SETTLED if not history.settled else ""


def reason_to_stop(history: History, *, blind: str, blind_before: str | None, can_restart: bool) -> str:
    """Why the scenarios after this one are not played; "" when they are.

    Args:
        history: of the scenario that was played last.
        blind: its `blindness`.
        blind_before: that of the scenario played before it; None for the first.
        can_restart: the receiver is our process, so a dead one can be started again.
    """
    if not can_restart and (reason := _receiver_is_gone(history)):
        return f"not tried: {reason}"
    is_blind_twice = blind and blind == blind_before
    is_blind_from_the_start = blind == SEEN and blind_before is None
    if is_blind_twice or is_blind_from_the_start:
        return f"not tried: {_BLINDNESS[blind]} in {history.scenario}"
    return ""


def _receiver_is_gone(history: History) -> str:
    if any(check.unanswered for check in history.preflight):
        return f"the receiver gave no answer to a clean event in {history.scenario}"
    if history.liveness is not None and history.liveness.failure:
        return f"the receiver stopped answering in {history.scenario}, and there is no --receiver-cmd to start it again"
    return ""
