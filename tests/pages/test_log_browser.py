"""The log in a real browser."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation, simulation

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
Visits = Callable[..., Page]


def rows(page: Page):
    return page.locator(".row:visible")


def test_events_come_live_and_are_filtered(sim: Simulation, receiver: Recorder, visits: Visits):
    """A raised event shows without a reload; a filter narrows it, and its address shows the same to a colleague."""
    receiver.respond = lambda call: answer(500 if call.line.startswith("POST /b") else 200)
    page = visits()
    expect(page.get_by_text("No events yet")).to_be_visible()
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.raises(count=2)
    sim.raises("CustomerCreated")
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text("500 Internal server error")).to_be_visible()
    page.get_by_label("Outcome").select_option("failed")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("CustomerCreated")
    colleague = visits(page.url.partition("/#")[2].join(["#", ""]))
    expect(rows(colleague)).to_have_count(1)
    expect(colleague.get_by_label("Outcome")).to_have_value("failed")
    page.get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(3)


def test_keys(sim: Simulation, receiver: Recorder, visits: Visits):
    """j and k choose, Enter opens, r resends, Escape closes, / searches, ? helps."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    raised = sim.raises(count=3)
    sim.drains()
    page = visits()
    expect(rows(page)).to_have_count(3)
    for key in "jjjk":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Event")
    expect(panel).to_contain_text(raised[1])
    page.keyboard.press("r")
    expect(panel.locator(".run")).to_have_count(2)
    assert 4 == len(receiver.calls)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type(raised[0])
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_all_that_failed_is_resent_after_a_look_at_how_many(sim: Simulation, receiver: Recorder, visits: Visits):
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    receiver.respond = lambda _: answer(503)
    sim.raises(count=12)
    sim.drains()
    receiver.respond = lambda _: answer(200)
    sim.raises()
    sim.drains()
    page = visits()
    page.get_by_role("button", name="Resend failed").click()
    expect(page.get_by_text("12 events failed.")).to_be_visible()
    assert 13 == len(receiver.calls)  # nothing is sent before the answer
    page.get_by_role("button", name="Resend all").click()
    expect(page.get_by_text("12 of 12 resent, 12 acknowledged")).to_be_visible()
    assert 25 == len(receiver.calls)
    assert 0 == sim.does("stats", method="GET")["failed"]


@pytest.mark.long
def test_a_long_log_is_scrolled_with_few_elements(sim: Simulation, visits: Visits):
    """Thousands of events, some dozens of rows; the end is reached, and the newest are found again."""
    sim.subscribes("http://127.0.0.1:1/a")
    raised = sim.raises(count=6_000)
    sim.drains()
    page = visits()
    expect(rows(page).first).to_be_visible()
    page.wait_for_function(
        """last => { const rows = document.querySelector(".rows"); rows.scrollTop = rows.scrollHeight;
                     return document.getElementById("event-" + last) }""",
        arg=raised[0],
    )
    assert page.locator(".row").count() < 80
    page.locator(".rows").focus()
    page.keyboard.press("g")
    expect(page.locator(f"#event-{raised[-1]}")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_texts_stay_text(sim: Simulation, receiver: Recorder, visits: Visits, width: int):
    """In a payload, a URL and an answer; and nothing is wider than the window."""
    receiver.respond = lambda _: answer(500, HOSTILE.encode())
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/{HOSTILE.replace(' ', '%20')}")
    (event,) = sim.raises(set={"comment": HOSTILE})
    sim.drains()
    page = visits(f"#/log?open={event}", width=width)
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_label("Answer to run 1")).to_contain_text(HOSTILE)
    expect(panel.get_by_label("Payload", exact=True)).to_contain_text("document.title='owned'")
    panel.get_by_text("curl command").click()
    assert "Log · frontsim" == page.title()
    assert 0 == page.locator("main img, main script").count()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_token_is_asked_for_and_kept_for_the_tab(receiver: Recorder, visits: Visits):
    with simulation(token="s3cret") as sim:
        sim.http.headers["Authorization"] = "Bearer s3cret"
        sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
        sim.raises()
        page = visits(at=sim)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("The token was not the right one.")).to_be_visible()
        page.get_by_label("Token").fill("s3cret")
        page.keyboard.press("Enter")
        expect(rows(page)).to_have_count(1)
        sim.raises()
        expect(rows(page)).to_have_count(2)
        page.reload()
        expect(rows(page)).to_have_count(2)
        with page.expect_download() as download:  # a link could not send the token
            page.get_by_role("button", name="Export as JSONL").click()
        assert 2 == len(download.value.path().read_text().splitlines())
        page.close()


def test_every_filter_is_reached_on_a_narrow_screen(sim: Simulation, receiver: Recorder, visits: Visits):
    """They are behind a button, which says how many are set."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.raises(count=2)
    page = visits(width=360)
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_label("To")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("To").fill("2000-01-01")
    page.get_by_label("Outcome").select_option("ok")
    expect(page.get_by_role("button", name="Filters (2)")).to_be_visible()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.long
def test_the_filtered_log_is_counted_and_exported(
    sim: Simulation, receiver: Recorder, visits: Visits, tmp_path: Path
) -> None:
    """The number goes on with the log; a file has what the filters leave."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.raises(count=3)
    raised = sim.raises("CustomerCreated", count=2)
    page = visits()
    expect(page.get_by_text("5 events", exact=True)).to_be_visible()
    page.get_by_label("Type").select_option("CustomerCreated")
    expect(page.get_by_text("2 of 5 events match")).to_be_visible()
    for form in ("JSONL", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Export as {form}").click()
        assert f"frontsim-events.{form.lower()}" == download.value.suggested_filename
        download.value.save_as(tmp_path / form)
    lines = [json.loads(line) for line in (tmp_path / "JSONL").read_text().splitlines()]
    assert raised[::-1] == [line["webhookEventId"] for line in lines]
    with (tmp_path / "CSV").open(newline="") as file:
        assert raised[::-1] == [row["webhookEventId"] for row in csv.DictReader(file)]
    sim.raises("CustomerCreated")
    expect(page.get_by_text("3 of 6 events match")).to_be_visible()
