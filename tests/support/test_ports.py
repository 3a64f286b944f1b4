"""The tests' ports: they stay free while a program is down."""

import socket
from pathlib import Path

import pytest

from tests.support.ports import free_port

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_connection_never_takes_the_port_of_a_program_that_is_down() -> None:
    if not EPHEMERAL.exists():
        pytest.skip("only Linux tells which ports it gives to connections")
    first, last = map(int, EPHEMERAL.read_text().split())
    assert not any(first <= free_port() <= last for _ in range(20))


def test_a_program_may_listen_there() -> None:
    with socket.create_server(("127.0.0.1", port := free_port())) as server:
        assert server.getsockname()[1] == port
