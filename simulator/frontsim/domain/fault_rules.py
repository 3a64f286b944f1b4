"""The fault rules of a running simulator: added, changed, removed and counted while it runs."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from frontsim.domain.faults import DeliveryFacts, FaultRule, fault_for
from frontsim.errors import BadInput, UnknownFaultRule

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
