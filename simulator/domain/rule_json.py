"""A fault rule as JSON: read from the API and from scenario files, written for listings.

    {"fault": NAME, "match": {"event", "webhookId", "url", "trigger", "run", "operation", "from", "to"},
     "times": n or null, "probability": 1.0, "params": {...}}

Everything but `fault` may be left out. What is not understood is refused, all of it in one answer.
"""

import difflib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from simulator.clock import WireTime
from simulator.domain.faults import FAULTS, Fault, Match, Rule, Stage
from simulator.domain.model import Trigger
from simulator.errors import BadInput

_KEYS = ("fault", "match", "times", "probability", "params")
_TEXTS = {"event": "event", "webhookId": "webhook_id", "url": "url", "trigger": "trigger", "operation": "operation"}
_MOMENTS = {"from": "since", "to": "until"}
_MATCH_KEYS = (*_TEXTS, "run", *_MOMENTS)


def read_rule(value: Mapping[str, Any], wire_time: WireTime) -> Rule:
    """A rule, not yet numbered (number 0).

    Args:
        value: the JSON object.
        wire_time: reads `from` and `to`, as the vendor's API reads them.

    Raises:
        BadInput: with every field that is wrong, what it takes and what came.
    """
    problems: dict[str, list[str]] = {}
    _refuse_others(value, _KEYS, "", problems)
    fault = _fault(value.get("fault"), problems)
    wanted = _object(value.get("match"), "match", problems)
    match = _match(wanted, wire_time, problems)
    _refuse_what_never_matches(fault, wanted, match, problems)
    params = _params(fault, _object(value.get("params"), "params", problems), problems)
    times = value.get("times")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        problems["times"] = [f"expected a whole number, 1 or more, or null for without end, got {_shown(times)}"]
    probability = value.get("probability", 1.0)
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        problems["probability"] = [f"expected a number, 0 to 1, got {_shown(probability)}"]
    if problems:
        story = "; ".join(f"{name}: {text}" for name, texts in problems.items() for text in texts)
        raise BadInput(f"this fault rule cannot be used: {story} (`frontsim fault --help`)", problems)
    assert fault is not None
    return Rule(
        number=0, fault=fault.name, match=match, times=times, probability=float(probability), params=params
    )  # fmt: skip


def write_rule(rule: Rule, fired: int, wire_time: WireTime) -> dict[str, Any]:
    """The rule as it is listed: with its id, its defaults filled in, and how often it has fired."""
    match = {name: getattr(rule.match, attribute) for name, attribute in _TEXTS.items()} | {"run": rule.match.run}
    for name, attribute in _MOMENTS.items():
        moment = getattr(rule.match, attribute)
        match[name] = None if moment is None else wire_time.write(moment)
    return {
        "id": str(rule.number),
        "fault": rule.fault,
        "match": {name: wanted for name, wanted in match.items() if wanted is not None},
        "times": rule.times,
        "probability": rule.probability,
        "params": {name: rule.param(name) for name in FAULTS[rule.fault].params},
        "fired": fired,
    }


def _fault(name: object, problems: dict[str, list[str]]) -> Fault | None:
    if isinstance(name, str) and name in FAULTS:
        return FAULTS[name]
    close = difflib.get_close_matches(name, FAULTS, n=1) if isinstance(name, str) else []
    hint = f", perhaps {close[0]!r}" if close else ""
    problems["fault"] = [f"expected one of {', '.join(FAULTS)}, got {_shown(name)}{hint}"]
    return None


def _object(value: object, name: str, problems: dict[str, list[str]]) -> Mapping[str, Any]:
    if value is None or isinstance(value, Mapping):
        return value or {}
    problems[name] = [f"expected an object, got {_shown(value)}"]
    return {}


def _match(value: Mapping[str, Any], wire_time: WireTime, problems: dict[str, list[str]]) -> Match:
    _refuse_others(value, _MATCH_KEYS, "match.", problems)
    found: dict[str, Any] = {}
    for name, attribute in _TEXTS.items():
        wanted = value.get(name)
        if wanted is not None and not (isinstance(wanted, str) and wanted):
            problems[f"match.{name}"] = [f"expected a text, got {_shown(wanted)}"]
        found[attribute] = wanted
    found["webhook_id"] = _webhook_id(found["webhook_id"], problems)
    if found["trigger"] not in (None, *Trigger):
        problems["match.trigger"] = [f"expected {' or '.join(Trigger)}, got {_shown(found['trigger'])}"]
    run = value.get("run")
    if run is not None and (isinstance(run, bool) or not isinstance(run, int) or run < 1):
        problems["match.run"] = [f"expected a whole number, 1 or more, got {_shown(run)}"]
    for name, attribute in _MOMENTS.items():
        try:
            found[attribute] = None if value.get(name) is None else wire_time.read(str(value[name]), upper=name == "to")
            wire_time.write(found[attribute] or 0)  # so that the rule can be listed
        except (ValueError, OverflowError) as error:
            found[attribute] = None
            problems[f"match.{name}"] = [str(error)]
    return Match(run=run, **found)


def _webhook_id(wanted: Any, problems: dict[str, list[str]]) -> str | None:
    try:
        return None if wanted is None else str(UUID(str(wanted)))
    except ValueError:
        problems["match.webhookId"] = [f"expected a webhook's id, a UUID, got {_shown(wanted)}"]
        return None


def _refuse_what_never_matches(
    fault: Fault | None, wanted: Mapping[str, Any], match: Match, problems: dict[str, list[str]]
) -> None:
    """A rule that can never match helps nobody: an API fault strikes calls, every other one deliveries."""
    on_api = fault is not None and fault.stage is Stage.API
    fits = ("operation", *_MOMENTS) if on_api else tuple(name for name in _MATCH_KEYS if name != "operation")
    for name in _MATCH_KEYS:
        if fault is not None and wanted.get(name) is not None and name not in fits:
            strikes = "calls of the API" if on_api else "deliveries"
            problems[f"match.{name}"] = [f"expected one of {', '.join(fits)}: {fault.name} strikes {strikes}"]
    if match.since is not None and match.until is not None and match.since >= match.until:
        problems["match.to"] = [f"expected a date after {wanted['from']!r}, got {_shown(wanted['to'])}"]


def _params(fault: Fault | None, value: Mapping[str, Any], problems: dict[str, list[str]]) -> Mapping[str, Any]:
    if fault is None:
        return {}
    _refuse_others(value, tuple(fault.params), "params.", problems)
    for name, param in fault.params.items():
        if name in value and not param.takes(value[name]):
            problems[f"params.{name}"] = [f"expected {param.expected}, got {_shown(value[name])}"]
    return dict(value)


def _shown(value: object) -> str:
    """A value as it came, cut short: what was sent may be of any size."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."


def _refuse_others(
    value: Mapping[str, Any], known: tuple[str, ...], prefix: str, problems: dict[str, list[str]]
) -> None:
    for name in value:
        if name not in known:
            takes = f"one of {', '.join(known)}" if known else "nothing here"
            problems[f"{prefix}{name}"] = [f"expected {takes}, got the name {_shown(name)}"]
