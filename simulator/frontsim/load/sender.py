"""The part of a load test that every sending process has: its feed, from the start of the test to its end."""

from frontsim.client.control import control_url
from frontsim.clock import stopwatch
from frontsim.load.delivery_faults import DeliveryFaults, dice_of
from frontsim.load.delivery_user import DeliveryUser, Sending
from frontsim.load.lease_buffer import LeaseBuffer
from frontsim.load.lease_policy import LeasePolicy, SteadyPolicy, StormPolicy
from frontsim.load.leasing import LeaseDesk
from frontsim.load.options import Load


class SenderPart:
    """Feeds the users of this process. `load` must have what the master has fixed: a worker has it with the start."""

    def __init__(self, load: Load, *, worker: int) -> None:
        options, began = load.options, stopwatch()
        is_storm = load.plan.is_storm
        self._desk = LeaseDesk(control_url(options.simulator), token=options.simulator_token, ttl_s=load.ttl_s)
        self._feed = LeaseBuffer(
            self._desk,
            _turns(load),
            mix=load.mix,
            answer_s=options.answer_timeout,
            at_s=lambda: stopwatch() - began,
        )
        fates = DeliveryFaults(load.shares, load.outage, resends_too=not is_storm, dice=dice_of(options.seed, worker))
        DeliveryUser.sending = Sending(self._feed, fates, began=began, is_storm=is_storm)
        DeliveryUser.pace = options.pace
        DeliveryUser.insecure = options.insecure
        DeliveryUser.network_timeout = DeliveryUser.connection_timeout = options.answer_timeout
        self._feed.start()

    def finish(self) -> None:
        """The users are about to be stopped: no new leases, and what waits is sent if that is soon done."""
        self._feed.finish()

    def close(self) -> None:
        """All users have ended: nothing stays unreported."""
        self._feed.close()
        self._desk.close()


def _turns(load: Load) -> LeasePolicy:
    if load.plan.is_storm:
        return StormPolicy(backlog=load.options.backlog)
    return SteadyPolicy(resend_after_s=load.options.resend_after, outage=load.outage)
