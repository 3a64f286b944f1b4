"""`frontsim load`: a bundled load test, played by Locust in a separate process."""

import importlib.util
import os
import sys

import click

from frontsim import bundled
from frontsim.cli.completion import names
from frontsim.errors import BadInput, Unusable
from frontsim.user_input.near import not_among

_OTHERS = ("bench",)


def load_tests() -> dict[str, str]:
    """The bundled load tests: name to file."""
    files = sorted(bundled.folder("loadtests").glob("*.py"))
    return {file.stem.replace("_", "-"): str(file) for file in files if file.stem not in _OTHERS}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", shell_complete=names(lambda: load_tests()))
@click.argument("locust_options", nargs=-1, type=click.UNPROCESSED)
def load(name: str, locust_options: tuple[str, ...]) -> None:
    """Start Locust with a bundled load test: steady, lost-answers, downtime, resend-storm, store-day or api.

    Everything after NAME goes to Locust. After -- that holds for --help, too: it explains Locust's options and ours.
    """
    tests = load_tests()
    if name not in tests:
        raise BadInput(not_among(tests, name, expected="a load test"))
    if importlib.util.find_spec("locust") is None:
        raise Unusable("install the extra first: pip install 'frontsim[load]'")
    words = [sys.executable, "-m", "locust", "-f", tests[name], *locust_options]
    os.execv(sys.executable, words)  # noqa: S606 - Locust takes our place: its exit code and its Ctrl-C are ours
