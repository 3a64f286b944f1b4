r"""A backlog of failed events is resent at full speed; then the next backlog.

    locust -f loadtests/resend_storm.py --headless -u 50 -t 30s --backlog 2000 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

Each sending process builds its own backlog. Some of its deliveries never leave (--unsent-share), some arrive but
their answers are ignored (--lost-share), and some are late: they arrive together with their resends (--late-share).
"""

from frontsim.load.locust_hooks import register
from frontsim.load.plan import RESEND_STORM
from frontsim.load.worker import DeliveryUser

register(RESEND_STORM)


class StormSender(DeliveryUser):
    """Builds a backlog of failed deliveries, then resends it."""
