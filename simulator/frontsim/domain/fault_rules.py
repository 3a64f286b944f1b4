"""The fault rules of a running simulator, and a rule as JSON.

{"fault": NAME, "match": {"event", "webhookId", "url", "trigger", "run", "operation", "from", "to"},
     "times": n or null, "probability": 1.0, "params": {...}}

Everything but `fault` may be left out. What is not understood is refused, all of it in one answer.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from frontsim.clock import Milliseconds, WireTime
from frontsim.domain.faults import FAULTS, DeliveryFacts, Fault, FaultRule, FaultStage, Match, fault_for
from frontsim.domain.model import Trigger
from frontsim.errors import BadInput, UnknownFaultRule
from frontsim.user_input.fields import Fields, shown_briefly
from frontsim.wording import near

MOST = 1_000
"""Rules at most, because each is checked for every delivery."""


class FaultRules:
    """Rules in the order in which they are tried, and how often each has fired.

    They are kept in memory. A restart forgets them, so that yesterday's faults do not break today's deliveries.
    """

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._rules: dict[int, FaultRule] = {}
        self._next = 1
        self.fired: Counter[int] = Counter()

    def __iter__(self) -> Iterator[FaultRule]:
        return iter(list(self._rules.values()))

    @property
    def any(self) -> bool:
        return bool(self._rules)

    def add(self, rule: FaultRule) -> FaultRule:
        """Append a rule, and give it a number. Raises BadInput if there are too many."""
        if len(self._rules) >= MOST:
            text = f"expected at most {MOST:,} fault rules, got one more; DELETE /_sim/faults/{{id}} removes one"
            raise BadInput(text, {"": [text]})
        numbered = replace(rule, number=self._next)
        self._rules[self._next] = numbered
        self._next += 1
        return numbered

    def replace(self, number: int, rule: FaultRule) -> FaultRule:
        """Replace a rule; its number and its count stay. Raises UnknownFaultRule."""
        self.get(number)
        numbered = replace(rule, number=number)
        self._rules[number] = numbered
        return numbered

    def get(self, number: int) -> FaultRule:
        """The rule of that number. Raises UnknownFaultRule."""
        try:
            return self._rules[number]
        except KeyError:
            raise UnknownFaultRule(f"no fault rule {number}; GET /_sim/faults lists them") from None

    def remove(self, number: int) -> None:
        """Remove a rule. Raises UnknownFaultRule."""
        self.get(number)
        del self._rules[number]

    def clear(self) -> None:
        self._rules.clear()

    def reset(self) -> None:
        """Start again: the next rule is number 1, so that the seed decides as it did the first time."""
        self._rules.clear()
        self.fired.clear()
        self._next = 1

    def apply_first_match(self, facts: DeliveryFacts, *, skipping: Collection[int] = ()) -> FaultRule | None:
        """The rule that applies now, counted as fired; rules with the numbers `skipping` are left out."""
        rules = [rule for rule in self._rules.values() if rule.number not in skipping]
        rule = fault_for(rules, facts, fired=self.fired, seed=self._seed)
        if rule is not None:
            self.fired[rule.number] += 1
        return rule


LONGEST = 2_048
"""Characters of a text in `match`."""

_HELP = "`frontsim fault --help`"
_KEYS = ("fault", "match", "times", "probability", "params")
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
    fields = Fields(value)
    fields.only(*(_KEYS if replaces is None else ("id", *_KEYS, "fired")))
    if replaces is not None and value.get("id", str(replaces)) != str(replaces):
        fields.refuse("id", f"the id in the path, {str(replaces)!r}")
    fault = _fault(fields, whole=replaces is not None)
    wanted = fields.within("match")
    match = _match(wanted, wire_time, known)
    if fault is not None:
        _refuse_what_never_matches(fault, wanted)
    params = {} if fault is None else _params(fault, fields.within("params"))
    times = fields.whole("times", least=1)
    probability = fields.number("probability", least=0, most=1)
    if probability is None and fields.has("probability") and fields.raw("probability") is None:
        fields.refuse("probability", "a number from 0 to 1")
    fields.check(f"this fault rule cannot be used ({_HELP}): ")
    assert fault is not None
    return FaultRule(
        number=0,
        fault=fault.name,
        match=match,
        times=times,
        probability=1.0 if probability is None else float(probability),
        params=params,
    )


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


def _fault(fields: Fields, *, whole: bool) -> Fault | None:
    name = fields.raw("fault")
    if isinstance(name, str) and name in FAULTS:
        return FAULTS[name]
    hint = near(name, FAULTS) if isinstance(name, str) else ""
    if whole and not fields.has("fault"):
        hint = ": PUT takes a whole rule, not a part of one"
    fields.refuse("fault", f"one of {', '.join(FAULTS)} ({_HELP})", hint=hint)
    return None


def _match(fields: Fields, wire_time: WireTime, known: Mapping[str, Callable[[str], str]]) -> Match:
    fields.only(*_MATCH_KEYS)
    spelling = {"webhookId": _webhook_id, "trigger": _trigger, **known}
    found: dict[str, Any] = {}
    for name, attribute in _TEXTS.items():
        found[attribute] = _spelt(fields, name, spelling.get(name, str))
    for name, attribute in _MOMENTS.items():
        found[attribute] = _moment(fields, name, wire_time)
    match = Match(run=fields.whole("run", least=1), **found)
    if match.since is not None and match.until is not None and match.since >= match.until:
        fields.refuse("to", f"a date after {fields.got('from')}")
    return match


def _spelt(fields: Fields, name: str, spelling: Callable[[str], str]) -> str | None:
    """A text in its own spelling."""
    text = fields.text(name, most=LONGEST, blank=fields.raw(name) != "")
    try:
        return None if text is None else spelling(text)
    except BadInput as error:
        fields.note(name, str(error))
        return None


def _webhook_id(wanted: str) -> str:
    try:
        return str(UUID(wanted))
    except ValueError:
        raise BadInput(f"expected a webhook's id, a UUID, got {shown_briefly(wanted)}") from None


def _trigger(wanted: str) -> str:
    if wanted not in tuple(Trigger):
        raise BadInput(f"expected {' or '.join(Trigger)}, got {shown_briefly(wanted)}")
    return wanted


def _moment(fields: Fields, name: str, wire_time: WireTime) -> Milliseconds | None:
    """A moment that a listing can show; TOML has its own dates."""
    value = fields.raw(name)
    if value is None:
        return None
    try:
        text = str(value) if isinstance(value, str | date) else shown_briefly(value)
        moment = wire_time.read(text, upper=name == "to")
        wire_time.write(moment)
    except (ValueError, OverflowError) as error:
        fields.note(name, str(error))
        return None
    return moment


def _refuse_what_never_matches(fault: Fault, match: Fields) -> None:
    """An API fault applies to calls, every other one to deliveries: a rule that mixes them would never match."""
    on_api = fault.stage is FaultStage.API
    fits = ("operation", *_MOMENTS) if on_api else tuple(name for name in _MATCH_KEYS if name != "operation")
    for name in _MATCH_KEYS:
        if match.raw(name) is not None and name not in fits:
            applies_to = "calls of the API" if on_api else "deliveries"
            match.note(name, f"expected one of {', '.join(fits)}: {fault.name} applies to {applies_to}")


def _params(fault: Fault, fields: Fields) -> Mapping[str, Any]:
    fields.only(*fault.params)
    for name, param in fault.params.items():
        if fields.has(name) and not param.takes(fields.raw(name)):
            fields.refuse(name, param.expected)
    return dict(fields.value)
