from frontsim.load.delivery_faults import Outage
from frontsim.load.lease_policy import SteadyPolicy, StormPolicy, Want


def test_the_job_runs_every_so_often_until_nothing_is_left() -> None:
    """New events, then resends from the third second on; an empty list ends the job for another three."""
    turns = SteadyPolicy(resend_after_s=3)
    assert Want.NEW is turns.want(2.9)
    assert Want.RESENDS is turns.want(3.0)
    turns.got(3.1, Want.RESENDS, 20)
    assert Want.RESENDS is turns.want(3.1)
    turns.got(3.2, Want.RESENDS, 0)
    assert Want.NEW is turns.want(6.1)
    assert Want.RESENDS is turns.want(6.2)


def test_no_job_runs_while_the_path_is_down_and_one_runs_at_once_after() -> None:
    """Resends into an outage would fail like everything else; what waits is resent as soon as it is over."""
    turns = SteadyPolicy(resend_after_s=60, outage=Outage(10, 20))
    assert Want.NEW is turns.want(15)
    assert Want.RESENDS is turns.want(20)


def test_a_storm_is_a_backlog_and_then_nothing_but_resends() -> None:
    """New events until the backlog is whole, resends until the list is empty, then the next backlog."""
    turns = StormPolicy(backlog=30)
    turns.got(0, Want.NEW, 20)
    assert Want.NEW is turns.want(0)
    turns.got(0, Want.NEW, 20)
    assert Want.RESENDS is turns.want(0)
    turns.got(0, Want.RESENDS, 40)
    assert Want.RESENDS is turns.want(0)
    turns.got(0, Want.RESENDS, 0)
    assert Want.NEW is turns.want(0)
