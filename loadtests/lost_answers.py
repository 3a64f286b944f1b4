r"""A share of the answers is ignored, as if it had never arrived, and the events are resent later.

    locust -f loadtests/lost_answers.py --headless -u 20 -t 30s --lost-share 0.1 --resend-after 3 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

The list -> resend job runs every --resend-after seconds, so a resend comes behind hundreds of other events.
"""

from frontsim.load.delivery_user import DeliveryUser
from frontsim.load.locust_hooks import wire
from frontsim.load.plans import LOST_ANSWERS

wire(LOST_ANSWERS)


class Shop(DeliveryUser):
    """Sends one delivery after another, and does not hear every answer."""
