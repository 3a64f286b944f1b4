import pytest

from frontsim.load.plan import users_at


@pytest.mark.parametrize(("passed", "users"), [(-0.1, 64), (0.0, 64), (0.3, 100), (0.99, 42), (1.0, 42)])
def test_senders_follow_the_hours(passed: float, users: int) -> None:
    """Of 100 at the peak, those of the hour; what lies outside the day is its first or last hour."""
    assert users == users_at(passed, peak=100)


def test_there_is_always_one_sender() -> None:
    """A quiet hour is not an outage."""
    assert 1 == users_at(0.99, peak=1)
