import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.client.control import LeasedDelivery
from frontsim.domain.delivery_request import tls_context
from frontsim.domain.model import Outcome
from frontsim.load.setup import HttpSender
from tests.support.authority import Authority

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
BODY = b'{"saleId": 7}'


class AnsweringServer:
    """Answers each request on one connection after another with the next of `answers`; b"" closes instead."""

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self._answers = list(answers)
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/hook?token=a"

    def close(self) -> None:
        self._answers.clear()
        socket.create_connection(self._listening.getsockname()).close()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while self._answers:
            connection, _ = self._listening.accept()
            if self._tls is not None:
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                except OSError:
                    continue
            with closing(connection):
                while request := connection.recv(65536):
                    self.requests.append(request)
                    answer = self._answers.pop(0) if self._answers else b""
                    if not answer:
                        break
                    connection.sendall(answer)


def test_a_receiver_of_an_authority_of_ones_own(tmp_path: Path) -> None:
    """Its certificate is taken with the authority's file, or unchecked; by default nothing is sent."""
    authority = Authority(tmp_path)
    for tls, outcome in (
        (tls_context(verify=True, ca=None), Outcome.NOT_SENT),
        (tls_context(verify=True, ca=authority.file), Outcome.ANSWERED),
        (tls_context(verify=False, ca=None), Outcome.ANSWERED),
    ):
        with (
            closing(AnsweringServer(OK, tls=authority.receiver())) as peer,
            closing(HttpSender(answer_s=5, tls=tls)) as sender,
        ):
            report = sender.post(delivery_to(peer.url.replace("http:", "https:")))
        assert outcome == report.outcome


@pytest.fixture
def sender() -> Iterator[HttpSender]:
    with closing(HttpSender(answer_s=5, tls=tls_context(verify=True, ca=None))) as found:
        yield found


def delivery_to(url: str) -> LeasedDelivery:
    headers = {"Content-Type": "application/json", "X-Webhook-Event-Id": "e"}
    return LeasedDelivery("1", "w", "e", "SaleCreated", 1, False, url, headers, BODY, 0.0)


def test_a_delivery_is_sent_as_it_was_leased(sender: HttpSender) -> None:
    """Its query, its headers and its body, byte for byte; the status is what came back."""
    with closing(AnsweringServer(OK)) as peer:
        report = sender.post(delivery_to(peer.url))
        sender.close()
    assert (Outcome.ANSWERED, 200) == (report.outcome, report.status_code)
    (request,) = peer.requests
    assert request.startswith(b"POST /hook?token=a HTTP/1.1\r\n")
    assert b"X-Webhook-Event-Id: e\r\n" in request
    assert request.endswith(b"\r\n\r\n" + BODY)


def test_a_connection_that_closes_without_an_answer_is_never_tried_again(sender: HttpSender) -> None:
    """The client that Locust builds on resends by itself in old releases: a copy that the log does not know."""
    with closing(AnsweringServer(OK, b"", OK)) as peer:
        outcomes = [sender.post(delivery_to(peer.url)).outcome for _ in range(2)]
        sender.close()
    assert [Outcome.ANSWERED, Outcome.UNKNOWN] == outcomes
    assert 2 == len(peer.requests)


def test_a_redirect_is_not_followed(sender: HttpSender) -> None:
    """A 3xx is an answer, and no 2xx."""
    with closing(AnsweringServer(MOVED, OK)) as peer:
        report = sender.post(delivery_to(peer.url))
        sender.close()
    assert (302, "/elsewhere") == (report.status_code, report.answer_headers["Location"])
    assert 1 == len(peer.requests)


def test_a_refused_connection_means_not_sent(sender: HttpSender) -> None:
    """A refused connection proves that not one byte arrived."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    assert Outcome.NOT_SENT is sender.post(delivery_to(url)).outcome
