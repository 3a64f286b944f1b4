import socket
import threading

import pytest

from frontsim.client.control import LeasedDelivery
from frontsim.domain.model import Outcome
from frontsim.verification.play.kills import SendResult, send
from frontsim.verification.scenario.steps import CrashPoint
from tests.support.patience import PATIENCE_S

BODY = b'{"saleId": 7}!'


class ReceiverSocket:
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
        self.thread.join(PATIENCE_S)
        self.socket.close()
        return self.got


@pytest.fixture
def peer():
    made = ReceiverSocket()
    yield made
    made.end()


def delivery(port):
    url, headers = f"http://127.0.0.1:{port}/hook?token=a", {"X-Webhook-Event-Id": "e"}
    return LeasedDelivery("7", "w", "e", "SaleCreated", 1, False, url, headers, BODY, 0.0)


def test_a_whole_delivery_is_answered(peer):
    """Head and body arrive as they should, and the answer's status is told."""
    crashed = []
    sent = send(delivery(peer.port), crash_at=CrashPoint.ANSWER_READ, crash=lambda: crashed.append(1))
    assert (sent, crashed) == (SendResult(Outcome.ANSWERED, 201), [1])
    head, _, body = peer.end().partition(b"\r\n\r\n")
    assert body == BODY
    assert head.splitlines()[0] == b"POST /hook?token=a HTTP/1.1"
    assert b"Content-Length: 14" in head
    assert b"X-Webhook-Event-Id: e" in head


@pytest.mark.parametrize(
    ("moment", "arrived"),
    [(CrashPoint.HEADERS_SENT, b"\r\n\r\n"), (CrashPoint.HALF_THE_BODY, BODY[:7]), (CrashPoint.WHOLE_BODY, BODY)],
)
def test_the_blow_falls_at_the_moment(moment, arrived):
    """When the blow falls, so much and no more has been sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = []

        def crash():
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

        sent = send(delivery(server.getsockname()[1]), crash_at=moment, crash=crash)
    assert seen[0].endswith(arrived)
    assert len(seen) == 1
    assert sent.outcome is Outcome.UNKNOWN


def test_accepted_and_nothing_sent_never_reached_it(peer):
    """Killed when the connection stood: not one byte was sent, and that is certain."""
    assert send(delivery(peer.port), crash_at=CrashPoint.ACCEPTED, crash=lambda: None) == SendResult(Outcome.NOT_SENT)
    assert peer.end() == b""


def test_a_refused_connection_is_not_sent(free_port):
    """No connection: certainly not sent, and nothing is crashed."""
    sent = send(delivery(free_port()), crash_at=CrashPoint.WHOLE_BODY, crash=lambda: pytest.fail("crashed"))
    assert sent == SendResult(Outcome.NOT_SENT)
