"""Locust's master: preflight, events, verdict, and the tab on its web page.

__init__  simulator, webhooks, effects so far, one clean event
    begin     the live view; the events of api.py
    judge     the load ends, is recorded and judged; gives the exit code
    show      the table

However it ends, no webhook, no fault rule and no simulator that it started stay behind.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from flask import Response, request
from locust.env import Environment
from locust.web import WebUI

from frontsim import bundled
from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.files import opened
from frontsim.load.live import COLUMNS, TAB, EventSource, LiveView, live_page
from frontsim.load.options import Load
from frontsim.load.report import LoadReport, report_on
from frontsim.load.setup import set_up
from frontsim.load.teardown import preflight_of, record
from frontsim.masking import CommandLine, masked
from frontsim.verification.judge import checks
from frontsim.verification.play.preflight import PreflightResult
from frontsim.verification.scenario.scenario import Scenario

_PATH = "/frontsim/live"
_STYLE = "position:sticky;bottom:0;z-index:9;width:100%;height:9.5rem;border:0"
_BELOW = f'<iframe src="{_PATH}" title="Lost and duplicated" style="{_STYLE}"></iframe>'


def add_tab(web_ui: WebUI, live: LiveView) -> None:
    """Add the tab, and below every tab what is red in it: Locust's tables have neither colours nor charts.

    The tab's rows travel with the statistics that the page polls anyway.
    """
    web_ui.template_args |= {
        "extended_tabs": [TAB],
        "extended_tables": [{"key": TAB["key"], "structure": COLUMNS}],
    }

    app = web_ui.app
    assert app is not None

    def add_rows(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = {"key": TAB["key"], "data": live.rows()}
            response.set_data(app.json.dumps({**response.get_json(), "extended_stats": [rows]}))
        elif request.path == "/" and response.mimetype == "text/html":
            response.set_data(response.get_data(as_text=True).replace("</body>", f"{_BELOW}</body>"))
        return response

    app.add_url_rule(_PATH, _PATH, lambda: live_page(list(live.looks)))

    app.after_request(add_rows)


logger = logging.getLogger(__name__)

UNKNOWN = 2


class PreflightFailed(FrontsimError):
    """A clean event does not pass, so the load would prove nothing: the verdict is *unknown*."""


class LoadMaster:
    """One load test, from the check of the options to the verdict.

    Raises:
        PreflightFailed: the receiver does not acknowledge a clean event, or the observer does not show it.
        FrontsimError: something else is not as it must be. Either way, no load was sent.
    """

    def __init__(self, load: Load, environment: Environment) -> None:
        load.check()
        load.fix()
        self._load = load
        self._setup = set_up(load)
        self._began: float | None = None
        self._report: LoadReport | None = None
        try:
            self._preflight = self._run_preflight()
        except BaseException:
            self._setup.close()
            raise
        options = load.options
        options.simulator = self._setup.address.base_url
        environment.host = options.simulator if load.plan.is_polled else masked(options.receiver)  # Locust shows it
        environment.stop_timeout = load.stop_timeout_s
        self._live = LiveView(self._setup, every_s=options.live)
        self._source = EventSource(self._setup, rate=options.event_rate) if load.plan.is_polled else None
        if environment.web_ui:
            add_tab(environment.web_ui, self._live)

    def begin(self) -> None:
        """The users begin. A second test that is started on Locust's page continues the run. Raises CallError."""
        if self._began is not None:
            return
        self._began = stopwatch()
        self._live.start()
        if self._source:
            self._source.start()

    def judge(self) -> int:
        """End the load, record and judge it, and write the files; gives the exit code."""
        if self._began is None:
            sys.stderr.write("no test was run, so nothing is known about the receiver\n")
            return UNKNOWN
        duration_s = stopwatch() - self._began
        self._live.stop()
        if self._source:
            try:
                self._source.stop()
            except CallError as error:
                logger.error("fault rules may be left behind: %s", error)
        options, plan = self._load.options, self._load.plan
        self._report = report_on(
            record(self._setup, self._preflight, duration_s=duration_s),
            Scenario(plan.name, plan.breaks, plan.holds, ()),
            checks.receiver_contract(),
            receiver=options.receiver,
            seed=options.seed,
            replay=_replay(options.simulator_token, options.seed),
            exchange_source=self._setup.exchange_source,
        )
        _write(options.verdict_json, self._report.as_json)
        _write(options.verdict_html, self._report.as_html)
        return self._report.exit_code

    def show(self) -> None:
        """Print the table; to standard error when standard output holds Locust's JSON."""
        if self._report is None:
            return
        out = sys.stderr if self._load.options.json else sys.stdout
        for line in self._report.table():
            out.write(f"{line}\n")
        out.flush()

    def close(self) -> None:
        """Leave nothing behind."""
        self._setup.close()

    def _run_preflight(self) -> PreflightResult:
        """Check that a clean event passes; how long its effect took says how long to wait for effects at the end."""
        found = preflight_of(self._setup).run()
        if found.check.failure:
            raise PreflightFailed(f"{found.check.failure}; no load was sent, because it would prove nothing")
        if found.latency_s is not None:
            self._setup.wait_limits = self._setup.wait_limits.for_latency(found.latency_s)
        return found


def _replay(token: str, seed: int) -> CommandLine:
    """The command line as the user typed it, with the seed and without the token."""
    words = [word.replace(token, "TOKEN") if token else word for word in sys.argv[1:]]
    file = Path(words[1]) if words[:1] == ["-f"] else Path()
    is_ours = file.parent.resolve() == bundled.folder("loadtests").resolve()
    begins = ["frontsim", "load", file.stem.replace("_", "-"), *words[2:]] if is_ours else ["locust", *words]
    again = [] if any(word.partition("=")[0] == "--seed" for word in words) else ["--seed", str(seed)]
    return CommandLine((*begins, *again))


def _write(file: str, content: Callable[[], bytes]) -> None:
    if not file:
        return
    try:
        with opened(Path(file), "wb") as writes:
            writes.write(content())
    except OSError as error:
        logger.error("%s: expected a file that can be written, got %s", file, error.strerror)
