from frontsim.load.leases import SteadyPolicy, StormPolicy, Want
from frontsim.load.plan import Outage


def test_the_job_runs_every_so_often_until_nothing_is_left() -> None:
    """New events, then resends from the third second on; an empty list ends the job for another three."""
    policy = SteadyPolicy(resend_after_s=3)
    assert Want.NEW is policy.want(2.9)
    assert Want.RESENDS is policy.want(3.0)
    policy.got(3.1, Want.RESENDS, 20)
    assert Want.RESENDS is policy.want(3.1)
    policy.got(3.2, Want.RESENDS, 0)
    assert Want.NEW is policy.want(6.1)
    assert Want.RESENDS is policy.want(6.2)


def test_no_job_runs_while_the_path_is_down_and_one_runs_at_once_after() -> None:
    """Resends into an outage would fail like everything else; what waits is resent as soon as it is over."""
    policy = SteadyPolicy(resend_after_s=60, outage=Outage(10, 20))
    assert Want.NEW is policy.want(15)
    assert Want.RESENDS is policy.want(20)


def test_a_storm_is_a_backlog_and_then_nothing_but_resends() -> None:
    """New events until the backlog is whole, resends until the list is empty, then the next backlog."""
    policy = StormPolicy(backlog=30)
    policy.got(0, Want.NEW, 20)
    assert Want.NEW is policy.want(0)
    policy.got(0, Want.NEW, 20)
    assert Want.RESENDS is policy.want(0)
    policy.got(0, Want.RESENDS, 40)
    assert Want.RESENDS is policy.want(0)
    policy.got(0, Want.RESENDS, 0)
    assert Want.NEW is policy.want(0)
