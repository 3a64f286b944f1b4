from decimal import Decimal

from frontsim.verification.effects.changes import first_change, shown_twice
from frontsim.verification.effects.history import Effect

A, B = Effect("a", {"n": 1}), Effect("b", {"n": 1})


def test_the_order_and_fields_that_no_verdict_looks_at_are_no_change():
    """A query without ORDER BY, and a column with the time of reading."""
    assert "" == first_change((A, B), (B, A))
    assert "" == first_change((A,), (Effect("a", {"n": 2}),))


def test_a_change_is_named():
    """How often a key is shown, which state counts, and the payload."""
    assert "the effect of b was there 0 times, then once" == first_change((A,), (A, B))
    kept = [Effect("a", {"current": number, "payload": {"n": number}}) for number in (0, 1)]
    assert "the effect of a changed its current and payload" == first_change((kept[0],), (kept[1],))


def test_what_two_looks_show_is_kept_as_often_as_both_show_it():
    """A list that is read in pages while it grows may show one effect twice in one look."""
    assert (A, B) == shown_twice((A, B), (A, A, B))
    assert () == shown_twice((), (A,))
    assert (A, A) == shown_twice((A, A), (A, A, B))


def test_a_payload_is_compared_as_json():
    """The order of its keys is free, and what a database makes of a value or a key is a value like any other."""
    sent, shuffled = ({"x": Decimal("1.5"), 7: 1}, {7: 1, "x": Decimal("1.5")})
    assert "" == first_change((Effect("a", {"payload": sent}),), (Effect("a", {"payload": shuffled}),))
    other = Effect("a", {"payload": {"x": Decimal("1.6"), 7: 1}})
    assert "the effect of a changed its payload" == first_change((Effect("a", {"payload": sent}),), (other,))


def test_an_effect_without_a_key_has_no_name():
    assert "an effect was there once, then twice" == first_change((Effect(None),), (Effect(None),) * 2)
