"""The page's own files: what they are served with, and what a page of another site gets."""

import re

import pytest

from tests.support.simulation import Simulation, assert_problem, simulation

ASSETS = "/_sim/page/assets/"


def test_the_document_allows_nothing_but_our_own_files(sim: Simulation):
    """No inline script or style, no other host; what the page loads is there, and its type is right."""
    page = sim.http.get(f"{sim.server}/")
    assert 200 == page.status_code
    assert "text/html; charset=utf-8" == page.headers["content-type"]
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    loaded = re.findall(r'(?:src|href)="(/[^"]*)"', page.text)
    assert [f"{ASSETS}frontsim.css", f"{ASSETS}page.css", f"{ASSETS}app.js"] == loaded
    assert "<style" not in page.text
    for path in loaded:
        file = sim.http.get(f"{sim.server}{path}")
        assert 200 == file.status_code
        wanted = "text/css" if path.endswith("css") else "text/javascript"
        assert f"{wanted}; charset=utf-8" == file.headers["content-type"]
        assert "nosniff" == file.headers["x-content-type-options"]


def test_every_module_that_is_imported_is_served(sim: Simulation):
    waiting, seen = ["app.js"], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            text = sim.http.get(f"{sim.server}{ASSETS}{name}").raise_for_status().text
            waiting += re.findall(r'from "\./([^"]+)"', text)
    assert len(seen) > 13


def test_a_copy_that_is_still_the_newest_is_not_sent_again(sim: Simulation):
    for path in ("/", "/openapi.json", f"{ASSETS}app.js"):
        first = sim.http.get(f"{sim.server}{path}")
        assert "no-cache" == first.headers["cache-control"]
        again = sim.http.get(f"{sim.server}{path}", headers={"If-None-Match": first.headers["etag"]})
        assert (304, b"") == (again.status_code, again.content)


def test_the_description_of_the_api(sim: Simulation):
    described = sim.http.get(f"{sim.server}/openapi.json").json()
    assert "3.1.0" == described["openapi"]
    assert "/api/Webhooks" in described["paths"]


def test_a_file_that_there_is_not(sim: Simulation):
    for name in ("nothing.js", "..%2F..%2Fapp.py", "page.html.jinja"):
        assert_problem(sim.http.get(f"{sim.server}{ASSETS}{name}"), 404)


@pytest.mark.parametrize("path", ["/_sim/page/events", "/_sim/page/webhooks", "/_sim/page/registry", f"{ASSETS}app.js"])
@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_another_site(sim: Simulation, path: str, headers: dict[str, str]):
    """It reads neither the log nor our files."""
    assert_problem(sim.http.get(f"{sim.server}{path}", headers=headers), 403)


def test_the_token_guards_all_but_the_files():
    """The browser loads the files before its user can give the token, and they hold nothing of the log."""
    with simulation(token="s3cret") as sim:
        own = {"Sec-Fetch-Site": "same-origin"}
        link = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert 200 == sim.http.get(f"{sim.server}/", headers=link).status_code
        assert 200 == sim.http.get(f"{sim.server}{ASSETS}app.js", headers=own).status_code
        assert_problem(sim.http.post(f"{sim.server}{ASSETS}app.js", headers=own), 401)
        for path in (
            "events",
            "webhooks",
            "registry",
            "api/webhooks",
            "seconds",
            "verify",
            "payloads/SaleCreated",
        ):
            url = f"{sim.server}/_sim/page/{path}"
            assert_problem(sim.http.get(url, headers=own), 401)
            assert 200 == sim.http.get(url, headers={**own, "Authorization": "Bearer s3cret"}).status_code
