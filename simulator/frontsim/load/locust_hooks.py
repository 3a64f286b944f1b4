"""Connects a load test to Locust's events, and leads it: preflight, events, verdict, and the tab on its web page.

    every process            options
    master or only process   init: LoadMaster   test_start: begin   test_stop, quitting: judge   quit: show
    worker or only process                      test_start: LoadWorker   test_stop: close

However it ends, no webhook, no fault rule and no simulator that it started stay behind.

Exit codes: 0 verified, 1 violated, 2 unknown, 3 usage or no receiver at that URL, 4 a failure of the load test itself.
"""

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import gevent
import psutil
from flask import Response, request
from locust import events, stats
from locust.env import Environment
from locust.event import EventHook
from locust.runners import MasterRunner, WorkerRunner
from locust.web import WebUI

from frontsim import bundled
from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.files import opened
from frontsim.load.live import COLOURS, COLUMNS, JUDGING, TAB, EventSource, LiveView, live_page, page
from frontsim.load.options import Load, add_options, say_less
from frontsim.load.plan import Plan
from frontsim.load.setup import set_up
from frontsim.load.teardown import LoadReport, preflight_of, record, report_on
from frontsim.load.worker import LoadWorker
from frontsim.masking import CommandLine, masked
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.judge import checks
from frontsim.verification.play.preflight import PreflightResult
from frontsim.verification.scenario.scenario import Scenario

_PATH, _REPORT = "/frontsim/live", "/frontsim/report"
_STYLE = "position:sticky;bottom:0;z-index:9;width:100%;height:9.5rem;border:0"
_BELOW = f'<iframe src="{_PATH}" title="Lost and duplicated" style="{_STYLE}"></iframe>'


def add_tab(web_ui: WebUI, *, rows: Callable[[], object], page: Callable[[], str], report: Callable[[], bytes]) -> None:
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
            stats = [{"key": TAB["key"], "data": rows()}]
            response.set_data(app.json.dumps({**response.get_json(), "extended_stats": stats}))
        elif request.path == "/" and response.mimetype == "text/html":
            response.set_data(response.get_data(as_text=True).replace("</body>", f"{_BELOW}</body>"))
        return response

    app.add_url_rule(_PATH, _PATH, page)
    app.add_url_rule(_REPORT, _REPORT, report)
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
        self._verdict = ""
        self._judges = threading.Lock()
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
        self._source: EventSource | None = None
        if environment.web_ui:
            add_tab(environment.web_ui, rows=lambda: self._live.rows(), page=self.page, report=self._html)

    def begin(self) -> None:
        """The users begin. A further test that is started on Locust's page continues the run. Raises CallError."""
        with self._judges:  # the other's verdict comes first
            self._report = None
            self._began = stopwatch() if self._began is None else self._began
            self._live = LiveView(self._setup, every_s=self._load.options.live)
            self._live.start()
            if self._load.plan.is_polled:
                self._source = EventSource(self._setup, rate=self._load.options.event_rate)
                self._source.start()

    def judge(self) -> int:
        """End the load and judge it, unless that was done since it began; gives the exit code."""
        with self._judges:
            if self._began is None:
                sys.stderr.write("no test was run, so nothing is known about the receiver\n")
                return UNKNOWN
            if self._report is None:
                report = self._judged(stopwatch() - self._began)
                *lines, verdict = report.table()
                self._verdict = page(verdict, colour=COLOURS[report.verdict], link=_REPORT, text="\n".join(lines))
                self._report = report
            return self._report.exit_code

    def _judged(self, duration_s: float) -> LoadReport:
        """Record the run, judge it, and write the files."""
        self._live.stop()
        if self._source:
            try:
                self._source.stop()
            except CallError as error:
                logger.error("fault rules may be left behind: %s", error)
        options, plan = self._load.options, self._load.plan
        report = report_on(
            record(self._setup, self._preflight, duration_s=duration_s),
            Scenario(plan.name, plan.breaks, plan.holds, ()),
            checks.receiver_contract(),
            receiver=options.receiver,
            seed=options.seed,
            replay=_replay(options.simulator_token, options.seed),
            exchange_source=self._setup.exchange_source,
        )
        _write(options.verdict_json, report.as_json)
        _write(options.verdict_html, report.as_html)
        return report

    def show(self) -> None:
        """Print the table; to standard error when standard output holds Locust's JSON."""
        if self._report is None:
            return
        out = sys.stderr if self._load.options.json else sys.stdout
        for line in self._report.table():
            out.write(f"{line}\n")
        out.flush()

    def _html(self) -> bytes:
        return self._report.as_html() if self._report else JUDGING.encode()

    def close(self) -> None:
        """Leave nothing behind."""
        self._setup.close()

    def page(self) -> str:
        """The part below Locust's tables: what is lost and duplicated so far, then the verdict."""
        if self._report is not None:
            return self._verdict
        return page(JUDGING) if self._judges.locked() else live_page(list(self._live.looks))

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


