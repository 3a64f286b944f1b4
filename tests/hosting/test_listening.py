import gc
import socket

import pytest

from frontsim.errors import Unusable
from frontsim.hosting.listening import listen, url_of


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "[::1]")])
def test_listens_at_once(host, shown):
    """The port is ours before anything is served, so its URL is known and no other program can take it."""
    try:
        listener = listen(host, 0)
    except Unusable:
        pytest.skip(f"this machine has no {host}")
    with listener:
        port = listener.getsockname()[1]
        if not (host == "localhost" and listener.family == socket.AF_INET6):
            assert f"http://{shown}:{port}" == url_of(listener)
        with pytest.raises(Unusable, match=rf"port {port}: Address already in use"):
            listen(host, port)


@pytest.mark.filterwarnings("error")
def test_a_port_that_is_none():
    """Refused before a socket is made, so none is left open."""
    with pytest.raises(Unusable, match="expected a port from 0 to 65535"):
        listen("127.0.0.1", 70_000)
    gc.collect()
