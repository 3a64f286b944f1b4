"""The faults, and the rules that say when they apply: the one registry that API, CLI, docs and scenarios read.

A rule is data; a pure function decides here which rule applies to a delivery. A rule's probability is drawn from the
seed, the rule and the delivery alone, so it does not depend on the order in which deliveries are sent. A call of the
API has no id; there it is drawn from the seed, the rule, and how many calls the rule has matched so far, so that calls
which the rule does not match change nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from frontsim.clock import Milliseconds


class FaultStage(StrEnum):
    """The stage of a delivery at which a fault applies."""

    NEVER_ARRIVES = "never reaches the receiver"
    ARRIVES_IN_PART = "reaches it in part"
    ANSWER_IS_LOST = "reaches it whole, the answer does not count"
    LOG_LIES = "the log lies"
    ODDLY_DELIVERED = "delivered oddly"
    CHANGED = "changed on the way"
    API = "on the vendor's API"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: a number within bounds (inclusive), or one of `words`; one whose `default` is None is required."""

    help: str
    default: Any
    least: float = 0
    most: float = math.inf
    whole: bool = False
    words: Sequence[str] = ()

    @property
    def expected(self) -> str:
        """The values that it takes, in words."""
        kind = "a whole number" if self.whole else "a number"
        bounds = f"{self.least:,} or more" if self.most == math.inf else f"{self.least:,} to {self.most:,}"
        choice = "".join(f"{word!r} or " for word in self.words)
        return f"{choice}{kind}, {bounds}"

    def takes(self, value: object) -> bool:
        """A value fits if it is one of the words, or a number within the bounds."""
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        return self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a delivery, its log entry, or a call of the API."""

    name: str
    stage: FaultStage
    help: str
    params: Mapping[str, Param] = field(default_factory=dict)


_STATUS = Param("The HTTP status.", 500, 200, 599, whole=True)
_FAILURE = Param("The HTTP status.", 500, 300, 599, whole=True)
_ERROR = Param("The HTTP status.", 500, 400, 599, whole=True)
_RATE = Param("Bytes per second.", 100, 1, 1_000_000_000)
_FRACTION = Param("The share of the body to send.", 0.5, 0, 1)


def _registry(*faults: Fault) -> Mapping[str, Fault]:
    names = {fault.name: fault for fault in faults}
    assert len(names) == len(faults), "two faults have the same name"
    return names


FAULTS = _registry(
    Fault("refuse", FaultStage.NEVER_ARRIVES, "Opens no connection, and logs Connection refused."),
    Fault("dns-failure", FaultStage.NEVER_ARRIVES, "Opens no connection, and logs Name not resolved."),
    Fault("connect-timeout", FaultStage.NEVER_ARRIVES, "Opens no connection, and logs Connect timeout."),
    Fault("tls-failure", FaultStage.NEVER_ARRIVES, "Opens no connection, and logs TLS handshake failed."),
    Fault(
        "answer",
        FaultStage.NEVER_ARRIVES,
        "Sends nothing, and logs this status as the receiver's answer.",
        {"status": _STATUS},
    ),
    Fault(
        "partial-body",
        FaultStage.ARRIVES_IN_PART,
        "Sends the full Content-Length but only part of the body, then closes the connection.",
        {"fraction": _FRACTION},
    ),
    Fault("slow-headers", FaultStage.ARRIVES_IN_PART, "Sends the headers slowly.", {"bytesPerS": _RATE}),
    Fault("slow-body", FaultStage.ARRIVES_IN_PART, "Sends the body slowly.", {"bytesPerS": _RATE}),
    Fault("lost-response", FaultStage.ANSWER_IS_LOST, "Reads the receiver's whole answer, but logs Timeout."),
    Fault("reset-after-send", FaultStage.ANSWER_IS_LOST, "Sends everything, then resets the connection."),
    Fault(
        "timeout",
        FaultStage.ANSWER_IS_LOST,
        "Sends everything, waits for a while, and logs Timeout whatever the receiver answers.",
        {"afterS": Param("Seconds to wait.", 1.0, 0.001, 3600)},
    ),
    Fault("false-failure", FaultStage.LOG_LIES, "Delivers the event, but logs a failure.", {"status": _FAILURE}),
    Fault("false-success", FaultStage.LOG_LIES, "Sends nothing, but logs 200."),
    Fault(
        "duplicate",
        FaultStage.ODDLY_DELIVERED,
        "Sends further copies, and logs each as a separate run.",
        {
            "copies": Param("The number of further copies.", 1, 1, 100, whole=True),
            "apart": Param(
                "'simultaneous' sends the last bytes of all copies together; a number is the seconds between two.",
                "simultaneous",
                0,
                3600,
                words=("simultaneous",),
            ),
        },
    ),
    Fault(
        "delay",
        FaultStage.ODDLY_DELIVERED,
        "Sends the delivery later, in simulator time; others do not wait for it.",
        {"seconds": Param("Seconds to wait, in simulator time.", 1.0, 0, 31_536_000)},
    ),
    Fault(
        "reorder",
        FaultStage.ODDLY_DELIVERED,
        "Holds a delivery back until later events of its webhook have arrived, one per webhook at a time.",
        {
            "behind": Param("The number of later events.", 1, 1, 10_000, whole=True),
            "atMostS": Param("Seconds, in simulator time, after which the delivery leaves in any case.", 10.0, 0, 3600),
        },
    ),
    Fault("garbage-json", FaultStage.CHANGED, "Replaces the body with text that is not JSON."),
    Fault(
        "truncated-json",
        FaultStage.CHANGED,
        "Cuts the body short, and Content-Length to match.",
        {"fraction": _FRACTION},
    ),
    Fault("wrong-content-type", FaultStage.CHANGED, "Sends Content-Type: text/plain."),
    Fault("unknown-field", FaultStage.CHANGED, "Adds a field that no schema knows, at the top level and in lists."),
    Fault(
        "null-optional",
        FaultStage.CHANGED,
        "Sets every nullable field to null, in lists and objects too; every second event keeps its nullable objects.",
    ),
    Fault("missing-field", FaultStage.CHANGED, "Leaves out one required field."),
    Fault("wrong-type", FaultStage.CHANGED, "Gives one field a different JSON type."),
    Fault("unknown-event", FaultStage.CHANGED, "Names an event type in the header that no catalogue has."),
    Fault(
        "huge",
        FaultStage.CHANGED,
        "Adds a very long field.",
        {"bytes": Param("The length in bytes.", 5_000_000, 1, 100_000_000, whole=True)},
    ),
    Fault("bom", FaultStage.CHANGED, "Puts a UTF-8 byte order mark before the body."),
    Fault("duplicate-key", FaultStage.CHANGED, "Sends the first field twice; most parsers keep the last."),
    Fault(
        "api-error",
        FaultStage.API,
        "Answers the call with an error status, and does nothing.",
        {
            "status": _ERROR,
            "retryAfter": Param(
                "The seconds in Retry-After; with 0 only a 403 or 429 has the header, and asks for 1 second.",
                0,
                0,
                86_400,
                whole=True,
            ),
        },
    ),
    Fault(
        "api-slow",
        FaultStage.API,
        "Does the call at once, but answers late.",
        {"seconds": Param("Seconds to wait before the answer.", 1.0, 0, 3600)},
    ),
    Fault("api-lost-response", FaultStage.API, "Does the call, then resets the connection instead of answering."),
)
"""Every fault, by name."""


SINK = "sink"
"""The operation of a call to a sink: only a rule that names it breaks sink calls, so that none does by accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule applies to what matches; None means any. `since` and `until` are simulator time, `until` is exclusive."""

    event: str | None = None
    webhook_id: str | None = None
    url: str | None = None
    trigger: str | None = None
    run: int | None = None
    operation: str | None = None
    since: Milliseconds | None = None
    until: Milliseconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """A fault with what it applies to, how often (`times` None: without limit), its probability and parameters."""

    number: int
    fault: str
    match: Match
    times: int | None
    probability: float
    params: Mapping[str, Any]

    def param(self, name: str) -> Any:
        """The parameter's value, or its default."""
        return self.params.get(name, FAULTS[self.fault].params[name].default)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """The delivery, or the call of the API, that rules are matched with.

    `chance_key` identifies a delivery in the log. For a call of the API it is "", and `calls` has for each rule, by
    number, how many calls it has matched, this one included.
    """

    chance_key: str
    now: Milliseconds
    event: str = ""
    webhook_id: str = ""
    url: str = ""
    trigger: str = ""
    run: int = 0
    operation: str = ""
    calls: Mapping[int, int] = field(default_factory=dict)


