"""Verifications from the page: what can be played, the runs, and their reports. One runs at a time.

A run belongs to the simulator, not to the tab: it goes on when the tab is closed, and ends with the simulator.
"""

import asyncio
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.errors import Busy, NotFound
from frontsim.pages.answers import json
from frontsim.pages.child_run import ChildRun
from frontsim.pages.verify_command import VerifyCommands
from frontsim.settings import Settings
from frontsim.user_input.request_body import as_object, parsed, read_body

REPORTS = "/_sim/page/reports/"
"""How the paths of the reports begin. Each ends with a key that only a reader of the runs gets."""
KEPT = 5
"""Runs that have ended, and whose reports can still be read."""
_END_S = 0.3  # the process ends by itself when we are gone: a stop does not wait for it
_REPORT_HEADERS = {
    # The report is a page of a separate origin: whatever a receiver put into it, it can call nothing here.
    "Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Verify:
    """Starts, shows and ends verifications."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs: list[ChildRun] = []
        self.routes = [
            Route("/_sim/page/verify", self.offer, methods=["GET"]),
            Route("/_sim/page/verify/runs", self.runs, methods=["GET"]),
            Route("/_sim/page/verify/runs", self.start, methods=["POST"]),
            Route("/_sim/page/verify/runs/{id}", self.end, methods=["DELETE"]),
            Route(f"{REPORTS}{{key}}", self.report, methods=["GET"]),
        ]

    @cached_property
    def _commands(self) -> VerifyCommands:
        try:
            return VerifyCommands(self._settings, Path.cwd())
        except FileNotFoundError:
            raise NotFound("start the simulator again: the folder where it was started is gone") from None

    async def offer(self, _: Request) -> Response:
        """The scenarios, the cases of a job, and what the configuration file names. Raises BadInput."""
        return json(
            {
                "scenarios": [asdict(each) for each in self._commands.scenarios],
                "cases": [asdict(each) for each in self._commands.cases],
                "configured": await asyncio.to_thread(self._commands.configured),
            }
        )

    async def runs(self, _: Request) -> Response:
        """The runs, newest first."""
        return json([run.as_json() for run in reversed(self._runs)])

    async def start(self, request: Request) -> Response:
        """Start a run. Raises BadInput, Busy."""
        asked = as_object(await parsed(await read_body(request)))
        command = await asyncio.to_thread(self._commands.command, asked, _own_url(request))
        if any(run.is_running for run in self._runs):
            raise Busy("a verification is running: wait until it has ended, or end it", retry_after_s=5)
        run = ChildRun(command, self._commands.folder)
        self._runs.append(run)
        for old in self._runs[: -KEPT - 1]:
            self._forget(old)
        return json(run.as_json())

    async def end(self, request: Request) -> Response:
        """End a run that goes on, forget one that has ended. Raises NotFound."""
        run = next((run for run in self._runs if run.id == request.path_params["id"]), None)
        if run is None:
            raise NotFound(f"expected the id of one of the last {KEPT} runs, got {request.path_params['id'][:40]}")
        await read_body(request)
        if run.is_running:
            run.end()
        else:
            self._forget(run)
        return json({})

    async def report(self, request: Request) -> Response:
        """The report of a run, as `verify --html` writes it. Raises NotFound."""
        key = request.path_params["key"]
        run = next((run for run in self._runs if run.report_key == key), None)
        content = None if run is None else await asyncio.to_thread(run.report)
        if content is None:
            raise NotFound(f"that report is no longer kept: expected one of the last {KEPT} runs")
        return Response(content, media_type="text/html; charset=utf-8", headers=_REPORT_HEADERS)

    async def close(self) -> None:
        """End what runs."""
        await asyncio.gather(*(asyncio.to_thread(run.close, _END_S) for run in self._runs))

    def _forget(self, run: ChildRun) -> None:
        self._runs.remove(run)
        run.close(0)


def _own_url(request: Request) -> str:
    """Where a process on this machine reaches us."""
    host, port = request.scope["server"]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
