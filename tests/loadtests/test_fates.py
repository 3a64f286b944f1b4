import pytest
from fates import NO_OUTAGE, Fate, Fates, Outage, Shares, dice_of
from hypothesis import given
from hypothesis import strategies as st

UNIT = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("chance", "fate"),
    [
        (0.0, Fate.UNSENT),
        (0.099, Fate.UNSENT),
        (0.1, Fate.LOST),
        (0.299, Fate.LOST),
        (0.301, Fate.LATE),
        (0.599, Fate.LATE),
        (0.601, Fate.SEND),
        (0.999, Fate.SEND),
    ],
)
def test_each_fault_takes_its_share(chance: float, fate: Fate) -> None:
    """The shares are laid out on the unit interval one after another; the rest is sent as it should be."""
    assert fate is Shares(unsent=0.1, lost=0.2, late=0.3).drawn(chance)


@given(UNIT)
def test_without_shares_nothing_is_broken(chance: float) -> None:
    """A plan that breaks nothing breaks nothing."""
    assert Fate.SEND is Shares().drawn(chance)


@pytest.mark.parametrize(("unsent", "lost"), [(-0.1, 0.0), (1.1, 0.0), (0.6, 0.5)])
def test_shares_that_cannot_be_are_refused(unsent: float, lost: float) -> None:
    """A share is from 0 to 1, and so is their sum."""
    with pytest.raises(ValueError, match="expected"):
        Shares(unsent=unsent, lost=lost)


def test_in_an_outage_nothing_leaves() -> None:
    """The clock decides before the dice do: from the first moment of an outage until before its last."""
    fates = Fates(Shares(), Outage(10, 20), resends_too=True, dice=lambda: 0.5)
    at = {moment: fates.of(at_s=moment, is_resend=False) for moment in (9.9, 10, 19.9, 20)}
    assert {9.9: Fate.SEND, 10: Fate.UNSENT, 19.9: Fate.UNSENT, 20: Fate.SEND} == at


def test_what_is_under_way_when_the_path_goes_down_is_cut_off() -> None:
    """It began before the outage and ended in it: it may have arrived, and its answer did not."""
    fates = Fates(Shares(), Outage(10, 20), resends_too=True, dice=lambda: 0.5)
    assert fates.is_cut_off(began_s=9.9, ended_s=10.1)
    assert not fates.is_cut_off(began_s=9.8, ended_s=9.9)
    assert not fates.is_cut_off(began_s=20.1, ended_s=20.2)


@pytest.mark.parametrize(("resends_too", "fate"), [(True, Fate.LOST), (False, Fate.SEND)])
def test_a_storm_breaks_no_resends(resends_too: bool, fate: Fate) -> None:
    """Where only originals are broken, a resend goes out whole, so that a backlog comes to an end."""
    fates = Fates(Shares(lost=1), NO_OUTAGE, resends_too=resends_too, dice=lambda: 0.5)
    assert fate is fates.of(at_s=0, is_resend=True)


@given(st.integers(0, 2**63 - 1), st.integers(0, 100))
def test_the_dice_follow_from_the_seed_and_the_worker(seed: int, worker: int) -> None:
    """A run can be repeated, and no two workers of it break the same places."""
    again, other = dice_of(seed, worker), dice_of(seed, worker + 1)
    drawn = [dice_of(seed, worker)()]
    assert drawn == [again()]
    assert drawn != [other()]


@pytest.mark.parametrize(("from_s", "to_s"), [(-1, 5), (5, 4)])
def test_an_outage_that_cannot_be_is_refused(from_s: float, to_s: float) -> None:
    """It has an end behind its beginning."""
    with pytest.raises(ValueError, match="--down-from"):
        Outage(from_s, to_s)
