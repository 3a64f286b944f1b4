r"""The path to the receiver is down from --down-from to --down-to; when it is up again, all that failed is resent.

    locust -f loadtests/downtime.py --headless -u 20 -t 30s --down-from 10 --down-to 20 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

Deliveries that are in flight when it goes down do arrive, but their answers do not.
"""

from frontsim.load.locust_hooks import register
from frontsim.load.plan import DOWNTIME
from frontsim.load.worker import DeliveryUser

register(DOWNTIME)


class OutageSender(DeliveryUser):
    """Sends one delivery after another; while the path is down, none leaves."""
