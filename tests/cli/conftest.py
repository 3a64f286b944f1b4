"""Wiring: a command line, and an API on loopback that answers what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontsim.cli.main import frontsim

Route = Callable[[Any], tuple[int, Any]]


class FakeApi:
    """A server that answers `routes["GET /api/Webhooks"]` and keeps every request as (line, headers, body)."""

    def __init__(self) -> None:
        self.routes: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                line = f"{self.command} {self.path}"
                api.asked.append((line, dict(self.headers), body))
                status, value = api.answer(line.partition("?")[0], body)
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/api"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01))
        self._thread.start()

    def answer(self, line: str, body: Any) -> tuple[int, Any]:
        """(status, body) of a route; a route that is neither a pair nor a function is a 200's body."""
        if line not in self.routes:
            return 404, {"statusCode": 404, "message": "Resource not found"}
        route = self.routes[line]
        if callable(route):
            return route(body)
        return route if isinstance(route, tuple) else (200, route)

    @property
    def lines(self) -> list[str]:
        return [line for line, _, _ in self.asked]

    def ends(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """An API of the test's own, on a free port."""
    fake = FakeApi()
    yield fake
    fake.ends()


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """`run("webhooks", "list")` runs a command line against that API; standard error is kept apart."""
    monkeypatch.setenv("FRONTSIM_BASE_URL", api.base_url)
    monkeypatch.setenv("FRONTSIM_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FRONTSIM_CONFIG", "")
    for name in ("API_KEY", "SUBSCRIPTION_KEY", "TOKEN", "CONTRACTS", "TRACEBACK", "WEBHOOK_IDS"):
        monkeypatch.delenv(f"FRONTSIM_{name}", raising=False)

    def command_line(*args: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(frontsim, list(args), input=stdin, prog_name="frontsim")

    return command_line
