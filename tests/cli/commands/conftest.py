"""Wiring: runs of `frontsim verify` in this process, against receivers in its threads."""

from contextlib import ExitStack

import pytest

from tests.support.receiver import serving


@pytest.fixture
def receiver(tmp_path):
    """Opens a receiver of the registry in a thread: `receiver("no-dedupe")` gives the options of a run of one type."""
    with ExitStack() as stack:

        def run(variant="reference"):
            url = stack.enter_context(serving(variant, tmp_path / "receiver.db"))
            return [
                *("--receiver", f"{url}/hook", "--observe-url", f"{url}/effects", "--settle", "0.1"),
                *("--events", "SaleCreated"),
            ]

        yield run


@pytest.fixture
def verify(run, monkeypatch):
    """`verify(...)` runs the command in this process."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return lambda *args: run("verify", *args)
