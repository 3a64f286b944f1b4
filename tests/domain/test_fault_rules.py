"""The rules of a running simulator."""

import pytest

from frontsim.domain.fault_rules import MOST, FaultRules
from frontsim.domain.faults import DeliveryFacts, FaultRule, Match
from frontsim.errors import BadInput, UnknownFaultRule

FACTS = DeliveryFacts(chance_key="1/1", now=0, event="SaleCreated")


def rule(fault: str = "refuse", times: int | None = None) -> FaultRule:
    return FaultRule(number=0, fault=fault, match=Match(), times=times, probability=1.0, params={})


def test_rules_are_numbered_in_order():
    """A number is never given twice, not even after removal."""
    rules = FaultRules(seed=1)
    assert [1, 2] == [rules.add(rule()).number, rules.add(rule()).number]
    rules.remove(2)
    rules.clear()
    assert (3, [3]) == (rules.add(rule()).number, [each.number for each in rules])


def test_how_many_rules_there_may_be():
    """A thousand; the one after them is refused, and nothing is changed."""
    rules = FaultRules(seed=1)
    for _ in range(MOST):
        rules.add(rule())
    with pytest.raises(BadInput, match="expected at most 1,000 fault rules") as refused:
        rules.add(rule())
    assert {"": [str(refused.value)]} == refused.value.fields
    assert MOST == len(list(rules))
    rules.remove(7)
    assert MOST + 1 == rules.add(rule()).number


def test_striking_counts():
    """A rule that strikes is counted; a spent one gives way."""
    rules = FaultRules(seed=1)
    rules.add(rule(times=1))
    rules.add(rule("answer"))
    assert ["refuse", "answer", "answer"] == [rules.apply_first_match(FACTS).fault for _ in range(3)]
    assert {1: 1, 2: 2} == rules.fired


def test_rules_are_skipped_and_may_not_match():
    """A skipped rule does not fire, and where none is left none does."""
    rules = FaultRules(seed=1)
    rules.add(rule())
    assert (None, 0) == (rules.apply_first_match(FACTS, skipping=[1]), rules.fired.total())
    assert "refuse" == rules.apply_first_match(FACTS, skipping=[2]).fault


def test_replacing():
    """Place and count stay."""
    rules = FaultRules(seed=1)
    rules.add(rule(times=1))
    rules.add(rule("answer"))
    rules.apply_first_match(FACTS)
    assert 1 == rules.replace(1, rule("dns-failure", times=1)).number
    assert "answer" == rules.apply_first_match(FACTS).fault
    assert ["dns-failure", "answer"] == [each.fault for each in rules]


def test_rules_that_there_are_not():
    """Reading, replacing and removing them is refused."""
    rules = FaultRules(seed=1)
    for ask in (rules.get, rules.remove, lambda number: rules.replace(number, rule())):
        with pytest.raises(UnknownFaultRule, match="no fault rule 1; GET /_sim/faults"):
            ask(1)


def test_starting_afresh():
    """After a reset the first rule is number 1, and has not fired."""
    rules = FaultRules(seed=1)
    rules.add(rule())
    rules.apply_first_match(FACTS)
    rules.reset()
    assert (False, 1, 0) == (rules.any, rules.add(rule()).number, rules.fired[1])


def test_removing_while_going_through():
    """A listing that is under way is not disturbed."""
    rules = FaultRules(seed=1)
    for _ in range(3):
        rules.add(rule())
    for each in rules:
        rules.remove(each.number)
    assert [] == list(rules)
