"""When to stop before the next scenario, because it would show nothing more."""

from collections.abc import Iterable, Mapping

from frontsim.client.resend_job import is_refused_for_good
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
_SCENARIOS, _LEAST_S = 2, 5.0
"""A receiver that refuses everything is asked in so many scenarios at least, and for so long."""
_NOT_FOUND = 404
"""A proxy may answer so while the receiver behind it starts."""


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
        return reason
    is_blind_twice = blind and blind == blind_before
    is_blind_from_the_start = blind == SEEN and blind_before is None
    if is_blind_twice or is_blind_from_the_start:
        return f"{_BLINDNESS[blind]} in {history.scenario}"
    return ""


def _receiver_is_gone(history: History) -> str:
    if any(check.unanswered for check in history.preflight):
        return f"the receiver gave no answer to a clean event in {history.scenario}"
    if history.liveness is not None and history.liveness.failure:
        return f"the receiver stopped answering in {history.scenario}, and there is no --receiver-cmd to start it again"
    return ""


class Refusals:
    """What tells that a receiver takes no event at all: each clean event is refused, and the request is blamed for it.

    A receiver that may be starting, is overloaded or takes some types is never told so: any other answer, and any type
    that was not tried, leaves it open.

    Args:
        types: of the run.
        probed: the status of each type in a probe before the first scenario that refused all of them, else nothing.
        began_s: when the run began, by the stopwatch.
    """

    def __init__(self, types: Iterable[str], *, probed: Mapping[str, int | None], began_s: float) -> None:
        self._untried = set(types) - probed.keys()
        self._statuses = set(probed.values())
        self._began_s = began_s
        self._scenarios = 0
        self._is_open = False

    def note(self, refused: Mapping[str, int | None], *, now_s: float) -> str:
        """Take in the clean events of a scenario, none where one was acknowledged; why to stop, "" to play on."""
        self._is_open |= not refused
        self._untried -= refused.keys()
        self._statuses |= set(refused.values())
        self._scenarios += 1
        if self._is_open or self._untried or _NOT_FOUND in self._statuses or not is_refused_for_good(self._statuses):
            return ""
        if self._scenarios < _SCENARIOS or now_s - self._began_s < _LEAST_S:
            return ""
        answers = " and ".join(map(str, sorted(each for each in self._statuses if each is not None)))
        return f"the receiver refused every clean event, of each type, with {answers}"
