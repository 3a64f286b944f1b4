"""Starts the simulators of the cases, each on its own log: for the CLI, the pytest plugin and the Python API."""

import json
import random
import string
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontsim.hosting.serving import run_in_thread
from frontsim.recovery.case import Case
from frontsim.recovery.gateway import CallGateway
from frontsim.recovery.play import CaseSimulator
from frontsim.settings import Settings

_KEY_CHARACTERS = string.ascii_letters + string.digits


@contextmanager
def open_simulator(case: Case, *, seed: int) -> Iterator[CaseSimulator]:
    """A simulator for one case, with its own keys that the job must not print."""
    rng = random.Random(f"{seed}/{case.name}")  # noqa: S311 - keys of a test
    api_key = "".join(rng.choices(_KEY_CHARACTERS, k=7)) + "." + "".join(rng.choices(_KEY_CHARACTERS, k=32))
    subscription_key = "".join(rng.choices("0123456789abcdef", k=32))
    gateway = CallGateway()
    with tempfile.TemporaryDirectory(prefix="frontsim-types-") as folder:
        settings = Settings(
            port=0,
            ephemeral=True,
            auth="strict",
            api_key=api_key,
            subscription_key=subscription_key,
            seed=seed,
            concurrency=64,
            connect_timeout=1.0,
            contracts=_new_type(case, Path(folder)),
        )
        running = run_in_thread(settings, before=gateway.before)
        try:
            yield CaseSimulator(running.base_url, running.control_url, api_key, subscription_key, gateway)
        finally:
            running.stop()


def _new_type(case: Case, folder: Path) -> Path | None:
    """A folder with the event type that is new in this case."""
    if not case.new_type:
        return None
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"number": {"type": "string"}, "balance": {"type": "number"}},
        "required": ["number", "balance"],
    }
    (folder / f"{case.new_type}.json").write_text(json.dumps(schema))
    return folder
