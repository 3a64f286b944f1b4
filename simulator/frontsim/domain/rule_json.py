"""A fault rule as JSON: read from the API and from scenario files, written for listings.

    {"fault": NAME, "match": {"event", "webhookId", "url", "trigger", "run", "operation", "from", "to"},
     "times": n or null, "probability": 1.0, "params": {...}}

Everything but `fault` may be left out. What is not understood is refused, all of it in one answer.
"""

import difflib
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from frontsim.clock import Milliseconds, WireTime
from frontsim.domain.faults import FAULTS, Fault, FaultRule, FaultStage, Match
from frontsim.domain.model import Trigger
from frontsim.errors import BadInput
from frontsim.validation import MOST_NAMES, shown

LONGEST = 2_048
"""Characters of a text in `match`: of a URL no more is told apart."""

_HELP = "`frontsim fault --help`"
_KEYS = ("fault", "match", "times", "probability", "params")
_MOST_SHOWN = 100
_TEXTS = {"event": "event", "webhookId": "webhook_id", "url": "url", "trigger": "trigger", "operation": "operation"}
_MOMENTS = {"from": "since", "to": "until"}
_MATCH_KEYS = (*_TEXTS, "run", *_MOMENTS)


def read_rule(
    value: Mapping[str, Any],
    wire_time: WireTime,
    *,
    known: Mapping[str, Callable[[str], str]] = MappingProxyType({}),
    replaces: int | None = None,
) -> FaultRule:
    """A rule, not yet numbered (number 0).

    Args:
        value: the JSON object.
        wire_time: reads `from` and `to`, as the vendor's API reads them.
        known: for a text of `match`, what gives its own spelling, or raises BadInput where there is no such thing.
        replaces: the number of a rule; it may be replaced by what it was listed as, with its `id` and `fired`.

    Raises:
        BadInput: with every field that is wrong, what it takes and what came.
    """
    problems: dict[str, list[str]] = {}
    _refuse_others(value, _KEYS if replaces is None else ("id", *_KEYS, "fired"), "", problems)
    if replaces is not None and value.get("id", str(replaces)) != str(replaces):
        problems["id"] = [f"expected the id in the path, {str(replaces)!r}, got {_got(value, 'id')}"]
    fault = _fault(value, problems, whole=replaces is not None)
    wanted = _object(value, "match", problems)
    match = _match(wanted, wire_time, known, problems)
    _refuse_what_never_matches(fault, wanted, match, problems)
    params = _params(fault, _object(value, "params", problems), problems)
    times = value.get("times")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        text = f"expected a whole number, 1 or more, or null for without end, got {_got(value, 'times')}"
        problems["times"] = [text]
    probability = value.get("probability", 1.0)
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        problems["probability"] = [f"expected a number, 0 to 1, got {_got(value, 'probability')}"]
    if problems:
        story = "; ".join(f"{name}: {text}" for name, texts in problems.items() for text in texts)
        raise BadInput(f"this fault rule cannot be used ({_HELP}): {story}", problems)
    assert fault is not None
    return FaultRule(
        number=0, fault=fault.name, match=match, times=times, probability=float(probability), params=params
    )  # fmt: skip


def write_rule(rule: FaultRule, fired: int, wire_time: WireTime) -> dict[str, Any]:
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


def _fault(value: Mapping[str, Any], problems: dict[str, list[str]], *, whole: bool) -> Fault | None:
    name = value.get("fault")
    if isinstance(name, str) and name in FAULTS:
        return FAULTS[name]
    close = difflib.get_close_matches(name[:_MOST_SHOWN], FAULTS, n=1) if isinstance(name, str) else []
    hint = f", perhaps {close[0]!r}" if close else ""
    if whole and "fault" not in value:
        hint = ": PUT takes a whole rule, not a part of one"
    problems["fault"] = [f"expected one of {', '.join(FAULTS)} ({_HELP}), got {_got(value, 'fault')}{hint}"]
    return None


def _object(value: Mapping[str, Any], name: str, problems: dict[str, list[str]]) -> Mapping[str, Any]:
    found = value.get(name)
    if found is None or isinstance(found, Mapping):
        return found or {}
    problems[name] = [f"expected an object, got {_got(value, name)}"]
    return {}


