import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.load.delivery_faults import NO_OUTAGE, DeliveryFault, DeliveryFaults, Outage, Shares, dice_of

UNIT = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("chance", "fate"),
    [
        (0.0, DeliveryFault.UNSENT),
        (0.099, DeliveryFault.UNSENT),
        (0.1, DeliveryFault.LOST),
        (0.299, DeliveryFault.LOST),
        (0.301, DeliveryFault.LATE),
        (0.599, DeliveryFault.LATE),
        (0.601, DeliveryFault.SEND),
        (0.999, DeliveryFault.SEND),
    ],
)
def test_each_fault_takes_its_share(chance: float, fate: DeliveryFault) -> None:
    """The shares are laid out on the unit interval one after another; the rest is sent as it should be."""
    assert fate is Shares(unsent=0.1, lost=0.2, late=0.3).drawn(chance)


@given(UNIT)
def test_without_shares_nothing_is_broken(chance: float) -> None:
    """A plan that breaks nothing breaks nothing."""
    assert DeliveryFault.SEND is Shares().drawn(chance)


@pytest.mark.parametrize(("unsent", "lost"), [(-0.1, 0.0), (1.1, 0.0), (0.6, 0.5)])
def test_shares_that_cannot_be_are_refused(unsent: float, lost: float) -> None:
    """A share is from 0 to 1, and so is their sum."""
    with pytest.raises(ValueError, match="expected"):
        Shares(unsent=unsent, lost=lost)


def test_in_an_outage_nothing_leaves() -> None:
    """The clock decides before the dice do: from the first moment of an outage until before its last."""
    fates = DeliveryFaults(Shares(), Outage(10, 20), resends_too=True, dice=lambda: 0.5)
    at = {moment: fates.of(at_s=moment, is_resend=False) for moment in (9.9, 10, 19.9, 20)}
    assert {9.9: DeliveryFault.SEND, 10: DeliveryFault.UNSENT, 19.9: DeliveryFault.UNSENT, 20: DeliveryFault.SEND} == at


def test_what_is_under_way_when_the_path_goes_down_is_cut_off() -> None:
    """It began before the outage and ended in it: it may have arrived, and its answer did not."""
    fates = DeliveryFaults(Shares(), Outage(10, 20), resends_too=True, dice=lambda: 0.5)
    assert fates.is_cut_off(began_s=9.9, ended_s=10.1)
    assert not fates.is_cut_off(began_s=9.8, ended_s=9.9)
    assert not fates.is_cut_off(began_s=20.1, ended_s=20.2)


@pytest.mark.parametrize(("resends_too", "fate"), [(True, DeliveryFault.LOST), (False, DeliveryFault.SEND)])
def test_a_storm_breaks_no_resends(resends_too: bool, fate: DeliveryFault) -> None:
    """Where only originals are broken, a resend goes out whole, so that a backlog comes to an end."""
    fates = DeliveryFaults(Shares(lost=1), NO_OUTAGE, resends_too=resends_too, dice=lambda: 0.5)
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
