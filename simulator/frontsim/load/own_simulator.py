"""The simulator of a run: the user's, or one of our own in a child process that ends when we do."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

from frontsim.client.control import control_url
from frontsim.client.http import read_url
from frontsim.errors import Unusable
from frontsim.settings import Settings
from frontsim.verification.request import Address

_URL = re.compile(r"https?://\S+/restapi/V2")
_END_S = 5.0
KEYS = ("api_key", "subscription_key")
"""Settings that the environment may name: `FRONTSIM_API_KEY`, `FRONTSIM_SUBSCRIPTION_KEY`."""


def address_of(url: str, *, token: str = "") -> Address:
    """A simulator that runs somewhere, with the keys of the environment; its path may be left out. Raises BadInput."""
    parsed = read_url(url)
    base_url = url if parsed.path.strip("/") else str(parsed.copy_with(path="/restapi/V2"))
    keys = {name: os.environ.get(f"FRONTSIM_{name.upper()}", getattr(Settings, name)) for name in KEYS}
    return Address(base_url, control_url(url), token, **keys)


def start_simulator(*, seed: int, answer_s: float) -> tuple[Address, Callable[[], None]]:
    """Start one on a port and a log of its own; its address, and what ends it.

    Raises:
        Unusable: it did not come up; its own words are on standard error.
    """
    command = [sys.executable, "-m", "frontsim.cli.child_simulator"]
    settings = {"--port": "0", "--seed": str(seed), "--timeout": f"{answer_s:g}", "--auth": "lenient", "--token": ""}
    words = [word for setting in settings.items() for word in setting]
    process = subprocess.Popen(
        [*command, "--ephemeral", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is Locust's: the verdict still needs the log
    )
    assert process.stdin is not None
    assert process.stdout is not None
    line = process.stdout.readline().decode(errors="replace")
    found = _URL.search(line)

    def stop() -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    if found is None:
        stop()
        raise Unusable(f"expected a simulator to start, got {line.strip() or 'nothing'}; standard error says why")
    return Address(found[0], control_url(found[0]), "", Settings.api_key, Settings.subscription_key), stop