def _match(
    value: Mapping[str, Any],
    wire_time: WireTime,
    known: Mapping[str, Callable[[str], str]],
    problems: dict[str, list[str]],
) -> Match:
    _refuse_others(value, _MATCH_KEYS, "match.", problems)
    spelt = {"webhookId": _webhook_id, "trigger": _trigger, **known}
    found: dict[str, Any] = {}
    for name, attribute in _TEXTS.items():
        try:
            found[attribute] = None if value.get(name) is None else _text(value[name], spelt.get(name, str))
        except BadInput as error:
            found[attribute] = None
            problems[f"match.{name}"] = [str(error)]
    run = value.get("run")
    if run is not None and (isinstance(run, bool) or not isinstance(run, int) or run < 1):
        problems["match.run"] = [f"expected a whole number, 1 or more, got {_got(value, 'run')}"]
    for name, attribute in _MOMENTS.items():
        try:
            found[attribute] = None if value.get(name) is None else _moment(value[name], wire_time, upper=name == "to")
        except (ValueError, OverflowError) as error:
            found[attribute] = None
            problems[f"match.{name}"] = [str(error)]
    return Match(run=run, **found)


def _text(value: object, spelt: Callable[[str], str]) -> str:
    """A text in its own spelling. Raises BadInput."""
    if not isinstance(value, str) or not value:
        raise BadInput(f"expected a text, got {_shown(value)}")
    if len(value) > LONGEST:
        raise BadInput(f"expected a text of at most {LONGEST:,} characters, got {len(value):,}")
    return spelt(value)


def _webhook_id(wanted: str) -> str:
    try:
        return str(UUID(wanted))
    except ValueError:
        raise BadInput(f"expected a webhook's id, a UUID, got {_shown(wanted)}") from None


def _trigger(wanted: str) -> str:
    if wanted not in tuple(Trigger):
        raise BadInput(f"expected {' or '.join(Trigger)}, got {_shown(wanted)}")
    return wanted


def _moment(value: object, wire_time: WireTime, *, upper: bool) -> Milliseconds:
    """A moment that can be listed. Raises ValueError, OverflowError."""
    moment = wire_time.read(str(value) if isinstance(value, str | date) else _shown(value), upper=upper)
    wire_time.write(moment)
    return moment


def _refuse_what_never_matches(
    fault: Fault | None, wanted: Mapping[str, Any], match: Match, problems: dict[str, list[str]]
) -> None:
    """A rule that can never match helps nobody: an API fault strikes calls, every other one deliveries."""
    on_api = fault is not None and fault.stage is FaultStage.API
    fits = ("operation", *_MOMENTS) if on_api else tuple(name for name in _MATCH_KEYS if name != "operation")
    for name in _MATCH_KEYS:
        if fault is not None and wanted.get(name) is not None and name not in fits:
            strikes = "calls of the API" if on_api else "deliveries"
            problems[f"match.{name}"] = [f"expected one of {', '.join(fits)}: {fault.name} strikes {strikes}"]
    if match.since is not None and match.until is not None and match.since >= match.until:
        problems["match.to"] = [f"expected a date after {_got(wanted, 'from')}, got {_got(wanted, 'to')}"]


def _params(fault: Fault | None, value: Mapping[str, Any], problems: dict[str, list[str]]) -> Mapping[str, Any]:
    if fault is None:
        return {}
    _refuse_others(value, tuple(fault.params), "params.", problems)
    for name, param in fault.params.items():
        if name in value and not param.takes(value[name]):
            problems[f"params.{name}"] = [f"expected {param.expected}, got {_got(value, name)}"]
    return dict(value)


def _got(value: Mapping[str, Any], name: str) -> str:
    """What came under a name, in JSON's words."""
    return _shown(value[name]) if name in value else "nothing"


def _shown(value: object) -> str:
    """A value in JSON's words, cut short: what was sent may be of any size."""
    return repr(value[:_MOST_SHOWN]) if isinstance(value, str) else shown(value)


def _refuse_others(
    value: Mapping[str, Any], known: tuple[str, ...], prefix: str, problems: dict[str, list[str]]
) -> None:
    others = [name for name in value if name not in known]
    takes = f"one of {', '.join(known)}" if known else "nothing here"
    for name in others[:MOST_NAMES]:
        problems[f"{prefix}{name[:_MOST_SHOWN]}"] = [f"expected {takes}, got the name {_shown(name)}"]
    if len(others) > MOST_NAMES:
        text = f"expected {takes}, got {len(others) - MOST_NAMES:,} more names"
        problems.setdefault(prefix.removesuffix("."), []).append(text)
