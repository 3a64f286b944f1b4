r"""A backlog of failed events is resent at full speed; then the next one.

    locust -f loadtests/resend_storm.py --headless -u 50 -t 30s --backlog 2000 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

Each sending process builds a backlog of its own. Some of it never left, some arrived unanswered (--lost-share), and
some is late: it arrives at the same moment as its resend (--late-share).
"""

from frontsim.load.delivery_user import DeliveryUser
from frontsim.load.locust_hooks import wire
from frontsim.load.plans import RESEND_STORM

wire(RESEND_STORM)


class Shop(DeliveryUser):
    """Fails a backlog, then resends it."""
