"""A look is its effects in the observer's order, in blocks that tell what is the same."""

from decimal import Decimal

from frontsim.verification.effects.history import Effect
from frontsim.verification.effects.look import EffectBlock, Look, identity_of


def test_an_effect_is_the_same_by_its_key_or_by_its_content():
    """A text that is a key is never the same as content."""
    assert "a" == identity_of(Effect("a", {"n": 1})) == identity_of(Effect("a"))
    one, same = Effect(None, {"n": Decimal("1.5"), 7: 2}), Effect(None, {7: 2, "n": Decimal("1.5")})
    assert identity_of(one) == identity_of(same) != identity_of(Effect(None, {7: 2}))
    assert 16 == len(identity_of(one))
    assert isinstance(identity_of(one), bytes)


def test_a_look_is_a_sequence_of_its_effects():
    a, b, c = map(Effect, "abc")
    look = Look([EffectBlock.of([a, b]), EffectBlock.of([]), EffectBlock.of([c])])
    assert [a, b, c] == list(look)
    assert (3, c, (b, c)) == (len(look), look[-1], look[1:])
    assert look is Look.of(look)
    assert [a] == list(Look.of([a]))
    assert not Look()


def test_a_block_reads_its_effects_once_unless_it_is_to_keep_none():
    """Its identities are known without them."""
    reads = []

    def read():
        reads.append(len(reads))
        return (Effect("a"),)

    kept, read_again = EffectBlock(["a"], read), EffectBlock(["a"], read, keeps=False)
    assert [] == reads
    assert (Effect("a"),) == kept.effects
    assert kept.effects is kept.effects
    assert [0] == reads
    assert read_again.effects == read_again.effects
    assert [0, 1, 2] == reads