def fault_for(
    rules: Iterable[FaultRule], facts: DeliveryFacts, *, fired: Mapping[int, int], seed: int
) -> FaultRule | None:
    """The first rule that matches, has not fired as often as it may, and is drawn."""
    for rule in rules:
        spent = rule.times is not None and fired.get(rule.number, 0) >= rule.times
        if not spent and matches(rule, facts) and _chance(seed, rule, facts) < rule.probability:
            return rule
    return None


def matches(rule: FaultRule, facts: DeliveryFacts) -> bool:
    """Compares a rule with one delivery or call, however often the rule has fired.

    A rule on the API never matches a delivery, and no other rule matches a call.
    """
    match = rule.match
    return (
        (FAULTS[rule.fault].stage is FaultStage.API) == bool(facts.operation)
        and match.event in (None, facts.event)
        and match.webhook_id in (None, facts.webhook_id)
        and (match.url is None or match.url in facts.url)
        and match.trigger in (None, facts.trigger)
        and match.run in (None, facts.run)
        and match.operation in ((facts.operation,) if facts.operation == SINK else (None, facts.operation))
        and (match.since is None or match.since <= facts.now)
        and (match.until is None or facts.now < match.until)
    )


def _chance(seed: int, rule: FaultRule, facts: DeliveryFacts) -> float:
    """From 0 to below 1."""
    if rule.probability >= 1:
        return 0.0
    key = facts.chance_key or f"call/{facts.calls[rule.number]}"
    drawn = blake2b(f"{seed}/{rule.number}/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64
