"""Faults, and the rule that applies: pure decisions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.faults import FAULTS, SINK, DeliveryFacts, FaultRule, FaultStage, Match, Param, fault_for

STAGES = {
    FaultStage.NEVER_ARRIVES: {"refuse", "dns-failure", "connect-timeout", "tls-failure", "answer"},
    FaultStage.ARRIVES_IN_PART: {"partial-body", "slow-headers", "slow-body"},
    FaultStage.ANSWER_IS_LOST: {"lost-response", "reset-after-send", "timeout"},
    FaultStage.LOG_LIES: {"false-failure", "false-success"},
    FaultStage.ODDLY_DELIVERED: {"duplicate", "delay", "reorder"},
    FaultStage.CHANGED: {
        *("garbage-json", "truncated-json", "wrong-content-type", "unknown-field", "null-optional", "missing-field"),
        *("wrong-type", "unknown-event", "huge", "bom", "duplicate-key"),
    },
    FaultStage.API: {"api-error", "api-slow", "api-lost-response"},
}


def rule(
    fault: str = "refuse", *, number: int = 1, times: int | None = None, probability: float = 1.0, **match: object
) -> FaultRule:
    return FaultRule(number=number, fault=fault, match=Match(**match), times=times, probability=probability, params={})  # type: ignore[arg-type]


FACTS = DeliveryFacts(
    chance_key="1/1", now=1000, event="SaleCreated", webhook_id="w", url="http://a/x?token=1", trigger="Original", run=1
)


def test_the_registry_is_the_designs():
    """Every fault of the design, and no other."""
    assert STAGES == {stage: {name for name, fault in FAULTS.items() if fault.stage is stage} for stage in FaultStage}
    assert all(name == fault.name and fault.help.endswith(".") for name, fault in FAULTS.items())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_defaults_are_allowed(fault):
    """A parameter's default is one that may be given, and so are its bounds."""
    for param in fault.params.values():
        assert param.takes(param.default)
        assert param.takes(param.least)
        assert param.most == math.inf or param.takes(param.most)
        assert not param.takes(param.least - 1)
        assert param.help.endswith(".")


@pytest.mark.parametrize("value", [True, None, [], {}, "x", 1.5, math.nan, math.inf, -1, 11])
def test_what_a_param_refuses(value: object):
    """Other types, other words, numbers out of range."""
    assert not Param("x", 1, 0, 10, whole=True, words=("often",)).takes(value)


def test_what_a_param_says():
    """In words for the user."""
    assert "'often' or a whole number, 0 to 10" == Param("x", 1, 0, 10, whole=True, words=("often",)).expected
    assert "'often' or 'once' or a number, 0 or more" == Param("x", 1, words=("often", "once")).expected
    assert "a number, 0 or more" == Param("x", 1).expected
    assert "a number, 0.001 to 31,536,000" == Param("x", 1, 0.001, 31_536_000).expected


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ({}, True),
        ({"event": "SaleCreated", "webhook_id": "w", "url": "token=1", "trigger": "Original", "run": 1}, True),
        ({"event": "CustomerCreated"}, False),
        ({"webhook_id": "v"}, False),
        ({"url": "token=2"}, False),
        ({"trigger": "Resend"}, False),
        ({"run": 2}, False),
        ({"since": 1000}, True),
        ({"since": 1001}, False),
        ({"until": 1001}, True),
        ({"until": 1000}, False),
    ],
)
def test_matching(match: dict[str, object], applies: bool):
    """Each part narrows; `since` is inclusive, `until` exclusive."""
    assert applies == (fault_for([rule(**match)], FACTS, fired={}, seed=1) is not None)


def test_faults_on_the_api_and_on_deliveries_keep_apart():
    """Neither strikes the other's."""
    call = DeliveryFacts(chance_key="call/1", now=1000, operation="listWebhooks")
    rules = [rule(), rule("api-error", number=2), rule("api-slow", number=3, operation="getWebhook")]
    assert 1 == fault_for(rules, FACTS, fired={}, seed=1).number
    assert 2 == fault_for(rules, call, fired={}, seed=1).number
    assert None is fault_for(rules[2:], call, fired={}, seed=1)


def test_the_sink_fails_only_for_a_rule_that_names_it():
    """A rule on any operation means those of the API."""
    call = DeliveryFacts(chance_key="call/1", now=1000, operation=SINK)
    rules = [rule("api-error"), rule("api-error", number=2, operation=SINK)]
    assert 2 == fault_for(rules, call, fired={}, seed=1).number


def test_spent_rules_give_way():
    """The first that matches and is not spent."""
    rules = [rule(times=2), rule("answer", number=2)]
    assert [1, 1, 2] == [fault_for(rules, FACTS, fired={1: fired}, seed=1).number for fired in (0, 1, 2)]
    assert 1 == fault_for([rule(times=1)], FACTS, fired={}, seed=1).number
    assert None is fault_for([rule(times=0)], FACTS, fired={}, seed=1)


