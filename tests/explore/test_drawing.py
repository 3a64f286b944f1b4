import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.explore import drawing
from frontsim.explore.drawing import Drawing, pairs_of
from frontsim.explore.grammar import Vocabulary, why_illegal
from frontsim.verification.scenario.steps import Raise
from tests.explore.schedules import ALL, FEW, drawn


@given(seed=st.integers(0, 2**31))
def test_every_schedule_is_legal_and_has_its_own_name(seed):
    """Whatever the seed: that is what keeps right receivers from being accused."""
    found = drawn(ALL, seed=seed, number=8)
    assert [""] * 8 == [why_illegal(each, ALL) for each in found]
    assert [f"found-{seed}-{number}" for number in range(1, 9)] == [each.name for each in found]


def test_a_seed_repeats_its_schedules():
    """The second run draws what the first did; another seed draws others."""
    first = drawn(ALL, seed=7, number=30)
    assert first == drawn(ALL, seed=7, number=30)
    assert first != drawn(ALL, seed=8, number=30)


def test_only_what_the_receiver_allows_is_drawn():
    """Nothing is killed and no dependency is broken unless that is possible, and each type is one that is booked."""
    found = drawn(FEW, seed=1, number=200)
    assert {()} == {each.needs for each in found}
    types = {event for each in found for step in each.steps if isinstance(step, Raise) for event in step.events}
    assert types == set(FEW.types)


def test_every_kind_of_move_is_drawn():
    """Within three hundred schedules: a kind that is never legal would be a hole in the search."""
    pairs = {pair for each in drawn(ALL, seed=1, number=300) for pair in pairs_of(each)}
    told = {words for pair in pairs for words in (pair[0], pair[1])}
    for begin in ("update of", "many", "api-", "dependency", "crash", "restart", "wait", "reconcile", "null-optional",
                  "unknown-event", "older state of", "a large", "an odd", "garbage-json", "duplicate", "reorder",
                  "resend all 3"):  # fmt: skip
        assert [each for each in told if each.startswith(begin)], begin


def test_what_is_new_is_drawn_first():
    """Weighed by pairs, schedules cover more than without weights."""
    weighed = {pair for each in drawn(ALL, seed=1, number=100) for pair in pairs_of(each)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawing, "_CANDIDATES", 1)
        plain = {pair for each in drawn(ALL, seed=1, number=100) for pair in pairs_of(each)}
    assert len(weighed) > 1.2 * len(plain)


def test_a_near_miss_is_drawn_on():
    """A schedule in which the receiver faltered begins some of those after it."""
    drawing = Drawing(ALL, seed=1)
    near = drawing.next()
    drawing.note_near_miss(near)
    later = [drawing.next() for _ in range(10)]
    assert 2 == sum(each.steps[: len(near.steps)] == near.steps for each in later)


def test_one_type_is_enough():
    """A receiver may book no more."""
    assert 20 == len(drawn(Vocabulary(("SaleCreated",)), seed=1, number=20))
