"""The part of a load test that the master has, or the only process: the beginning, the live view, the verdict.

    prepare   simulator, webhooks, effects so far, one clean event
    begin     live view; the shop of api.py
    judge     everything ends, is recorded and judged; the exit code
    tell      the table

Whatever ends it, neither webhooks nor faults nor a simulator of ours stay behind.
"""

import logging
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from locust.env import Environment

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.load.clean_event import control
from frontsim.load.event_source import EventSource
from frontsim.load.live import Watch
from frontsim.load.live_tab import add_tab
from frontsim.load.options import Load
from frontsim.load.report import LoadReport, report_on
from frontsim.load.setup import set_up
from frontsim.load.teardown import record
from frontsim.verification.judge import clauses
from frontsim.verification.report.masking import masked
from frontsim.verification.scenario.scenario import Scenario

logger = logging.getLogger(__name__)

UNKNOWN = 2


class ControlFailed(FrontsimError):
    """What must work at all does not, so nothing can be known: the verdict is *unknown*."""


class LoadMaster:
    """From the check of the options to the verdict.

    Raises:
        ControlFailed: a clean event is not acknowledged, or not seen.
        FrontsimError: something else is not as it must be. Nothing was begun in either case.
    """

    def __init__(self, load: Load, environment: Environment) -> None:
        load.check()
        load.fix()
        self._load = load
        self._setup = set_up(load)
        self._began: float | None = None
        self._report: LoadReport | None = None
        try:
            self._control = control(self._setup)
            if self._control.failure:
                raise ControlFailed(f"{self._control.failure}; no load was put on it, for nothing could be said after")
        except BaseException:
            self._setup.close()
            raise
        options = load.options
        options.simulator = self._setup.address.base_url
        environment.host = options.simulator if load.plan.is_polled else masked(options.receiver)  # Locust shows it
        environment.stop_timeout = load.stop_timeout_s
        self._watch = Watch(self._setup, every_s=options.live)
        self._events = EventSource(self._setup, rate=options.event_rate) if load.plan.is_polled else None
        if environment.web_ui:
            add_tab(environment.web_ui, self._watch)

    def begin(self) -> None:
        """The users begin; when the page starts a second test, the run simply goes on. Raises CallError."""
        if self._began is not None:
            return
        self._began = stopwatch()
        self._watch.start()
        if self._events:
            self._events.start()

    def judge(self) -> int:
        """The exit code, after all that must happen before; the files are written."""
        if self._began is None:
            sys.stderr.write("no test was run, so nothing is known of the receiver\n")
            return UNKNOWN
        duration_s = stopwatch() - self._began
        self._watch.stop()
        if self._events:
            try:
                self._events.stop()
            except CallError as error:
                logger.error("faults may be left behind: %s", error)
        options, plan = self._load.options, self._load.plan
        self._report = report_on(
            record(self._setup, self._control, duration_s=duration_s),
            Scenario(plan.name, plan.breaks, plan.holds, ()),
            clauses.load(),
            receiver=options.receiver,
            seed=options.seed,
            replay=_replay(options.simulator_token, options.seed),
        )
        _write(options.verdict_json, self._report.as_json)
        _write(options.verdict_html, self._report.as_html)
        return self._report.exit_code

    def tell(self) -> None:
        """The table, behind Locust's statistics; on standard error when a program reads those."""
        if self._report is None:
            return
        out = sys.stderr if self._load.options.json else sys.stdout
        for line in self._report.table():
            out.write(f"{line}\n")
        out.flush()

    def close(self) -> None:
        """Leave nothing behind."""
        self._setup.close()


def _replay(token: str, seed: int) -> str:
    """The command line as it was typed, with the seed in it and secrets not."""
    words = [masked(word.replace(token, "TOKEN") if token else word) for word in sys.argv[1:]]
    again = [] if any(word.partition("=")[0] == "--seed" for word in words) else ["--seed", str(seed)]
    return shlex.join(["locust", *words, *again])


def _write(file: str, content: Callable[[], bytes]) -> None:
    if not file:
        return
    try:
        Path(file).write_bytes(content())
    except OSError as error:
        logger.error("%s: expected a file that can be written, got %s", file, error.strerror)
