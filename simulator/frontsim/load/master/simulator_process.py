"""The simulator of a load test: one that runs already, or a child process that ends with the load test."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from frontsim.client.control import control_url
from frontsim.client.http import read_url
from frontsim.errors import Unusable
from frontsim.settings import Settings
from frontsim.verification.request import Address

_URL = re.compile(r"https?://\S+/restapi/V2")
_END_S = 5.0
KEYS = ("api_key", "subscription_key")
"""Settings that the environment may give: `FRONTSIM_API_KEY`, `FRONTSIM_SUBSCRIPTION_KEY`."""


def address_of(url: str, *, token: str = "") -> Address:
    """A simulator that runs already, with the keys of the environment. The URL may lack the path. Raises BadInput."""
    parsed = read_url(url)
    base_url = url if parsed.path.strip("/") else str(parsed.copy_with(path="/restapi/V2"))
    keys = {name: os.environ.get(f"FRONTSIM_{name.upper()}", getattr(Settings, name)) for name in KEYS}
    return Address(base_url, control_url(url), token, **keys)


def start_simulator(
    *,
    seed: int,
    answer_s: float,
    delivery_shape: str = "bare",
    payloads: str = Settings.payloads,
    tls: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Address, Callable[[], None]]:
    """Start a simulator on a free port with its own log; gives its address and a function that ends it.

    Raises:
        Unusable: it did not start; it wrote the reason to standard error.
    """
    settings = {
        "--port": "0",
        "--seed": str(seed),
        "--timeout": f"{answer_s:g}",
        "--auth": "lenient",
        "--token": "",
        "--delivery-shape": delivery_shape,
        "--payloads": payloads,
    }
    if tls.get("tls_ca"):
        settings["--tls-ca"] = str(tls["tls_ca"])
    words = [word for setting in settings.items() for word in setting]
    words.append("--tls-verify" if tls.get("tls_verify", True) else "--no-tls-verify")
    process = subprocess.Popen(
        [sys.executable, "-m", "frontsim.cli.child", "serve", "--quiet", "--ephemeral", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C ends Locust alone: the verdict still needs the log
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode(errors="replace")
    found = _URL.search(line)
    if found is None:
        _stop(process)
        raise Unusable(f"expected a simulator to start, got {line.strip() or 'nothing'}; standard error says why")
    address = Address(found[0], control_url(found[0]), "", Settings.api_key, Settings.subscription_key)
    return address, lambda: _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which ends it, and wait."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
