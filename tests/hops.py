"""Counts the files that a flow runs through: `python -m tests.hops`, whose figures architecture.md states.

Two flows: a warm SaleCreated from `POST /_sim/trigger` to its logged outcome, and `short-outage` from the command to
the verdict, in verify's process. A file counts when one of its functions is called; imports do not count.
"""

import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

import frontsim
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from tests.support.receiver import ChildReceiver

ROOT = str(Path(frontsim.__file__).parent)


class Hops:
    """Notes each file of the package in which a function is called, in all threads that start afterwards."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._has_stopped = False
        sys.setprofile(self._note)
        threading.setprofile(self._note)

    def stop(self) -> None:
        self._has_stopped = True
        sys.setprofile(None)
        threading.setprofile(None)

    @property
    def files(self) -> list[str]:
        return sorted(Path(file).relative_to(ROOT).as_posix() for file in self.calls)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if self._has_stopped:
            return  # threads that go on still come here
        if event == "call" and code.co_filename.startswith(ROOT) and not _is_import(frame):
            self.calls[code.co_filename] += 1


def _is_import(frame: FrameType | None) -> bool:
    """A module, the body of a class in it, and what decorates its functions."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(ROOT):
            return True
        frame = frame.f_back
    return False


def _wait_for_effects(receiver: ChildReceiver, number: int) -> None:
    while len(httpx.get(receiver.effects).json()) < number:
        time.sleep(0.05)
    time.sleep(0.5)  # the outcome is logged after the receiver has booked


def delivery(folder: Path) -> Hops:
    """A SaleCreated after some at once: a receiver that serves several keeps its connections."""
    hops, warming = Hops(), 20
    running = run_in_thread(Settings(port=0, ephemeral=True))
    try:
        with ChildReceiver("reference", folder / "delivery.db") as receiver, httpx.Client() as http:
            webhook = {"event": "SaleCreated", "url": receiver.hook}
            http.post(f"{running.base_url}/api/Webhooks", json=webhook, headers={"x-api-key": "k"}).raise_for_status()
            for count in (warming, 1):
                raised = {"event": "SaleCreated", "count": count}
                http.post(f"{running.control_url}/trigger", json=raised).raise_for_status()
                if count == 1:
                    _wait_for_effects(receiver, warming + 1)
                    return hops
                http.post(f"{running.control_url}/drain", json={"timeoutS": 30}).raise_for_status()
                hops.calls.clear()
    finally:
        hops.stop()
        running.stop()
    raise AssertionError("the last event returns")


def verdict(folder: Path) -> Hops:
    """`short-outage` as the command plays it."""
    from frontsim.cli.main import main  # noqa: PLC0415 - after the profile is set, as a command would

    with ChildReceiver("reference", folder / "verdict.db") as receiver:
        hops = Hops()
        sys.argv[1:] = ["verify", "--receiver", receiver.hook, "--observe-url", receiver.effects]
        sys.argv += ["--scenario", "short-outage"]
        with suppress(SystemExit):
            main()
        hops.stop()
    return hops


if __name__ == "__main__":
    import tempfile

    is_verbose = "-v" in sys.argv  # `verdict` sets the arguments of verify
    with tempfile.TemporaryDirectory() as temporary:
        for flow in (delivery, verdict):
            hops = flow(Path(temporary))
            print(f"{flow.__name__}: {len(hops.files)} files, {sum(hops.calls.values())} calls")
            if is_verbose:
                print("  " + "\n  ".join(hops.files))
