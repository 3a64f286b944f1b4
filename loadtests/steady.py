r"""Events come as fast as the receiver takes them, and nothing breaks.

    locust -f loadtests/steady.py --headless -u 20 -t 30s \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

-u sets how many deliveries are in flight at once; --pace bounds how many a second each sender sends.
"""

from frontsim.load.locust_hooks import register
from frontsim.load.plan import STEADY
from frontsim.load.worker import DeliveryUser

register(STEADY)


class SteadySender(DeliveryUser):
    """Sends one delivery after another."""
