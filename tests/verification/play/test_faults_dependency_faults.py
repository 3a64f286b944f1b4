"""Receivers whose ERP, behind a proxy, is down, slow or loses its answers: each ends in the right verdict."""

import http.client
import shlex
import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.verdicts import Verdict
from frontsim.verification.dependency.breakage import DependencyAddress
from frontsim.verification.patience import Patience, TimeLimits
from frontsim.verification.play.actions import act
from frontsim.verification.play.faults import await_return
from frontsim.verification.request import Request
from frontsim.verification.scenario.steps import KeepAway
from tests.support.ports import free_port
from tests.verification.laboratory import HASTY, open_shop

pytestmark = pytest.mark.slow

ALL = ("dependency-down", "dependency-slow", "dependency-lost-commit")


class Erp:
    """An ERP over HTTP, and the address that a receiver has for it."""

    def __init__(self, shop):
        self.shop = shop
        self.port = free_port()
        self.address = DependencyAddress("erp", "127.0.0.1", shop.server_port, self.port)

    def book(self, event_id):
        """Tell it of an event. Raises OSError or HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/orders", b"{}", {"X-Webhook-Event-Id": event_id, "X-Webhook-Event": "order"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise http.client.HTTPException(answer.status)
        finally:
            connection.close()


BROKEN = (OSError, http.client.HTTPException)


@pytest.fixture
def erp():
    with open_shop() as opened:
        yield Erp(opened)


def books_twice(erp):
    """An ERP without idempotency keys: each call books."""
    erp.shop.books = lambda event_id: erp.shop.effects.append({"webhookEventId": event_id})


def right(erp):
    def answer(event_id):
        try:
            erp.book(event_id)
        except BROKEN:
            return 500
        return 200

    return answer


def retries(erp):
    """Right with an ERP that knows idempotency keys: it calls once more by itself."""

    def answer(event_id):
        for _ in range(2):
            try:
                erp.book(event_id)
            except BROKEN:
                continue
            return 200
        return 500

    return answer


def swallows(erp):
    def answer(event_id):
        right(erp)(event_id)
        return 200

    return answer


def in_background(erp, tries):
    """A 202, and a job that is tried so many times, a moment apart."""

    def book(event_id):
        for _ in range(tries):
            try:
                erp.book(event_id)
            except BROKEN:
                Event().wait(0.01)
            else:
                return

    def answer(event_id):
        Thread(target=book, args=[event_id], daemon=True).start()
        return 202

    return answer


def id_first(erp):
    known = set()

    def answer(event_id):
        if event_id in known:
            return 200
        known.add(event_id)
        return right(erp)(event_id)

    return answer


def guards(erp):
    """It acknowledges the copy of an event that is still under way."""
    under_way = set()

    def answer(event_id):
        if event_id in under_way:
            return 200
        under_way.add(event_id)
        try:
            return right(erp)(event_id)
        finally:
            under_way.discard(event_id)

    return answer


@pytest.fixture
def played(shop, erp, requested, play):
    """Judge a receiver in scenarios: the verdict and the classes, by name."""

    def run(receiver, *names, **others):
        shop.answers = receiver(erp)
        request = requested(shop.url, observe_url=f"{erp.shop.url}/effects", dependencies=[erp.address], **others)
        return {
            each.scenario.name: (each.judgement.verdict, {str(found.class_) for found in each.judgement.findings})
            for each in play(request, *names)
        }

    return run


@pytest.mark.parametrize("receiver", [right, retries])
def test_a_right_receiver_is_verified(receiver, played):
    assert dict.fromkeys(ALL, (Verdict.VERIFIED, set())) == played(receiver, *ALL)


def test_a_receiver_that_ends_when_its_dependency_is_back_is_started_again(erp, requested, play):
    """It noticed only then; without another supervisor than us it would refuse all that is sent from then on."""
    port = free_port()
    request = requested(
        f"http://127.0.0.1:{port}/hook",
        observe_url=f"{erp.shop.url}/effects",
        receiver_cmd=shlex.join(
            [sys.executable, str(Path(__file__).with_name("ends_late.py")), f"{port}", f"{erp.port}"]
        ),
        dependencies=[erp.address],
        events=["SaleCreated"],
    )
    (found,) = play(request, "dependency-down")
    assert (Verdict.VERIFIED, ()) == (found.judgement.verdict, found.judgement.findings)
    assert any("it had ended" in what for _, what in found.history.marks)


@pytest.mark.long
@pytest.mark.parametrize(
    ("receiver", "scenario", "classes"),
    [
        (swallows, "dependency-down", {"lost-after-ack"}),
        (id_first, "dependency-down", {"burned", "lost-after-ack"}),  # it acknowledges a copy, and the resend
        (guards, "dependency-down", {"lost-after-ack"}),
        (swallows, "dependency-lost-commit", {"lost-after-ack"}),  # a call that did not arrive looks like one that did
    ],
)
def test_a_wrong_receiver_is_found(receiver, scenario, classes, played):
    assert {scenario: (Verdict.VIOLATED, classes)} == played(receiver, scenario, limits=HASTY, events=["SaleCreated"])


def test_a_call_that_is_made_again_without_a_key_books_twice(erp, played):
    """The answer to the first call was lost, and the ERP does not know the second from a new one."""
    books_twice(erp)
    found = played(right, "dependency-lost-commit", events=["SaleCreated"])
    assert {"dependency-lost-commit": (Verdict.VIOLATED, {"duplicated"})} == found


def ends(erp, shop):
    """It listens no more once its ERP is away, and serves none of the connections that it had."""
    gone = Event()

    def answer(event_id):
        status = right(erp)(event_id)
        if status != 200:
            gone.set()
            shop.shutdown()
            shop.server_close()
        if gone.is_set():
            raise ConnectionAbortedError
        return status

    return answer


def test_a_receiver_that_ends_and_is_not_started_again_is_unknown(shop, erp, requested, play):
    """Without a supervisor and --receiver-cmd it is unknown what the receiver does once the dependency is back."""
    shop.answers = ends(erp, shop)
    request = requested(
        shop.url,
        observe_url=f"{erp.shop.url}/effects",
        dependencies=[erp.address],
        limits=HASTY,
        events=["SaleCreated"],
    )
    (played,) = play(request, "dependency-down")
    assert (Verdict.UNKNOWN, ()) == (played.judgement.verdict, played.judgement.findings)
    assert "it ended, and nothing started it again; run it under its supervisor" in played.judgement.reason


def test_a_process_that_takes_a_moment_to_end_is_started_again():
    """Its sockets are closed, so nothing listens, and it still counts as running at the first look."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    servers = []

    class Process:
        looks = 0

        @property
        def is_running(self):
            self.looks += 1
            return self.looks == 1 or bool(servers)

        def start(self):
            servers.append(socket.create_server(("127.0.0.1", port)))

    limits = TimeLimits(last_s=60)
    harness = SimpleNamespace(
        given=SimpleNamespace(process=Process(), request=Request(f"http://127.0.0.1:{port}")),
        pause=lambda _: None,
        limits=limits,
        patience=Patience(limits),
    )
    told = []
    await_return(
        SimpleNamespace(
            harness=harness, scenario=SimpleNamespace(needs_dependency=True), mark=told.append, effects=None
        )
    )
    servers.pop().close()
    assert ["receiver started: it had ended while its dependency was broken"] == told