def test_what_is_certain_is_not_drawn():
    """So it needs no count of the calls that the rule has matched."""
    call = DeliveryFacts(chance_key="", now=0, operation="listWebhooks")
    assert 1 == fault_for([rule("api-error")], call, fired={}, seed=1).number


@given(st.integers(0, 2**63 - 1), st.floats(0, 1), st.text(min_size=1))
def test_chance_is_a_function_of_seed_rule_and_delivery(seed: int, probability: float, key: str):
    """The same three decide the same, whatever else has happened."""
    facts = DeliveryFacts(chance_key=key, now=0, event="x")
    rules = [rule(probability=probability)]
    assert fault_for(rules, facts, fired={}, seed=seed) is fault_for(rules, facts, fired={1: 99}, seed=seed)


def test_chance_of_calls_follows_from_those_that_the_rule_has_matched():
    """Of a thousand calls about half, the same whatever other rules have matched; a call is no delivery."""
    rules = [rule("api-error", probability=0.5)]

    def applies(others: int) -> list[bool]:
        return [
            fault_for(
                rules,
                DeliveryFacts(chance_key="", now=0, operation="listWebhooks", calls={1: number, 2: number * others}),
                fired={},
                seed=1,
            )
            is not None
            for number in range(1, 1001)
        ]

    assert 450 < sum(applies(0)) < 550
    assert applies(0) == applies(7)


@pytest.mark.parametrize(
    ("probability", "least", "most"), [(0.0, 0, 0), (0.2, 150, 250), (0.9, 860, 940), (1.0, 1000, 1000)]
)
def test_how_often_chance_strikes(probability: float, least: int, most: int):
    """0 is never, 1 always, and between them about that share."""
    rules = [rule(probability=probability)]
    hits = sum(
        fault_for(rules, DeliveryFacts(chance_key=f"{number}/1", now=0, event="x"), fired={}, seed=1) is not None
        for number in range(1000)
    )
    assert least <= hits <= most


def test_defaults_of_params():
    """A parameter that a rule does not give comes from the registry."""
    assert 500 == rule("answer").param("status")
    given = FaultRule(number=1, fault="answer", match=Match(), times=None, probability=1, params={"status": 404})
    assert 404 == given.param("status")


BOUNDS = {
    ("answer", "status"): (500, 200, 599, True),
    ("partial-body", "fraction"): (0.5, 0, 1, False),
    ("slow-headers", "bytesPerS"): (100, 1, 1_000_000_000, False),
    ("slow-body", "bytesPerS"): (100, 1, 1_000_000_000, False),
    ("timeout", "afterS"): (1.0, 0.001, 3600, False),
    ("false-failure", "status"): (500, 300, 599, True),
    ("duplicate", "copies"): (1, 1, 100, True),
    ("duplicate", "apart"): ("simultaneous", 0, 3600, False),
    ("delay", "seconds"): (1.0, 0, 31_536_000, False),
    ("reorder", "behind"): (1, 1, 10_000, True),
    ("reorder", "atMostS"): (10.0, 0, 3600, False),
    ("truncated-json", "fraction"): (0.5, 0, 1, False),
    ("huge", "bytes"): (5_000_000, 1, 100_000_000, True),
    ("api-error", "status"): (500, 400, 599, True),
    ("api-error", "retryAfter"): (0, 0, 86_400, True),
    ("api-slow", "seconds"): (1.0, 0, 3600, False),
}
"""The default, the least, the most, and whether it is a whole number."""


def test_the_params_have_the_bounds_that_the_docs_name():
    """Each of them: a bound that moves is a change of the public surface."""
    found = {
        (fault.name, name): (param.default, param.least, param.most, param.whole)
        for fault in FAULTS.values()
        for name, param in fault.params.items()
    }
    assert BOUNDS == {key: found.get(key) for key in BOUNDS}


@pytest.mark.parametrize("key", BOUNDS)
def test_bounds_are_included(key: tuple[str, str]):
    """And what is just outside is refused."""
    _, least, most, _ = BOUNDS[key]
    param = FAULTS[key[0]].params[key[1]]
    assert (True, True) == (param.takes(least), param.takes(most))
    assert (False, False) == (param.takes(least - 1), param.takes(most + 1))


def test_the_stages_say_where_a_delivery_breaks():
    """In the words of the reference's headings."""
    assert [
        "never reaches the receiver",
        "reaches it in part",
        "reaches it whole, the answer does not count",
        "the log lies",
        "delivered oddly",
        "changed on the way",
        "on the vendor's API",
    ] == list(FaultStage)


def test_what_a_delivery_does_not_say_matches_no_rule_about_it():
    """A delivery without a URL, type, webhook, trigger and run is met by a rule about none of them."""
    plain = DeliveryFacts(chance_key="1/1", now=0)
    for match in ({"event": "a"}, {"webhook_id": "a"}, {"url": "a"}, {"trigger": "a"}, {"run": 1}, {"run": -1}):
        assert None is fault_for([rule(**match)], plain, fired={}, seed=1)
    assert fault_for([rule()], plain, fired={}, seed=1)
    assert {} == plain.calls
    for unset in (plain.event, plain.webhook_id, plain.url, plain.trigger):
        assert "" == unset
