r"""A trading day of the chain in --day-seconds, with the day's mix of events; -u senders are at work in the peak.

    locust -f loadtests/store_day.py --headless -u 40 --day-seconds 120 --pace 10 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

The senders follow the hours of `frontsim simulate day`: busiest at lunch, and again in the evening.
"""

from locust import LoadTestShape

from frontsim.load.day_curve import users_at
from frontsim.load.delivery_user import DeliveryUser
from frontsim.load.locust_hooks import wire
from frontsim.load.plans import STORE_DAY

wire(STORE_DAY)

SPAWN_RATE = 50.0


class Day(LoadTestShape):
    """From opening to closing time; the test ends with the day."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """The users that are to be at work now."""
        assert self.runner is not None
        options = self.runner.environment.parsed_options
        assert options is not None
        passed = self.get_run_time() / options.day_seconds  # type: ignore[no-untyped-call]
        return None if passed >= 1 else (users_at(passed, peak=options.num_users), SPAWN_RATE)


class Shop(DeliveryUser):
    """Sends one delivery after another."""
