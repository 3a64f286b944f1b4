"""Every view against axe-core's rules for WCAG 2.1 AA, light and dark, wide and narrow."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.api.recorder import Recorder, answer
from tests.api.simulation import Simulation

pytestmark = pytest.mark.slow
VIEWS = ["log", "event", "webhooks", "trigger", "types", "break", "verify", "pictures", "sinks", "calls"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, where npm has it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs axe-core: npm install --global axe-core")
    root = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=True).stdout.strip()
    file = Path(root) / "axe-core" / "axe.min.js"
    if not file.exists():
        pytest.skip("needs axe-core: npm install --global axe-core")
    return file.read_text("utf-8")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "view", ["log", "event", "webhooks", "trigger", "types", "break", "verify", "pictures", "sinks", "calls"]
)
def test_a_view(sim: Simulation, receiver: Recorder, browser: Browser, axe: str, view: str, scheme: str, width: int):
    receiver.respond = lambda call: answer(500 if b'"saleId"' in call.body else 200)
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.breaks("lost-response", times=1)
    sim.breaks("delay", {"event": "InvoiceCreated"})
    events = sim.raises(count=3) + sim.raises("CustomerCreated")
    sim.drains()
    address = f"log?open={events[0]}" if view == "event" else view
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page.goto(f"{sim.server}/#/{address}")
    page.locator(".panel h2" if view == "event" else "main .card").first.wait_for()
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    page.close()
    assert [] == [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
