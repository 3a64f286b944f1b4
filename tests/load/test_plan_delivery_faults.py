import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.load.plan import NO_OUTAGE, DeliveryFault, DeliveryFaults, Outage, Shares, seeded_draws

UNIT = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("point", "fault"),
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
def test_each_fault_takes_its_share(point: float, fault: DeliveryFault) -> None:
    """The shares are laid out on the unit interval one after another; the rest is sent as it should be."""
    assert fault is Shares(unsent=0.1, lost=0.2, late=0.3).fault_at(point)


@given(UNIT)
def test_without_shares_nothing_is_broken(point: float) -> None:
    """A plan that breaks nothing breaks nothing."""
    assert DeliveryFault.SEND is Shares().fault_at(point)


@pytest.mark.parametrize(("unsent", "lost"), [(-0.1, 0.0), (1.1, 0.0), (0.6, 0.5)])
def test_shares_that_cannot_be_are_refused(unsent: float, lost: float) -> None:
    """A share is from 0 to 1, and so is their sum."""
    with pytest.raises(ValueError, match="expected"):
        Shares(unsent=unsent, lost=lost)


def test_in_an_outage_nothing_leaves() -> None:
    """The clock decides before chance does: from the first moment of an outage until before its last."""
    faults = DeliveryFaults(Shares(), Outage(10, 20), breaks_resends=True, draw=lambda: 0.5)
    at = {moment: faults.draw(at_s=moment, is_resend=False) for moment in (9.9, 10, 19.9, 20)}
    assert {9.9: DeliveryFault.SEND, 10: DeliveryFault.UNSENT, 19.9: DeliveryFault.UNSENT, 20: DeliveryFault.SEND} == at


def test_what_is_under_way_when_the_path_goes_down_is_cut_off() -> None:
    """It began before the outage and ended in it: it may have arrived, and its answer did not."""
    faults = DeliveryFaults(Shares(), Outage(10, 20), breaks_resends=True, draw=lambda: 0.5)
    assert faults.is_cut_off(began_s=9.9, ended_s=10.1)
    assert not faults.is_cut_off(began_s=9.8, ended_s=9.9)
    assert not faults.is_cut_off(began_s=20.1, ended_s=20.2)


@pytest.mark.parametrize(("breaks_resends", "fault"), [(True, DeliveryFault.LOST), (False, DeliveryFault.SEND)])
def test_a_storm_breaks_no_resends(breaks_resends: bool, fault: DeliveryFault) -> None:
    """Where only originals are broken, a resend goes out whole, so that a backlog comes to an end."""
    faults = DeliveryFaults(Shares(lost=1), NO_OUTAGE, breaks_resends=breaks_resends, draw=lambda: 0.5)
    assert fault is faults.draw(at_s=0, is_resend=True)


@given(st.integers(0, 2**63 - 1), st.integers(0, 100))
def test_draws_follow_from_the_seed_and_the_worker(seed: int, worker: int) -> None:
    """A run can be repeated, and no two workers of it break the same places."""
    again, other = seeded_draws(seed, worker), seeded_draws(seed, worker + 1)
    drawn = [seeded_draws(seed, worker)()]
    assert drawn == [again()]
    assert drawn != [other()]


@pytest.mark.parametrize(("from_s", "to_s"), [(-1, 5), (5, 4)])
def test_an_outage_that_cannot_be_is_refused(from_s: float, to_s: float) -> None:
    """It has an end behind its beginning."""
    with pytest.raises(ValueError, match="--down-from"):
        Outage(from_s, to_s)
