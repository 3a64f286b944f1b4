r"""The senders ignore a share of the answers, as if those had never arrived, and the events are resent later.

    locust -f loadtests/lost_answers.py --headless -u 20 -t 30s --lost-share 0.1 --resend-after 3 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

The list -> resend job runs every --resend-after seconds, so a resend comes hundreds of events after its original.
"""

from frontsim.load.locust_hooks import register
from frontsim.load.plan import LOST_ANSWERS
from frontsim.load.worker import DeliveryUser

register(LOST_ANSWERS)


class LossySender(DeliveryUser):
    """Sends one delivery after another, and ignores a share of the answers."""
