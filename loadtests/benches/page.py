"""The web page in Chromium on a long log, beside events that arrive, as JSON lines.

    cd loadtests && python -m benches.page [--events 1000000] [--rate 2000] [--seconds 20] [--visits 10]

`firstPaintMs` is from the navigation to the first paint, `firstRowMs` until the newest event shows: the median of
`--visits`. `bareFirstPaintMs` is the first paint of a page with one word, which is the ceiling. While events arrive,
the log is scrolled up and down: `frameMsP95` is the time between two frames. `heapMb` and `nodes` are the page's memory
after a garbage collection, and `simulatorMb` the simulator's, before and after.

Needs Chromium, and Playwright, which the extra [dev] brings.
"""

import argparse
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benches.bare_sender import sink
from benches.figures import print_figures
from benches.served import Served, served

EVENT = "StockMovementCreated"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--js-flags=--expose-gc"]
BARE = "data:text/html,<p>one word"
PAINT = "performance.getEntriesByName('first-contentful-paint')"
SCROLL = """async seconds => {
  const rows = document.querySelector(".rows");
  const gaps = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  for (let down = true; last < end; ) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    rows.scrollTop += down ? 120 : -120;
    if (rows.scrollTop > 60000 || rows.scrollTop === 0) down = rows.scrollTop === 0;
  }
  gaps.sort((a, b) => a - b);
  return {p50: gaps[gaps.length >> 1], p95: gaps[Math.floor(gaps.length * 0.95)], longest: gaps.at(-1)};
}"""


def visit(page: Page, url: str) -> tuple[float, float]:
    """Milliseconds until the first paint, and until the first row, of a visit with an empty cache."""
    paint = first_paint(page, url)
    page.wait_for_selector(".row:not([hidden])")
    return paint, page.evaluate("performance.now()")


def first_paint(page: Page, url: str) -> float:
    """Milliseconds from the navigation to the first paint."""
    page.goto("about:blank")
    page.goto(url)
    while not page.evaluate(f"{PAINT}.length"):
        page.wait_for_timeout(10)
    return float(page.evaluate(f"{PAINT}[0].startTime"))


def memory(page: Page, simulator: Served) -> dict[str, float]:
    """Measure the memory of page and simulator."""
    page.evaluate("gc()")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    return {"heapMb": heap, "nodes": page.locator("*").count(), "simulatorMb": simulator.rss_mb()}


@contextmanager
def arriving(simulator: Served, rate: int) -> Iterator[list[int]]:
    """That many events a second, until the block ends; yields a list whose first number counts them."""
    stop, count = threading.Event(), [0]

    def trigger() -> None:
        began = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - began) * rate) - count[0]
            if due > 0:
                simulator.trigger(min(due, rate), EVENT)
                count[0] += min(due, rate)
            stop.wait(0.05)

    raising = threading.Thread(target=trigger)
    raising.start()
    try:
        yield count
    finally:
        stop.set()
        raising.join()


def measure(page: Page, simulator: Served, options: argparse.Namespace) -> None:
    """Visit, then watch events arrive; prints a line for each."""
    url = f"{simulator.http.base_url}/"
    bare = [first_paint(page, BARE) for _ in range(options.visits)]
    visits = [visit(page, url) for _ in range(options.visits)]
    print_figures(
        f"page with {options.events:,} events",
        bareFirstPaintMs=statistics.median(bare),
        firstPaintMs=statistics.median(paint for paint, _ in visits),
        firstRowMs=statistics.median(row for _, row in visits),
    )
    before, began = memory(page, simulator), time.monotonic()
    with arriving(simulator, options.rate) as count:
        frames: dict[str, Any] = page.evaluate(SCROLL, options.seconds)
        paint, row = visit(page, url)
        page.evaluate(SCROLL, options.seconds)
        took = time.monotonic() - began
    after = memory(page, simulator)
    print_figures(
        f"page while {options.rate:,} events a second arrive",
        arrivedPerSecond=count[0] / took,
        frameMsP50=frames["p50"],
        frameMsP95=frames["p95"],
        firstPaintMs=paint,
        firstRowMs=row,
        **{f"{name}Before": value for name, value in before.items()},
        **{f"{name}After": value for name, value in after.items()},
    )


def main() -> None:
    """Fill a log, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--visits", type=int, default=10)
    options = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("install Chromium first: apt-get install chromium")
    with sink() as receiver, served() as simulator, sync_playwright() as playwright:
        simulator.subscribe(receiver, EVENT)
        simulator.trigger(options.events, EVENT)
        simulator.drain()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        measure(browser.new_page(viewport={"width": 1280, "height": 800}), simulator, options)
        browser.close()


if __name__ == "__main__":
    main()
