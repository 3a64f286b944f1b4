"""Proxies of a run: what is refused at the start, and what a receiver is told."""

import socket

import pytest

from frontsim.errors import Unusable
from frontsim.verification.dependency.breakage import DependencyAddress
from frontsim.verification.dependency.proxies import open_dependencies
from tests.support.ports import free_port


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened.getsockname()[1]


def test_a_receiver_gets_the_addresses_of_the_proxies(listener):
    with open_dependencies([DependencyAddress("db", "127.0.0.1", listener)]) as opened:
        at = f"127.0.0.1:{opened.port('db')}"
        assert {"FRONTSIM_DEPENDENCY_DB": at} == opened.environment
        assert f"serve --db-port {opened.port('db')}" == opened.filled_in("serve --db-port {db_port}")
        assert [f"dependency db: {at} -> 127.0.0.1:{listener}"] == opened.sentences


def test_its_own_port_may_be_fixed(listener):
    port = free_port()
    with open_dependencies([DependencyAddress("db", "127.0.0.1", listener, port)]) as opened:
        assert port == opened.port("db")


def test_a_port_that_is_not_free_is_refused(listener):
    with (
        pytest.raises(Unusable, match=rf"--dependency db: cannot listen .*{listener}.*leave @{listener} out"),
        open_dependencies([DependencyAddress("db", "127.0.0.1", listener, listener)]),
    ):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_dependency_that_is_not_there_is_refused(host):
    """With what was expected, and what came."""
    port = free_port()
    with (
        pytest.raises(Unusable, match=rf"--dependency db: expected something that listens on {host}:{port}, got: "),
        open_dependencies([DependencyAddress("db", host, port)]),
    ):
        pass


def test_an_ipv6_address_works():
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    port = listener.getsockname()[1]
    with (
        listener,
        open_dependencies([DependencyAddress("db", "::1", port)]) as opened,
        socket.create_connection(("127.0.0.1", opened.port("db"))),
    ):
        listener.accept()[0].close()  # the check at the start
        listener.accept()[0].close()
