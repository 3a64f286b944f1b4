"""Wiring: a simulator, a recording receiver, and a page of it in a real browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.support.chromium import CHROMIUM, NEEDS_CHROMIUM
from tests.support.fixtures import receiver, shared_sim, sim
from tests.support.simulation import Simulation

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


__all__ = ["receiver", "shared_sim", "sim"]


@pytest.fixture(scope="module")  # not longer: an async test beside it would meet Playwright's event loop
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(NEEDS_CHROMIUM)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def visits(browser: Browser, sim: Simulation) -> Iterator[Callable[..., Page]]:
    """`visits("#/log")` opens the page there; a test fails if anything in it raises or the policy blocks it."""
    pages: list[Page] = []
    problems: list[str] = []

    def visit(address: str = "", *, at: Simulation = sim, width: int = 1280, **more: object) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 800}, **more)
        page.set_default_timeout(PATIENCE_MS)
        pages.append(page)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if is_policy(message.text) else None)
        page.goto(f"{at.server}/{address}")
        return page

    yield visit
    for page in pages:
        try:
            page.close()
        except Error as error:
            problems.append(str(error))
    assert [] == problems


def is_policy(text: str) -> bool:
    return "Content Security Policy" in text or "TrustedHTML" in text