def test_a_receiver_that_does_not_use_the_proxy_is_unknown(shop, erp, requested, play):
    """A check that could not run is not passed; the reason says what to change."""
    request = requested(shop.url, dependencies=[erp.address])
    (unused,) = play(request, "dependency-down")
    assert Verdict.UNKNOWN is unused.judgement.verdict
    assert f"to connect to 127.0.0.1:{erp.port}, got no connection; put {{erp_port}}" in unused.judgement.reason


def test_without_a_dependency_a_scenario_is_skipped(shop, requested, play):
    (skipped,) = play(requested(shop.url), "dependency-down")
    assert Verdict.SKIPPED is skipped.judgement.verdict
    assert "needs --dependency NAME=HOST:PORT" in skipped.judgement.reason


def test_an_observer_behind_the_proxy_is_refused(shop, erp, requested, play):
    """A broken answer there would look like the receiver's loss."""
    request = requested(shop.url, observe_url=f"http://localhost:{erp.port}/effects", dependencies=[erp.address])
    with pytest.raises(
        BadInput, match=rf"--observe-url: expected erp itself \(127.0.0.1:{erp.shop.server_port}\), got"
    ):
        play(request, "dependency-down")


def test_a_dependency_that_is_not_there_is_refused(shop, requested, play):
    request = requested(shop.url, dependencies=[DependencyAddress("erp", "127.0.0.1", free_port())])
    with pytest.raises(Unusable, match="--dependency erp: expected something that listens on"):
        play(request, "dependency-down")


def test_a_dependency_that_is_not_used_for_an_event_changes_nothing(shop, erp, requested, play):
    """Each scenario is played once for each dependency; one of them the receiver only connects to."""
    shop.answers = right(erp)
    idle = DependencyAddress("idle", "127.0.0.1", erp.shop.server_port)
    request = requested(
        shop.url, observe_url=f"{erp.shop.url}/effects", dependencies=[erp.address, idle], events=["SaleCreated"]
    )
    for played in play(request, "dependency-down", "dependency-lost-commit"):
        assert Verdict.VERIFIED is played.judgement.verdict, played.judgement.reason


@pytest.mark.parametrize(("tries", "expected"), [(2, Verdict.VIOLATED), (10**6, Verdict.VERIFIED)])
def test_a_job_that_gives_up_while_its_dependency_is_away_is_found(tries, expected, played):
    """It has acknowledged the event; one that tries until the dependency is back books it."""
    found = played(partial(in_background, tries=tries), "dependency-away", limits=replace(HASTY, away_s=0.4))
    assert {"dependency-away": (expected, {"lost-after-ack"} if expected is Verdict.VIOLATED else set())} == found


def test_a_receiver_is_killed_halfway_and_starts_with_its_dependency():
    """Not before: a right receiver may refuse to start without it."""
    done = []
    process = SimpleNamespace(kill=lambda: done.append("killed"))
    harness = SimpleNamespace(
        limits=TimeLimits(away_s=8), given=SimpleNamespace(process=process), pause_long=done.append
    )
    state = SimpleNamespace(harness=harness, broken="down", settling_s=1.0, drain=lambda: None, mark=done.append)
    act(state, KeepAway())
    assert [4, "receiver killed", "killed", 4] == done
    assert 9 == state.settling_s
