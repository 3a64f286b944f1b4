"""What each process of a load test that sends has: the buffer of leases, from the start of the test to its end."""

from frontsim.client.control import Simulator, control_url
from frontsim.clock import stopwatch
from frontsim.load.plan.delivery_faults import DeliveryFaults, seeded_draws
from frontsim.load.plan.load import Load
from frontsim.load.worker.delivery_user import DeliveryUser, SendingState
from frontsim.load.worker.lease_buffer import LeaseBuffer
from frontsim.load.worker.lease_policy import LeasePolicy, SteadyPolicy, StormPolicy

_CALL_TIMEOUT_S = 30.0


class LoadWorker:
    """Supplies the users of this process with deliveries.

    `load` must hold what the master has fixed; a Locust worker gets it with the start of the test.
    """

    def __init__(self, load: Load, *, worker: int) -> None:
        options, began = load.options, stopwatch()
        is_storm = load.plan.is_storm
        self._simulator = Simulator(
            control_url(options.simulator), token=options.simulator_token, timeout_s=_CALL_TIMEOUT_S
        )
        self._buffer = LeaseBuffer(
            self._simulator,
            _policy_of(load),
            mix=load.mix,
            ttl_s=load.ttl_s,
            answer_s=options.answer_timeout,
            elapsed_s=lambda: stopwatch() - began,
        )
        faults = DeliveryFaults(
            load.shares, load.outage, breaks_resends=not is_storm, draw=seeded_draws(options.seed, worker)
        )
        DeliveryUser.state = SendingState(self._buffer, faults, began=began, is_storm=is_storm)
        DeliveryUser.pace = options.pace
        DeliveryUser.insecure = not load.tls["tls_verify"]
        DeliveryUser.ssl_context_factory = staticmethod(load.tls_context)
        DeliveryUser.network_timeout = DeliveryUser.connection_timeout = options.answer_timeout
        self._buffer.start()

    def finish(self) -> None:
        """Locust is about to stop the users: take no new leases, and let the users send what waits."""
        self._buffer.finish()

    def close(self) -> None:
        """All users have ended: report everything."""
        self._buffer.close()
        self._simulator.close()


def _policy_of(load: Load) -> LeasePolicy:
    if load.plan.is_storm:
        return StormPolicy(backlog=load.options.backlog)
    return SteadyPolicy(resend_after_s=load.options.resend_after, outage=load.outage)
