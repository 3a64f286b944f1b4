"""A request is refused before anything starts, or a run is built from it."""

import socket
from collections.abc import Iterator

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.verification import patience
from frontsim.verification import request as request_module
from frontsim.verification.effects.observers import CommandObserver, FunctionObserver, SinkObserver, UrlObserver
from frontsim.verification.patience import TimeLimits
from frontsim.verification.request import (
    Address,
    Request,
    check,
    check_tls,
    observer_of,
    own_simulator,
    process_of,
    selection_of,
)
from tests.verification.laboratory import ShopReceiver

ADDRESS = Address("http://127.0.0.1:1/restapi/V2", "http://127.0.0.1:1/_sim")


@pytest.fixture
def url() -> Iterator[str]:
    """Something listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


def checked(request: Request) -> list[float]:
    """The pauses that the check took."""
    pauses: list[float] = []
    check(request, pause=pauses.append)
    return pauses


def test_what_listens_is_looked_at_once(url: str) -> None:
    assert [] == checked(Request(url, observe_url="http://127.0.0.1:1/effects"))


def test_two_ways_to_read_effects_are_refused_by_their_names(url: str) -> None:
    """One would win, and the user would not know which."""
    with pytest.raises(BadInput, match="expected one way to read effects, got --observe-url and --observe-cmd"):
        checked(Request(url, observe_url="http://127.0.0.1:1/", observe_cmd="true"))


def test_where_nothing_listens_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few tries; a receiver that frontsim starts need not listen yet."""
    monkeypatch.setattr(patience, "LISTENS_S", 2 * patience.CHILD_LOOK_S)
    pauses: list[float] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # it has the port, and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook"
        with pytest.raises(Unusable, match=r"nothing listens on 127\.0\.0\.1 port .*or let --receiver-cmd start it"):
            check(Request(url), pause=pauses.append)
        assert 2 == len(pauses)
        assert [] == checked(Request(url, receiver_cmd="python receiver.py"))


@pytest.mark.parametrize(
    ("command", "found", "refusal"),
    [("", "/lib/faketime.so", "expected --receiver-cmd too"), ("true", None, "expected libfaketime")],
)
def test_time_travel_needs_a_receiver_of_ours_and_libfaketime(
    url: str, command: str, found: str | None, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_module, "faketime_library", lambda: found)
    with pytest.raises((BadInput, Unusable), match=refusal):
        checked(Request(url, receiver_cmd=command, limits=TimeLimits(travel_s=1)))


def test_each_way_to_see_effects(url: str) -> None:
    """None where there is none; a sink is in a simulator that the receiver knows."""
    assert isinstance(observer_of(Request(url, observe_url="http://127.0.0.1:1/")), UrlObserver)
    assert isinstance(observer_of(Request(url, observe_cmd="true")), CommandObserver)
    assert isinstance(observer_of(Request(url, observe_function=list)), FunctionObserver)
    assert isinstance(observer_of(Request(url, observe_sink="erp"), ADDRESS), SinkObserver)
    assert None is observer_of(Request(url))
    with pytest.raises(BadInput, match="--observe-sink: expected --base-url too"):
        observer_of(Request(url, observe_sink="erp"))


def test_types_are_all_those_named_or_those_that_the_receiver_takes(url: str) -> None:
    """`auto` asks about all."""
    every = selection_of(Request(url)).types("all")
    assert ["SaleCreated"] == list(selection_of(Request(url, events=["SaleCreated"])).types("all"))
    assert every == selection_of(Request(url, events=["auto"])).types("all")
    assert (True, False) == (Request(url, events=["auto"]).is_auto, Request(url, events=["SaleCreated"]).is_auto)


def test_our_simulator_waits_for_answers_as_long_as_the_run_says(url: str) -> None:
    """A setting that cannot be is refused by the name of its option."""
    settings = own_simulator(Request(url, limits=TimeLimits(answer_s=7), delivery={"event_header": "X-Type"}), seed=3)
    assert (7, 7, 3, 0, True, "X-Type") == (
        settings.timeout, settings.connect_timeout, settings.seed, settings.port, settings.ephemeral,
        settings.event_header,
    )  # fmt: skip
    with pytest.raises(BadInput, match="--event-header: expected"):
        own_simulator(Request(url, delivery={"event_header": "a b"}), seed=3)


def test_a_receiver_without_a_command_has_no_process(url: str) -> None:
    assert None is process_of(Request(url), pause=lambda _: None)
    assert None is not process_of(Request(url, receiver_cmd="true"), pause=lambda _: None)


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(Unusable, match=r"the name shop\.invalid has no address .*; check the host"):
        check(Request("http://shop.invalid:8500/hook"), pause=lambda _: None)


def test_a_receiver_without_tls_at_an_https_url_is_refused(shop: ShopReceiver) -> None:
    """With --receiver-cmd, too: it is asked after it listens."""
    with pytest.raises(Unusable, match=r"expected TLS at https://127.*, got .*; the URL of a receiver without it"):
        check_tls(Request(shop.url.replace("http:", "https:")))
    check_tls(Request(shop.url))
    check_tls(Request("https://127.0.0.1:1/hook"))  # that nothing listens is told elsewhere
