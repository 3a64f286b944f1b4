r"""The receiver's path is down from --down-from to --down-to, and all that failed is resent as soon as it is up again.

    locust -f loadtests/downtime.py --headless -u 20 -t 30s --down-from 10 --down-to 20 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

Deliveries that are under way when it goes down arrive, and their answers do not.
"""

from frontsim.load.delivery_user import DeliveryUser
from frontsim.load.locust_hooks import wire
from frontsim.load.plans import DOWNTIME

wire(DOWNTIME)


class Shop(DeliveryUser):
    """Sends one delivery after another; while the path is down, none of them leaves."""
