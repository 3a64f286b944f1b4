r"""A trading day of the chain in --day-seconds, with the day's mix of events; -u senders work at the peak.

    locust -f loadtests/store_day.py --headless -u 40 --day-seconds 120 --pace 10 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

The number of senders follows the hours of `frontsim simulate day`: most at lunch, and again in the evening.
"""

from locust import LoadTestShape

from frontsim.load.locust_hooks import register
from frontsim.load.plan import STORE_DAY, users_at
from frontsim.load.worker import DeliveryUser

register(STORE_DAY)

SPAWN_RATE = 50.0


class StoreDayShape(LoadTestShape):
    """Runs from opening to closing time; the test ends with the day."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """The number of users that should run now; None ends the test."""
        assert self.runner is not None
        options = self.runner.environment.parsed_options
        assert options is not None
        passed = self.get_run_time() / options.day_seconds  # type: ignore[no-untyped-call]
        return None if passed >= 1 else (users_at(passed, peak=options.num_users), SPAWN_RATE)


class StoreDaySender(DeliveryUser):
    """Sends one delivery after another."""
