from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification.facts.baseline import Baseline
from frontsim.verification.facts.history import Effect

KEYS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=8)


@given(KEYS, KEYS)
def test_what_was_there_before_is_taken_out_once(before, added):
    """Of each effect as many are new as were added, whatever was there."""
    old = [Effect(key, {"key": key}) for key in before]
    new = [Effect(key, {"key": key}) for key in added]
    found = Baseline.of(old).new_in([*old, *new])
    assert sorted(map(str, added)) == sorted(str(each.key) for each in found)


def test_what_is_not_shown_any_more_is_counted():
    """What an earlier look has shown, from before or since, and the last does not: by key, and by number without."""
    baseline = Baseline.of([Effect("old"), Effect("older"), Effect(None, {"n": 1})])
    baseline.new_in([Effect("old"), Effect("older"), Effect(None, {"n": 1}), Effect("new")])
    assert baseline.gone_from([Effect("old"), Effect(None, {"n": 1})]) == 2
    # what has no key was changed, which is no loss
    assert baseline.gone_from([Effect("old"), Effect("older"), Effect("new"), Effect(None, {"n": 2})]) == 0
    assert baseline.gone_from([Effect("old"), Effect("older"), Effect("new")]) == 1


def test_a_list_that_only_grows_lost_nothing():
    """More of the same, or others: nothing is gone."""
    baseline = Baseline.of([Effect("a")])
    assert baseline.gone_from([Effect("a"), Effect("a"), Effect("b")]) == 0
