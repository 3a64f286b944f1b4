"""Verifications from the page: one at a time, each in a separate process.

The process reads the end of its standard input as an order to end, so it ends with us, however we end. It keeps its
files in a folder that is deleted with the run.

A run belongs to the simulator, not to the tab: it goes on when the tab is closed, and ends with the simulator.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.clock import stopwatch
from frontsim.errors import Busy, NotFound
from frontsim.files import TemporaryFolder
from frontsim.pages.site import json
from frontsim.pages.verify_command import VerifyCommand, VerifyCommands
from frontsim.settings import Settings
from frontsim.user_input.configuration import FILE, FILE_VARIABLE
from frontsim.user_input.request_body import as_object, parsed, read_body
from frontsim.verdicts import Verdict

_MOST_LINES = 400
_LONGEST_LINE = 2_000
_MOST_BYTES = 64 * 1024 * 1024
"""Of a report."""
_MOST_CAUSES = 20
_NOT_PASSED_ON = ("GITHUB_STEP_SUMMARY",)
_OF_ANOTHER_FOLDER = (*_NOT_PASSED_ON, FILE_VARIABLE)


class ChildRun:
    """A run, from its start until `close`.

    Args:
        command: what is started.
        folder: where it is started if the configuration file holds.
    """

    def __init__(self, command: VerifyCommand, folder: Path) -> None:
        self.id = secrets.token_urlsafe(9)
        self.report_key = secrets.token_urlsafe(24)
        """Opens the report: an address that is not to be guessed, because a frame cannot send a token."""
        self._command = command
        self._files = TemporaryFolder("verify")
        self._home = self._files.path
        (self._home / FILE).touch()  # the nearest configuration file, which says nothing
        self._began, self._took_s = stopwatch(), 0.0
        self._ended: list[dict[str, str]] = []
        self._said: list[str] = []
        self._result: dict[str, Any] | None = None
        self._exit_code: int | None = None
        self._cancelled = False
        withheld = _NOT_PASSED_ON if command.is_configured else _OF_ANOTHER_FOLDER
        environ = {name: value for name, value in os.environ.items() if name not in withheld}
        self._folder = folder if command.is_configured else self._home
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "frontsim.cli.child", *command.words),
                *(f"--json={self._home / 'report.json'}", f"--html={self._home / 'report.html'}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env={**environ, **command.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self._following = threading.Thread(target=self._follow, name="frontsim-verify", daemon=True)
        self._following.start()

    @property
    def is_running(self) -> bool:
        """The run may still say something."""
        return self._exit_code is None

    def end(self) -> None:
        """Order it to end; it then reports what it knows so far."""
        self._cancelled = self._cancelled or self.is_running
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def close(self, within_s: float) -> None:
        """End it, and delete its files."""
        self.end()
        self._following.join(within_s)
        self._files.remove()

    def report(self) -> bytes | None:
        """The report as a page; None while there is none."""
        return None if self.is_running else self._read("report.html")

    def as_json(self) -> dict[str, Any]:
        """Everything that the page shows of it."""
        return {
            "id": self.id,
            "about": self._command.about,
            "names": self._command.names,
            "isRunning": self.is_running,
            "isCancelled": self._cancelled,
            "durationS": round(stopwatch() - self._began if self.is_running else self._took_s, 1),
            "ended": self._ended,
            "said": self._said,
            "exitCode": self._exit_code,
            "result": self._result,
            "report": self.report_key if not self.is_running and (self._home / "report.html").exists() else None,
        }

    def _follow(self) -> None:
        """In a thread: take each line that it says, so that it never waits for us, until it has ended."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            while line := lines.readline(_LONGEST_LINE):
                self._take(line.decode(errors="replace").rstrip())
        code = self._process.wait()
        self._took_s = stopwatch() - self._began
        with suppress(orjson.JSONDecodeError, KeyError):
            report = orjson.loads(self._read("report.json") or b"")
            self._result = {
                **_summary(report),
                "found": list(map(self._shown, report.get("explored", {}).get("found", ()))),
            }
        self._exit_code = code

    def _take(self, line: str) -> None:
        verdict, _, rest = line.partition(" ")
        name, _, summary = rest.strip().partition(" ")
        if verdict in set(Verdict) and name in self._command.names:
            self._ended.append({"name": name, "verdict": verdict, "summary": summary.strip()})
        elif line and len(self._said) < _MOST_LINES:
            self._said.append(line)

    def _shown(self, found: dict[str, Any]) -> dict[str, Any]:
        """A schedule that was found, with its file: our folder is deleted when the run is forgotten."""
        try:
            text = (self._folder / found["file"]).read_text("utf-8")
        except OSError:
            text = ""
        return {name: found[name] for name in ("class", "event", "recurrence", "story", "file")} | {"text": text}

    def _read(self, name: str) -> bytes | None:
        try:
            with (self._home / name).open("rb") as file:
                return file.read(_MOST_BYTES)
        except OSError:
            return None


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    """The page shows this beside the report: the verdict, the causes, and how each scenario or case ended."""
    played = report.get("scenarios", report.get("cases", []))
    return {
        "verdict": report["verdict"],
        "seed": report["seed"],
        "causes": [{"class": each["class"], "sentence": each["sentence"]} for each in report["causes"][:_MOST_CAUSES]],
        "played": [
            {
                "name": each["name"],
                "verdict": each["verdict"],
                "reason": each["reason"],
                "durationS": each["durationS"],
                "counts": each["counts"],
                "findings": len(each["findings"]),
            }
            for each in played
        ],
    }


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
