from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification.effects.history import Effect
from frontsim.verification.effects.look import Baseline, EffectBlock, Look

KEYS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=8)


@given(KEYS, KEYS)
def test_what_was_there_before_is_taken_out_once(before, added):
    """Of each effect as many are new as were added, whatever was there."""
    old = [Effect(key, {"key": key}) for key in before]
    new = [Effect(key, {"key": key}) for key in added]
    found = Baseline.of(old).new_in([*old, *new])
    assert sorted(map(str, added)) == sorted(str(each.key) for each in found)


def test_what_is_not_shown_any_more_is_counted():
    """Records of an earlier look, from before or since, that the last does not show: by key, and by number without."""
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


def test_the_most_that_was_ever_shown_counts():
    """A look that shows less hides nothing of what an earlier one has shown."""
    baseline = Baseline.of([])
    for number in (1, 3, 2):
        baseline.new_in([Effect("a")] * number)
    assert 3 == baseline.gone_from([])
    assert 2 == baseline.gone_from([Effect("a")])


def test_an_effect_with_a_key_is_the_same_whatever_its_content():
    """A state changes after it was booked. What has no key is told by its content, whatever a database makes of it."""
    old = [Effect("a", {"n": 1}), Effect(None, {"n": Decimal("1.5"), 7: "seven", "m": 2})]
    same = Effect(None, {"m": 2, 7: "seven", "n": Decimal("1.5")})
    other = Effect(None, {"m": 3, 7: "seven", "n": Decimal("1.5")})
    assert () == Baseline.of(old).new_in([Effect("a", {"n": 2}), same])
    assert (other, Effect("b")) == Baseline.of(old).new_in([same, other, Effect("a"), Effect("b")])


def test_effects_without_a_key_and_those_with_one_are_counted_apart():
    """One of each is gone."""
    baseline = Baseline.of([Effect("a"), Effect("b"), Effect(None, 1), Effect(None, 2)])
    assert 2 == baseline.gone_from([Effect("a"), Effect(None, 3)])
    assert 1 == baseline.gone_from([Effect("a"), Effect("b"), Effect(None, 3)])


def test_keys_tell_which_effects_are_gone_and_contents_which_are_new():
    """A second `a` is no `b`; of two effects without a key the one with other content is new, whatever comes first."""
    assert 1 == Baseline.of([Effect("a"), Effect("b")]).gone_from([Effect("a"), Effect("a")])
    old, other = Effect(None, {"n": 1}), Effect(None, {"n": 2})
    assert (other,) == Baseline.of([old]).new_in([other, old])


def rows(*numbers, store=5):
    """A row for each customer, by the event that it shows: `e7` of customer 7, or `new 7`."""
    return [Effect(name, {"customer": int(name.split()[-1].strip("e")), "store": store}) for name in numbers]


MANY = [f"e{number}" for number in range(30)]


def test_a_row_that_a_newer_one_has_replaced_is_not_gone():
    """A table of newest states: customer 7 has a row as before. Of customer 8 nothing is shown any more."""
    baseline = Baseline.of(rows(*MANY))
    left = [name for name in MANY if name not in ("e7", "e8")]
    assert 1 == baseline.gone_from(rows(*left, "new 7"))
    baseline = Baseline()
    baseline.new_in(rows(*MANY))
    assert 0 == baseline.gone_from(rows(*[name for name in MANY if name != "e7"], "new 7"))


def test_a_column_that_does_not_tell_rows_apart_says_nothing():
    """Another sale in the same store replaces none. Of a few rows any column may tell by chance."""
    assert 1 == Baseline.of(rows(*MANY)).gone_from(rows(*MANY[1:], "new 99"))
    assert 1 == Baseline.of(rows("e1", "e2")).gone_from(rows("e2", "new 1"))
    assert 1 == Baseline.of([Effect("a", "text"), *rows(*MANY)]).gone_from(rows(*MANY))


def mails(*found):
    return [Effect(f"e{number}", {"mail": mail}) for number, mail in enumerate(found)]


def test_twenty_rows_that_a_column_tells_apart_are_enough():
    """With 19 the next row may have the same value by chance. Rows without a value count as none of them."""
    for number, is_gone in ((19, 1), (20, 0)):
        shown = mails(*map(str, range(number)))
        gone = Effect("gone", {"mail": "7"})
        assert is_gone == Baseline.of([gone, *shown]).gone_from(shown)
        assert is_gone == Baseline.of([gone, *shown]).gone_from([*shown, *mails(None, None, "", "")])


def test_a_value_that_two_rows_share_tells_none_apart():
    shown = mails(*map(str, range(25)), "7")
    assert 1 == Baseline.of([Effect("gone", {"mail": "7"}), *shown]).gone_from(shown)


def test_what_the_history_knows_as_replaced_is_not_gone():
    assert 1 == Baseline.of(rows("e1", "e2", "e3")).gone_from(rows("e3"), replaced={"e1"})


BLOCKS = [
    EffectBlock.of([Effect(key, {"n": number}) for number, key in enumerate(keys)])
    for keys in ("a", "ab", (None, "c"), "aa", (None,), "dc", "bde")
]
LOOKS = st.lists(st.lists(st.sampled_from(BLOCKS), unique_by=id, max_size=6), min_size=1, max_size=6)


def key_or_content(effect):
    return effect.key or str(effect.value)


@given(LOOKS)
def test_blocks_change_nothing_about_what_is_new_and_what_is_gone(looks):
    """By blocks that come and go, or by effects one by one: the same are new, and as many are gone."""
    first, *later = [Look(blocks) for blocks in looks]
    by_block, one_by_one = Baseline.of(first), Baseline.of(list(first))
    for look in later:
        new, alone = by_block.new_in(look), one_by_one.new_in(list(look))
        assert sorted(map(key_or_content, alone)) == sorted(map(key_or_content, new))
        assert one_by_one.gone_from(list(look)) == by_block.gone_from(look)
    assert one_by_one.gone_from([]) == by_block.gone_from(Look())


def test_what_stays_is_not_looked_at_again():
    """Neither what was there before, which is not even read, nor what a look has in common with it."""

    def read():
        raise AssertionError("nobody asked for it")

    old = EffectBlock(["a", "b"], read)
    baseline = Baseline(Look([old]))
    new = EffectBlock.of([Effect("c")])
    assert new.effects == baseline.new_in(Look([old, new]))
    assert 0 == baseline.gone_from(Look([old, new]))
    assert 3 == len(Look([old, new]))


def test_a_block_that_changes_is_counted_from_then_on():
    """Of its effects, one has changed, and one is gone."""
    old = EffectBlock.of([Effect("a", 1), Effect("b", 1)])
    baseline = Baseline(Look([old]))
    assert () == baseline.new_in(Look([old]))
    assert () == baseline.new_in(Look.of([Effect("a", 2)]))
    assert 1 == baseline.gone_from(Look.of([Effect("a", 2)]))
    assert (Effect("a", 2),) == baseline.new_in(Look.of([Effect("a", 1), Effect("a", 2)]))
