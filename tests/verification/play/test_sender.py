import socket
import threading

import pytest

from frontsim.client.leases import LeasedDelivery
from frontsim.domain.model import Outcome
from frontsim.verification.play.sender import SendResult, send
from frontsim.verification.scenario.steps import Moment

BODY = b'{"saleId": 7}!'


class Peer:
    """Listens, remembers what arrived, and answers once the body is whole."""

    def __init__(self, answer=b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer, self.got = answer, b""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection, _ = self.socket.accept()
        with connection:
            while data := connection.recv(65536):
                self.got += data
                if self.got.endswith(BODY):
                    connection.sendall(self.answer)
                    return

    def end(self):
        self.thread.join(5)
        self.socket.close()
        return self.got


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.end()


def delivery(port):
    return LeasedDelivery(
        "w", "e", "SaleCreated", 1, f"http://127.0.0.1:{port}/hook?token=a", {"X-Webhook-Event-Id": "e"}, BODY
    )


def test_a_whole_delivery_is_answered(peer):
    """Head and body arrive as they should, and the answer's status is told."""
    struck = []
    sent = send(delivery(peer.port), strike_at=Moment.ANSWER_READ, strike=lambda: struck.append(1))
    assert (sent, struck) == (SendResult(Outcome.ANSWERED, 201), [1])
    head, _, body = peer.end().partition(b"\r\n\r\n")
    assert body == BODY
    assert head.splitlines()[0] == b"POST /hook?token=a HTTP/1.1"
    assert b"Content-Length: 14" in head
    assert b"X-Webhook-Event-Id: e" in head


@pytest.mark.parametrize(
    ("moment", "arrived"),
    [(Moment.HEADERS_SENT, b"\r\n\r\n"), (Moment.HALF_THE_BODY, BODY[:7]), (Moment.WHOLE_BODY, BODY)],
)
def test_the_blow_falls_at_the_moment(moment, arrived):
    """When the blow falls, so much and no more has been sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = []

        def strike():
            connection, _ = server.accept()
            connection.settimeout(0.05)
            got = b""
            try:
                while data := connection.recv(65536):
                    got += data
            except TimeoutError:
                pass
            connection.close()
            server.close()
            seen.append(got)

        sent = send(delivery(server.getsockname()[1]), strike_at=moment, strike=strike)
    assert seen[0].endswith(arrived)
    assert len(seen) == 1
    assert sent.outcome is Outcome.UNKNOWN


def test_accepted_and_nothing_sent_never_reached_it(peer):
    """Killed when the connection stood: not one byte was sent, and that is certain."""
    assert send(delivery(peer.port), strike_at=Moment.ACCEPTED, strike=lambda: None) == SendResult(Outcome.NOT_SENT)
    assert peer.end() == b""


def test_nobody_there_is_not_sent(free_port):
    """No connection: certainly not sent, and nothing is struck."""
    sent = send(delivery(free_port()), strike_at=Moment.WHOLE_BODY, strike=lambda: pytest.fail("struck"))
    assert sent == SendResult(Outcome.NOT_SENT)
