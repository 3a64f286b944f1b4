"""Wiring: receivers to play against, and a report made by hand."""

import shlex
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support.ports import free_port
from tests.support.receiver import command, serving
from tests.verification.laboratory import HASTY, open_shop, play, requested
from tests.verification.reports import by_hand


@pytest.fixture(scope="session", name="free_port")
def free_port_fixture():
    """Finds a port on which nothing listens."""
    return free_port


@pytest.fixture
def receiver(tmp_path):
    """Runs a receiver of the registry in a thread: `with receiver("inbox") as url`."""

    @contextmanager
    def run(variant):
        with serving(variant, tmp_path / f"{variant}.db") as url:
            yield url

    return run


@pytest.fixture
def child_command(tmp_path):
    """A command line that runs a receiver as a child, with its URL."""

    def make(variant):
        port = free_port()
        return f"http://127.0.0.1:{port}", shlex.join(command(variant, tmp_path / f"{variant}.db", port=port))

    return make


@pytest.fixture(name="requested")
def requested_fixture():
    """Makes the request for a receiver's URL."""
    return requested


@pytest.fixture(name="play")
def play_fixture():
    """Plays scenarios: `play(request, "steady")`."""
    return play


@pytest.fixture
def limits():
    """Makes limits that give what is missing little time, with changes."""
    return lambda **changes: replace(HASTY, **changes)


@pytest.fixture
def shop():
    """A shop that is open: right, until a test says otherwise."""
    with open_shop() as opened:
        yield opened


@pytest.fixture
def report():
    """A report made by hand: one scenario that found a duplicate, one unknown, one skipped, one verified."""
    return by_hand()
