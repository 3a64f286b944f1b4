from hypothesis import given
from hypothesis import strategies as st

from simulator.verification.baseline import Baseline
from simulator.verification.history import Effect

KEYS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=8)


@given(KEYS, KEYS)
def test_what_was_there_before_is_taken_out_once(before, added):
    """Of each effect as many are new as were added, whatever was there."""
    old = [Effect(key, {"key": key}) for key in before]
    new = [Effect(key, {"key": key}) for key in added]
    found = Baseline.of(old).new_in([*old, *new])
    assert sorted(map(str, added)) == sorted(str(each.key) for each in found)
