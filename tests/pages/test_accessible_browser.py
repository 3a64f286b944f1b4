"""Every view against axe-core's rules for WCAG 2.1 AA, light and dark, wide and narrow."""

import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation

pytestmark = pytest.mark.slow
VIEWS = ["log", "event", "webhooks", "trigger", "types", "break", "verify", "pictures", "sinks", "calls"]
ASKED = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],  # the rest would cost a selector for every element that is right
}


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


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS)
def test_a_view(sim: Simulation, receiver: Recorder, browser: Browser, axe: str, view: str):
    """Light and dark, wide and narrow, with all that can be opened open."""
    receiver.respond = lambda call: answer(500 if b'"saleId"' in call.body else 200)
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.breaks("lost-response", times=1)
    sim.breaks("delay", {"event": "InvoiceCreated"})
    events = sim.raises(count=3) + sim.raises("CustomerCreated")
    sim.does("sink/erp", {"a": 1})
    sim.drains()
    page = browser.new_page(bypass_csp=True)
    page.goto(f"{sim.server}/#/{f'log?open={events[0]}' if view == 'event' else view}")
    page.locator(".panel h2" if view == "event" else "main .card").first.wait_for()
    assert 0 == page.locator("main > [role=alert]").count()
    page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
    if view == "event":
        page.get_by_label("Request of run 1").wait_for()
    page.evaluate(axe)
    found = []
    for scheme, width in product(("light", "dark"), (360, 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        violations = page.evaluate("asked => axe.run(document, asked)", ASKED)["violations"]
        found += [(scheme, width, each["id"], each["nodes"][0]["html"][:200]) for each in violations]
    page.close()
    assert [] == found
