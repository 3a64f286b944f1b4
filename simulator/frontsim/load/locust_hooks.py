"""Connects a load test to Locust's events.

    every process            options
    master or only process   init: LoadMaster   test_start: begin        quitting: judge        quit: show
    worker or only process                      test_start: LoadWorker   test_stop: close

Exit codes: 0 verified, 1 violated, 2 unknown, 3 usage or no receiver at that URL, 4 a failure of the load test itself.
"""

import logging
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import gevent
import psutil
from locust import events, stats
from locust.env import Environment
from locust.event import EventHook
from locust.runners import MasterRunner, WorkerRunner

from frontsim.errors import FrontsimError
from frontsim.load.load_master import UNKNOWN, LoadMaster, PreflightFailed
from frontsim.load.options import Load, add_options, say_less
from frontsim.load.plan import Plan
from frontsim.load.worker import LoadWorker
from frontsim.masking import masked
from frontsim.verification.effects.observers import ObserverFailed

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

    def _stop(self, **_: Any) -> None:
        """All users have ended."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

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
