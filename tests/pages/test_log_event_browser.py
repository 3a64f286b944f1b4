"""One event, opened, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
Visits = Callable[..., Page]


def panel(page: Page):
    return page.get_by_role("complementary", name="Event")


def test_what_raised_it_and_what_else_that_raised(sim: Simulation, visits: Visits):
    """A link leads from the sale to its stock movement."""
    for event in ("SaleCreated", "StockMovementCreated"):
        sim.subscribes("http://127.0.0.1:1/a", event)
    raised = sim.does("simulate", {"what": "sale"})["events"]
    page = visits(f"#/log?open={raised[0]['webhookEventId']}")
    expect(panel(page)).to_contain_text("The business act sale, with")
    panel(page).get_by_role("link", name="StockMovementCreated").first.click()
    expect(panel(page).get_by_role("heading", name="StockMovementCreated")).to_be_visible()


def test_a_comparison_with_an_earlier_state(sim: Simulation, visits: Visits):
    """Only what differs is shown, and hostile text in it stays text."""
    sim.subscribes("http://127.0.0.1:1/a", "CustomerCreated")
    sim.subscribes("http://127.0.0.1:1/a", "CustomerUpdated")
    (made,) = sim.raises("CustomerCreated", set={"customerId": 41, "firstName": "Kari"})
    (changed,) = sim.raises("CustomerUpdated", set={"customerId": 41, "firstName": HOSTILE})
    page = visits(f"#/log?open={changed}")
    panel(page).get_by_text("Compare with another event of customerId 41").click()
    difference = page.get_by_label("What differs")
    expect(difference.locator("del", has_text="firstName")).to_contain_text('"Kari"')
    expect(difference.locator("ins", has_text="firstName")).to_contain_text("onerror")
    expect(difference.locator("ins, del", has_text="customerId")).to_have_count(0)
    expect(panel(page).get_by_label("Other event")).to_have_value(made)
    assert "Log · frontsim" == page.title()
    page.get_by_role("link", name="Open the other").click()
    expect(panel(page)).to_contain_text(made)


def test_the_request_as_a_fault_changed_it(sim: Simulation, receiver: Recorder, visits: Visits):
    """The page shows what went out, and what the fault did to it; or that a run was kept back."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.breaks("unknown-event", times=1)
    sim.breaks("refuse", times=1)
    changed, refused = sim.raises(count=2)
    sim.drains()
    page = visits(f"#/log?open={changed}")
    panel(page).get_by_text("Request, as the fault changed it").click()
    difference = page.get_by_label("What the fault changed in run 1")
    expect(difference.locator("del")).to_contain_text("SaleCreated")
    expect(difference.locator("ins")).to_contain_text("SomethingNewHappened")
    expect(page.get_by_label("Request of run 1")).to_contain_text("SomethingNewHappened")
    page.goto(f"{sim.server}/#/log?open={refused}")
    panel(page).get_by_text("Request that was not sent").click()
    expect(panel(page)).to_contain_text("Nothing was sent")


def test_json_is_folded_and_shown_as_it_came(sim: Simulation, visits: Visits):
    """A list or an object folds at its line, or all at once; the text itself, with each digit, is one click away."""
    sim.subscribes("http://127.0.0.1:1/a")
    (raised,) = sim.raises(set={"comment": "[{"})
    page = visits(f"#/log?open={raised}")
    payload = panel(page).get_by_label("Payload", exact=True)
    expect(payload.get_by_text('"salesLines"')).to_be_visible()
    line = payload.get_by_text('"gtin"').first
    expect(line).to_be_visible()
    payload.get_by_role("button", name="Contents of salesLines", exact=True).click()
    expect(line).to_be_hidden()
    expect(payload.get_by_text('"comment"').first).to_be_visible()
    payload.get_by_role("button", name="Contents of salesLines", exact=True).press("Enter")
    expect(line).to_be_visible()
    panel(page).get_by_role("button", name="Folded").click()
    expect(line).to_be_hidden()
    panel(page).get_by_role("button", name="Raw").click()
    assert sim.does(f"page/events/{raised}", method="GET")["payload"] == payload.inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_toast_covers_nothing(sim: Simulation, receiver: Recorder, visits: Visits, width: int):
    """It stands below the view, which gets shorter."""
    receiver.respond = lambda _: answer(200, b'{"booked": [1, 2]}')
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    (raised,) = sim.raises()
    page = visits(f"#/log?open={raised}", width=width)
    expect(panel(page).get_by_label("Answer to run 1")).to_contain_text('"booked": [\n    1')
    panel(page).get_by_role("button", name="Resend").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Resent: 200")
    view, said = page.locator("#view").bounding_box(), toast.bounding_box()
    assert view
    assert said
    assert view["y"] + view["height"] <= said["y"]
    assert said["y"] + said["height"] <= 800
