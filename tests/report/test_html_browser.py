"""The HTML report in a real browser: filters, tooltips, its height, and what its policy keeps from running."""

import base64
import hashlib
import html
import json
import re
import subprocess

import pytest

from frontsim.report.html import as_html
from frontsim.verification.result import result_of
from tests.support.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)]

ROGUE = (
    "<script>document.body.dataset.rogue = 'ran'</script><img src='x' onerror=\"document.body.dataset.rogue = 'ran'\">"
)
DRIVER = """
const visible = () => [...document.querySelectorAll(".scenario")].filter(each => !each.hidden).map(each => each.id);
const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
const type = text => { find.value = text; find.dispatchEvent(new Event("input")); };
const seen = {height: document.documentElement.scrollHeight, width: document.documentElement.scrollWidth - innerWidth};
seen.all = visible();
type("0192-sale");
seen.found = [visible(), matches.textContent, document.getElementById("storm").open];
type("nothing like that");
seen.none = [visible(), matches.textContent];
press(find, "Escape");
seen.cleared = [visible(), matches.textContent, document.getElementById("storm").open];
press(document.body, "/");
seen.focus = document.activeElement.id;
const line = document.querySelector(".example .timeline");
seen.tips = [1, 2, 3, 4].map(() => { press(line, "ArrowRight"); return tip.textContent; });
seen.rogue = document.body.dataset.rogue || "blocked";
document.title = JSON.stringify(seen);
"""


@pytest.fixture
def browse(tmp_path):
    """`browse(page, width)` opens a page in a window of that width, and gives what the driver saw in it."""

    def run(page, width=1280):
        own = base64.b64encode(hashlib.sha256(DRIVER.encode()).digest()).decode()
        page = page.replace("script-src ", f"script-src &#39;sha256-{own}&#39; ", 1)
        file = tmp_path / "report.html"
        file.write_text(page.replace("</body>", f"{ROGUE}<script>{DRIVER}</script></body>"))
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900", "--dump-dom", file.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        return json.loads(html.unescape(re.search(r"<title>(.*?)</title>", done.stdout)[1]))

    return run


def test_the_page_in_a_browser(report, browse):
    """Filters hide what does not match and say how many do; the keyboard reaches each mark; only our script runs."""
    seen = browse(as_html(result_of(report)))
    everything = ["storm", "steady", "late-resend", "crash-after-ack"]
    assert everything == seen["all"]
    assert [["storm"], "1 event in 1 scenario matches", True] == seen["found"]
    assert [[], "0 events in 0 scenarios match"] == seen["none"]
    assert [everything, "", False] == seen["cleared"]
    assert "find" == seen["focus"]
    tips = seen["tips"]
    assert ["Fault: lost-response", "Run 1, sent 12:00:01.12: no answer (Timeout), while lost-response was on"] == tips[
        :2
    ]
    assert ["receiver killed", "Run 2, resent 12:00:01.9: 200 OK"] == tips[2:]
    assert "blocked" == seen["rogue"]


@pytest.mark.parametrize("width", [500, 1280])
def test_the_page_is_short_and_never_wider_than_the_window(report, browse, width):
    """Nothing has to be scrolled sideways, and a report on one failure fits a few screens."""
    seen = browse(as_html(result_of(report)), width)
    assert seen["width"] <= 0
    assert seen["height"] < 2_500
