"""Sends deliveries from the master, where there are no users: the control, the last resends, the sign of life."""

from collections.abc import Iterable

from gevent.pool import Pool
from gevent.ssl import CERT_NONE, SSLContext, create_default_context
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError
from geventhttpclient.url import URL

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.leasing import Leased, Told
from frontsim.load.network_errors import never_left

TOGETHER = 16
"""Resends that are under way at once."""


class HttpSender:
    """Keep-liveness connections to the receiver. Redirects are not followed: a 3xx is no 2xx.

    Args:
        answer_s: seconds of silence until an answer is given up.
        insecure: take any certificate.
    """

    def __init__(self, *, answer_s: float, insecure: bool) -> None:
        self._answer_s = answer_s
        self._insecure = insecure
        self._clients: dict[tuple[str, str, int], HTTPClient] = {}

    def post_all(self, deliveries: Iterable[Leased]) -> list[Told]:
        """Send them, several at once."""
        return list(Pool(TOGETHER).imap_unordered(self.post, deliveries))

    def post(self, leased: Leased) -> Told:
        """Send one delivery, once; how far it got is told, never guessed."""
        url = URL(leased.url)
        began = stopwatch()
        try:
            answer = self._client(url).request("POST", url.request_uri, body=leased.body, headers=dict(leased.headers))
            status = answer.get_code()
            answer.read()
        except (OSError, HTTPParseError) as error:
            outcome = Outcome.NOT_SENT if never_left(error) else Outcome.UNKNOWN
            return Told(leased, outcome, None, round((stopwatch() - began) * 1000))
        return Told(leased, Outcome.ANSWERED, status, round((stopwatch() - began) * 1000))

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, url: URL) -> HTTPClient:
        key = (url.scheme, url.host, url.port or 0)
        if key not in self._clients:
            self._clients[key] = HTTPClient.from_url(
                url,
                concurrency=TOGETHER,
                network_timeout=self._answer_s,
                connection_timeout=self._answer_s,
                insecure=self._insecure,
                ssl_context_factory=_take_any if self._insecure else create_default_context,
            )
        return self._clients[key]


def _take_any() -> SSLContext:
    """TLS without a look at the certificate."""
    context = create_default_context()
    context.check_hostname = False
    context.verify_mode = CERT_NONE
    return context