REFUSED, INTERNAL_ERROR = 3, 4


def register(plan: Plan) -> None:
    """Make the locustfile that calls this a load test of that plan."""
    LoadTest(plan)


def _listen(hook: EventHook, listener: Callable[..., None]) -> None:
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust declares no types


class LoadTest:
    """One load test in one process, which may be Locust's master, a worker, or the only one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._master: LoadMaster | None = None
        self._worker: LoadWorker | None = None
        self._is_over = False
        _listen(events.init_command_line_parser, lambda parser, **_: add_options(parser, plan))
        _listen(events.init, self._init)
        _listen(events.test_start, self._start)
        _listen(events.test_stopping, self._stopping)
        _listen(events.test_stop, self._stop)
        _listen(events.quitting, self._quitting)
        _listen(events.quit, self._quit)

    def _init(self, environment: Environment, **_: Any) -> None:
        """In the master or the only process: check that everything is there before any load is sent."""
        hear_ctrl_c()
        assert environment.parsed_options is not None
        say_less(environment.parsed_options, stats, has_shape=environment.shape_class is not None)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs a line for every call
        if isinstance(environment.runner, WorkerRunner):
            return
        try:
            self._master = LoadMaster(self._load(environment), environment)
        except FrontsimError as error:
            sys.stderr.write(f"Error: {masked(str(error))}\n")
            _leave(UNKNOWN if isinstance(error, PreflightFailed | ObserverFailed) else REFUSED)
        except Exception:  # noqa: BLE001 - Locust would log it, and run without a verdict
            traceback.print_exc()
            _leave(INTERNAL_ERROR)
        if isinstance(environment.runner, MasterRunner):
            _expect_workers(environment)

    def _start(self, environment: Environment, **_: Any) -> None:
        """Locust is about to start the users."""
        if self._master is not None:
            self._master.begin()
        if not isinstance(environment.runner, MasterRunner) and not self._plan.is_polled:
            worker = getattr(environment.runner, "worker_index", 0)
            self._worker = LoadWorker(self._load(environment), worker=worker)

    def _stopping(self, **_: Any) -> None:
        """Locust is about to stop the users."""
        if self._worker is not None:
            self._worker.finish()

    def _stop(self, environment: Environment, **_: Any) -> None:
        """All users have ended. Locust's page shows the verdict next, and may start another test."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if self._master is not None and environment.web_ui and not self._is_over:
            gevent.spawn(self._master.judge).link_value(
                lambda judged: logger.info("Locust's page shows the verdict (exit code %d)", judged.value)
            )

    def _quitting(self, environment: Environment, **_: Any) -> None:
        """Judge before the process ends.

        Locust logs what is raised here and continues, so the exit code is that of an internal error until the verdict
        is known.
        """
        if self._master is None or self._is_over:
            return
        self._is_over = True
        environment.process_exit_code = INTERNAL_ERROR
        try:
            assert environment.runner is not None
            environment.runner.quit()  # after a Ctrl-C the users still run
            environment.process_exit_code = self._master.judge()
        except Exception:  # noqa: BLE001 - as above
            traceback.print_exc()
        finally:
            self._master.close()

    def _quit(self, **_: Any) -> None:
        """Print the verdict below Locust's own statistics."""
        if self._master is not None:
            self._master.show()

    def _load(self, environment: Environment) -> Load:
        assert environment.parsed_options is not None
        return Load(self._plan, environment.parsed_options)


def hear_ctrl_c() -> None:
    """Have a Ctrl-C interrupt this greenlet, the main one, whichever runs at that moment.

    Python raises it in the one that runs. Our own thread would end with it, and the load would go on.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as under nohup
        gevent.signal_handler(signal.SIGINT, gevent.kill, gevent.getcurrent(), KeyboardInterrupt)


def _leave(code: int) -> NoReturn:
    """End before the test begins, with the workers that --processes forked: they would wait minutes for a master."""
    for child in psutil.Process().children():
        child.kill()
    sys.exit(code)


def _expect_workers(environment: Environment) -> None:
    """End with our own exit code when workers do not connect: Locust would end with 1, which means *violated* here."""
    options, runner = environment.parsed_options, environment.runner
    assert options is not None
    assert isinstance(runner, MasterRunner)
    wait_s, options.expect_workers_max_wait = options.expect_workers_max_wait, 0
    main = gevent.getcurrent()

    def end_without_workers() -> None:
        gevent.sleep(wait_s)
        ready = len(runner.clients.ready)
        if runner.state == "ready" and ready < options.expect_workers:
            sys.stderr.write(f"Error: expected {options.expect_workers} workers within {wait_s} s, got {ready}\n")
            gevent.kill(main, SystemExit(REFUSED))

    if wait_s and options.headless:
        gevent.spawn(end_without_workers)
