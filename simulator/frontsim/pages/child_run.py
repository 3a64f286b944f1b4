"""One verification in a separate process: what it has said so far, and its report when it has ended.

The process reads the end of its standard input as an order to end, so it ends with us, however we end. It keeps its
files in a folder that is deleted with the run.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from frontsim.clock import stopwatch
from frontsim.pages.verify_command import VerifyCommand
from frontsim.user_input.configuration import FILE
from frontsim.verdicts import Verdict

_MOST_LINES = 400
_LONGEST_LINE = 2_000
_MOST_BYTES = 64 * 1024 * 1024
"""Of a report."""
_MOST_CAUSES = 20
_NOT_PASSED_ON = ("GITHUB_STEP_SUMMARY",)


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
        self._files = tempfile.TemporaryDirectory(prefix="frontsim-verify-", ignore_cleanup_errors=True)
        self._home = Path(self._files.name)
        (self._home / FILE).touch()  # the nearest configuration file, which says nothing
        self._began, self._took_s = stopwatch(), 0.0
        self._ended: list[dict[str, str]] = []
        self._said: list[str] = []
        self._result: dict[str, Any] | None = None
        self._exit_code: int | None = None
        self._cancelled = False
        environ = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "frontsim.cli.child", *command.words),
                *(f"--json={self._home / 'report.json'}", f"--html={self._home / 'report.html'}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder if command.is_configured else self._home,
            env={**environ, **command.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self._following = threading.Thread(target=self._follow, name="frontsim-verify", daemon=True)
        self._following.start()

    @property
    def is_running(self) -> bool:
        """Whether it may still say something."""
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
        self._files.cleanup()

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
            self._result = _summary(orjson.loads(self._read("report.json") or b""))
        self._exit_code = code

    def _take(self, line: str) -> None:
        verdict, _, rest = line.partition(" ")
        name, _, summary = rest.strip().partition(" ")
        if verdict in set(Verdict) and name in self._command.names:
            self._ended.append({"name": name, "verdict": verdict, "summary": summary.strip()})
        elif line and len(self._said) < _MOST_LINES:
            self._said.append(line)

    def _read(self, name: str) -> bytes | None:
        try:
            with (self._home / name).open("rb") as file:
                return file.read(_MOST_BYTES)
        except OSError:
            return None


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    """What the page shows beside the report: the verdict, the causes, and how each scenario or case ended."""
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
