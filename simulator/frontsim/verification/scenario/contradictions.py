"""Which keys of a step do not fit each other."""

from zoneinfo import ZoneInfo

from frontsim.clock import WireTime
from frontsim.domain.faults import SINK
from frontsim.domain.rule_json import read_rule
from frontsim.errors import BadInput
from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.scenario.steps import JOB_CALLS, BreakDependency, Crash, CrashPoint, InjectFault, Raise, Step

_TIME = WireTime(ZoneInfo("UTC"))  # dates in a rule are only checked here, not used


def contradiction(step: Step) -> str:
    """Which key of a step does not fit the others, as `key: expected ..., got ...`; "" when all fit."""
    if isinstance(step, InjectFault):
        return _of_fault(step)
    if isinstance(step, BreakDependency):
        return _of_dependency(step)
    if isinstance(step, Crash):
        return _of_crash(step)
    return _of_raise(step) if isinstance(step, Raise) else ""


def _of_fault(step: InjectFault) -> str:
    rule = {name: getattr(step, name) for name in ("fault", "match", "probability", "params")}
    try:
        read_rule({**rule, "times": step.times or None}, _TIME, known=_KNOWN)
    except BadInput as error:
        return "; ".join(f"{name}: {text}" for name, texts in error.fields.items() for text in texts)
    if step.on_api and step.tolerable:
        return f"tolerable: expected none, got true: {step.fault} breaks calls of the API, which no receiver sees"
    return ""


def _of_dependency(step: BreakDependency) -> str:
    if step.delay_ms and step.fault is not DependencyFault.SLOW:
        return f"delay_ms: expected none beside {step.fault}, got {step.delay_ms}"
    if step.fault is DependencyFault.SLOW and not step.delay_ms:
        return "delay_ms: expected milliseconds beside slow, got none"
    if step.after and step.fault in (DependencyFault.DOWN, DependencyFault.STALL, DependencyFault.SLOW):
        return f"after: expected none beside {step.fault}, got {step.after}"
    return ""


def _of_crash(step: Crash) -> str:
    given = {name: getattr(step, name) for name in ("near_the_effect", "of_answer_time", "after_ms")}
    named = [name for name, value in given.items() if value]
    if step.at is not CrashPoint.WHOLE_BODY and named not in ([], ["after_ms"]):
        return f"{named[0]}: expected none beside {step.at}, got {given[named[0]]:g}"
    return f"{named[1]}: expected none beside {named[0]}, got {given[named[1]]:g}" if len(named) > 1 else ""


def _job_call(name: str) -> str:
    for known in (*JOB_CALLS, SINK):
        if name.lower() == known.lower():
            return known
    raise BadInput(
        f"expected {' or '.join(JOB_CALLS)}, what a scenario lists and resends through, or {SINK}, got {name[:64]!r}"
    )


def _no_webhook_id(_: str) -> str:
    raise BadInput("expected event or url instead: a webhook has its id only when the scenario is played")


_KNOWN = {"operation": _job_call, "webhookId": _no_webhook_id}
"""What a rule of a scenario may name, beyond what any rule may."""


def _of_raise(step: Raise) -> str:
    if not step.same_as:
        alone = [key for key in ("keep", "older_than", "newer_than") if getattr(step, key)]
        return f"{alone[0]}: expected same_as beside it, got none" if alone else ""
    if not step.keep:
        return "same_as: expected keep beside it, the paths that stay the same, got none"
    for key in ("older_than", "newer_than"):
        if (label := getattr(step, key)) not in ("", step.same_as):
            return f"{key}: expected {step.same_as!r} as in same_as, got {label!r}"
    if step.older_than and step.newer_than:
        return "newer_than: expected none beside older_than, got both"
    if step.grow:
        return "grow: expected none beside same_as, which takes the earlier event's values"
    return ""
