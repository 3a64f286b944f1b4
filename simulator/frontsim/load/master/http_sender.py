"""Sends deliveries from Locust's master, which has no users: the preflight, the last resends, the sign of life."""

import ssl
from collections.abc import Iterable

from gevent.pool import Pool
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError
from geventhttpclient.url import URL

from frontsim.client.leases import DeliveryReport, LeasedDelivery, answered
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.network_errors import never_left

CONCURRENCY = 16
"""Deliveries in flight at once."""


class HttpSender:
    """Keep-alive connections to the receiver. It follows no redirect: a 3xx is not a 2xx.

    Args:
        answer_s: seconds of silence after which the sender stops waiting for an answer.
        tls: the TLS settings.
    """

    def __init__(self, *, answer_s: float, tls: ssl.SSLContext) -> None:
        self._answer_s = answer_s
        self._tls = tls
        self._clients: dict[tuple[str, str, int], HTTPClient] = {}

    def post_all(self, deliveries: Iterable[LeasedDelivery]) -> list[DeliveryReport]:
        """Send deliveries, several at once."""
        return list(Pool(CONCURRENCY).imap_unordered(self.post, deliveries))

    def post(self, delivery: LeasedDelivery) -> DeliveryReport:
        """Send one delivery, once. An error counts as *not sent* only when it proves that no byte left."""
        url = URL(delivery.url)
        began = stopwatch()
        try:
            answer = self._client(url).request(
                "POST", url.request_uri, body=delivery.body, headers=dict(delivery.headers)
            )
            body = bytes(answer.read())
        except (OSError, HTTPParseError) as error:
            outcome = Outcome.NOT_SENT if never_left(error) else Outcome.UNKNOWN
            return DeliveryReport(delivery, outcome, None, _since_ms(began))
        return answered(delivery, answer.get_code(), _since_ms(began), body=body, headers=answer.items())

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _client(self, url: URL) -> HTTPClient:
        key = (url.scheme, url.host, url.port or 0)
        if key not in self._clients:
            self._clients[key] = HTTPClient.from_url(
                url,
                concurrency=CONCURRENCY,
                network_timeout=self._answer_s,
                connection_timeout=self._answer_s,
                insecure=not self._tls.check_hostname,  # otherwise the client would check it all the same
                ssl_context_factory=lambda: self._tls,
            )
        return self._clients[key]


def _since_ms(began: float) -> int:
    return round((stopwatch() - began) * 1000)
