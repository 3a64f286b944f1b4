"""Ties a load test to Locust's events.

    every process    options
    master, alone    init: prepare    test_start: begin        quitting: judge          quit: tell
    worker, alone                     test_start: the feed     test_stop: report all

Exit codes: 0 verified, 1 violated, 2 unknown, 3 usage or nobody at that URL, 4 our own failure.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import gevent
import psutil
from locust import events
from locust.env import Environment
from locust.event import EventHook
from locust.runners import MasterRunner, WorkerRunner

from frontsim.errors import FrontsimError
from frontsim.load.master import UNKNOWN, ControlFailed, LoadMaster
from frontsim.load.options import Load, add_options
from frontsim.load.plans import Plan
from frontsim.load.worker import LoadWorker
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.report.masking import masked

REFUSED, OUR_FAILURE = 3, 4


def wire(plan: Plan) -> None:
    """Make the locustfile that calls this a load test of that plan."""
    LoadTest(plan)


def _listen(hook: EventHook, listener: Callable[..., None]) -> None:
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust gives it no types


class LoadTest:
    """One load test in one process, whichever part of it that process has."""

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
        """On the master, or alone: see that everything is there before anything begins."""
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it has a line for every call
        if isinstance(environment.runner, WorkerRunner):
            return
        try:
            self._master = LoadMaster(self._load(environment), environment)
        except FrontsimError as error:
            sys.stderr.write(f"Error: {masked(str(error))}\n")
            _leave(UNKNOWN if isinstance(error, ControlFailed | ObserverFailed) else REFUSED)
        except Exception:  # noqa: BLE001 - Locust would log it, and go on without us
            traceback.print_exc()
            _leave(OUR_FAILURE)
        if isinstance(environment.runner, MasterRunner):
            _expect_workers(environment)

    def _start(self, environment: Environment, **_: Any) -> None:
        """Users are about to be started."""
        if self._master is not None:
            self._master.begin()
        if not isinstance(environment.runner, MasterRunner) and not self._plan.is_polled:
            worker = getattr(environment.runner, "worker_index", 0)
            self._worker = LoadWorker(self._load(environment), worker=worker)

    def _stopping(self, **_: Any) -> None:
        """Users are about to be stopped."""
        if self._worker is not None:
            self._worker.finish()

    def _stop(self, **_: Any) -> None:
        """Users have ended."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _quitting(self, environment: Environment, **_: Any) -> None:
        """The verdict, before the process ends. Locust swallows what is raised here, so a bad exit code comes first."""
        if self._master is None or self._is_over:
            return
        self._is_over = True
        environment.process_exit_code = OUR_FAILURE
        try:
            assert environment.runner is not None
            environment.runner.quit()  # after a Ctrl-C the users are still at it
            environment.process_exit_code = self._master.judge()
        except Exception:  # noqa: BLE001 - as above
            traceback.print_exc()
        finally:
            self._master.close()

    def _quit(self, **_: Any) -> None:
        """Behind Locust's own statistics."""
        if self._master is not None:
            self._master.tell()

    def _load(self, environment: Environment) -> Load:
        assert environment.parsed_options is not None
        return Load(self._plan, environment.parsed_options)


def _leave(code: int) -> NoReturn:
    """End before the test began. Workers that --processes has forked would look for their master for minutes."""
    for child in psutil.Process().children():
        child.kill()
    sys.exit(code)


def _expect_workers(environment: Environment) -> None:
    """Give up ourselves when workers do not come: Locust would end with 1, which says *violated* here."""
    options, runner = environment.parsed_options, environment.runner
    assert options is not None
    assert isinstance(runner, MasterRunner)
    wait_s, options.expect_workers_max_wait = options.expect_workers_max_wait, 0
    main = gevent.getcurrent()

    def watch() -> None:
        gevent.sleep(wait_s)
        ready = len(runner.clients.ready)
        if runner.state == "ready" and ready < options.expect_workers:
            sys.stderr.write(f"Error: expected {options.expect_workers} workers within {wait_s} s, got {ready}\n")
            gevent.kill(main, SystemExit(REFUSED))

    if wait_s and options.headless:
        gevent.spawn(watch)
