r"""Events come as fast as the receiver takes them, and nothing is broken.

    locust -f loadtests/steady.py --headless -u 20 -t 30s \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

-u is how many deliveries are under way at once, --pace bounds what each sender does in a second.
"""

from frontsim.load.delivery_user import DeliveryUser
from frontsim.load.locust_hooks import wire
from frontsim.load.plans import STEADY

wire(STEADY)


class Shop(DeliveryUser):
    """Sends one delivery after another."""
