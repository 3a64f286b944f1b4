"""Verifications in a real browser."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_verify import ends
from tests.support.receiver import ChildReceiver
from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation, simulation

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
Visits = Callable[..., Page]


@pytest.mark.long
def test_an_outage_is_played_and_its_report_read(sim: Simulation, tmp_path: Path, visits: Visits):
    """A mistake in the form is shown beside its field; the run goes on when the tab is closed."""
    with ChildReceiver("no-dedupe", tmp_path / "receiver.db") as receiver:
        page, url = visits("#/verify"), receiver.url
        page.get_by_role("button", name="Play lost-response").click()
        expect(page.locator("[data-field=receiver] .wrong")).to_contain_text("expected a URL")
        page.get_by_label("Receiver", exact=True).fill(f"{url}/hook")
        page.get_by_label("Effects URL").fill(f"{url}/effects")
        page.get_by_label("Levels or customers").fill("levels")
        page.get_by_role("button", name="Play lost-response").click()
        expect(page.locator("[data-field='effects.state'] .wrong")).to_contain_text("expected a URL")
        page.get_by_label("Levels or customers").fill("")
        page.get_by_role("button", name="Play lost-response").click()
        expect(page.get_by_role("heading", name="running")).to_be_visible()
        address = page.url.partition("/#")[2]
        page.close()
        ends(sim)
        again = visits(f"#{address}")
        expect(again.get_by_label("Receiver", exact=True)).to_have_value(f"{url}/hook")
        expect(again.get_by_role("heading", name="violated")).to_be_visible()
    expect(again.locator(".verify-run")).to_contain_text("booked more than once (duplicated), in lost-response")
    expect(again.get_by_role("article").filter(has_text="lost-response")).to_contain_text("violated")
    again.get_by_text("Report", exact=True).click()
    report = again.frame_locator("iframe.report")
    expect(report.get_by_role("heading", level=1)).to_be_visible()
    report.locator("#find").fill("zzz")  # its own script runs
    expect(report.locator("#matches")).to_contain_text("0 events")
    again.get_by_role("button", name="Forget").click()
    expect(again.locator(".verify-run")).to_have_count(0)


def test_a_run_is_cancelled_and_hostile_text_stays_text(sim: Simulation, tmp_path: Path, visits: Visits):
    with ChildReceiver("reference", tmp_path / "receiver.db") as receiver:
        page, url = visits("#/verify"), receiver.url
        page.get_by_label("Receiver", exact=True).fill(f"{url}/{HOSTILE}")
        page.get_by_label("Effects URL").fill(f"{url}/effects")
        page.get_by_role("button", name="Play all outages").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Forget")).to_be_visible()
    assert "Verify · frontsim" == page.title()
    assert 0 == page.locator("main img").count()


def test_hostile_text_of_a_receiver_stays_text_in_its_report(sim: Simulation, receiver: Recorder, visits: Visits):
    """In its answers, its effects and its URL; and the frame has a separate origin."""
    receiver.respond = lambda _: answer(500, HOSTILE.encode())
    sim.does("sink/erp", {"webhookEventId": HOSTILE})
    url, effects = f"http://127.0.0.1:{receiver.port}/{HOSTILE}", f"{sim.server}/_sim/sink/erp"
    sim.does("page/verify/runs", {"receiver": url, "effects": {"url": effects}, "play": ["steady"]})
    ends(sim)
    page = visits("#/verify")
    page.get_by_text("Report", exact=True).click()
    report = page.frame_locator("iframe.report")
    expect(report.get_by_role("heading", level=1)).to_be_visible()
    frame = page.frames[-1]
    assert 0 == frame.locator("img").count()
    assert "owned" != frame.title()
    assert "Verify · frontsim" == page.title()
    assert "null" == frame.evaluate("origin")


@pytest.mark.long
def test_an_outage_that_nobody_scripted_is_found_told_and_drawn(sim: Simulation, tmp_path: Path, visits: Visits):
    """The page has its story and its scenario, to be kept; the report draws its events."""
    with ChildReceiver("no-dedupe", tmp_path / "receiver.db") as receiver:
        asked = {"receiver": f"{receiver.url}/hook", "effects": {"url": f"{receiver.url}/effects"}, "play": ["steady"]}
        sim.does("page/verify/runs", {**asked, "exploreS": 20})
        ends(sim)
    page = visits("#/verify")
    expect(page.get_by_role("button", name="Search for a minute")).to_be_visible()
    run = page.locator(".verify-run")
    expect(run.get_by_role("listitem").filter(has_text="the list -> resend job runs")).not_to_have_count(0)
    run.get_by_text("The scenario, to be kept as found-").first.click()
    expect(run.get_by_label("Scenario", exact=True).first).to_contain_text("[[step]]")
    run.get_by_text("Report", exact=True).click()
    report = page.frame_locator("iframe.report")
    expect(report.locator("section", has_text="What was tried").locator("svg.timeline").first).to_be_visible()


def test_the_job_of_the_configuration_file(tmp_path: Path, visits: Visits, monkeypatch: pytest.MonkeyPatch):
    """Its command comes from the file alone; a case of it is played, and its report opens in a frame."""
    (tmp_path / "frontsim.toml").write_text(f"[verify-recovery]\njob = '{sys.executable} -m frontsim job'\n")
    monkeypatch.chdir(tmp_path)
    with simulation() as sim:
        page = visits("#/verify", at=sim)
        page.get_by_label("Case").select_option("a-plain-failure")
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.locator(".verify-run")).to_be_visible()
        ends(sim)
        expect(page.get_by_role("heading", name="verified")).to_be_visible()
        page.get_by_text("Report", exact=True).click()
        expect(page.frame_locator("iframe.report").get_by_role("heading", level=1)).to_be_visible()
        page.close()
