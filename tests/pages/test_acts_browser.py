"""The page's acts in a real browser: webhooks, triggers, schemas, faults, pictures."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation

pytestmark = pytest.mark.slow
Visits = Callable[..., Page]


def rules(sim: Simulation) -> list[dict]:
    return sim.does("faults", method="GET")


@pytest.mark.long
def test_a_webhook_is_added_tested_changed_and_deleted(sim: Simulation, receiver: Recorder, visits: Visits):
    page = visits("#/webhooks")
    url = f"http://127.0.0.1:{receiver.port}/hook"
    page.get_by_label("Event type").select_option("CustomerCreated")
    page.get_by_label("URL").fill("not a URL")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("[data-field=url] .wrong")).to_contain_text("expected")
    page.get_by_label("URL").fill(url)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text(url)).to_be_visible()
    page.get_by_role("button", name="Test CustomerCreated").click()
    expect(page.get_by_text("200 OK")).to_be_visible()
    assert 1 == len(receiver.calls)
    expect(page.get_by_text("100 %")).to_be_visible()
    page.get_by_role("button", name="Edit CustomerCreated").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("URL").fill(f"{url}/new")
    dialog.get_by_label("Store").fill("12")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{url}/new")).to_be_visible()
    assert [(12, f"{url}/new")] == [(each["storeId"], each["url"]) for each in sim.api("GET", "Webhooks").json()]
    page.get_by_role("button", name="Delete CustomerCreated").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("No webhook yet")).to_be_visible()
    assert [] == sim.api("GET", "Webhooks").json()


def test_all_types_are_added_at_once(sim: Simulation, visits: Visits):
    page = visits("#/webhooks")
    page.get_by_label("Event type").select_option("*")
    page.get_by_label("URL").fill("http://127.0.0.1:1/hook")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("21 webhooks added")).to_be_visible()
    assert 21 == len({each["event"] for each in sim.api("GET", "Webhooks").json()})


def test_the_page_goes_on_when_the_simulator_is_back(visits: Visits):
    """A view that could not be opened says so, and opens; an editor that got no payload gets one."""
    page = visits("#/trigger")
    expect(page.get_by_label("Payload")).to_have_value(re.compile("{"))
    gone = re.compile("/_sim/(stream|page/registry|page/payloads)")
    page.route(gone, lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text(
        "The simulator does not answer. This page goes on when it is back."
    )
    page.unroute(gone)
    expect(page.get_by_label("Payload")).to_have_value(re.compile("{"))


def test_an_editor_without_a_payload_gets_one_when_the_simulator_is_back(visits: Visits):
    page = visits("#/trigger")
    gone = re.compile("/_sim/(stream|page/payloads)")
    page.route(gone, lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("does not answer")).to_be_visible()
    expect(page.get_by_label("Payload")).to_have_value("")
    page.unroute(gone)
    expect(page.get_by_label("Payload")).to_have_value(re.compile("{"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n  "saleId": 1,\n  "total": oops\n}', "Line 3the whole expected a value, got oops"),
        ('{\n  "saleId": 1\n  "total": 2\n}', 'Line 3the whole expected , or }, got "'),
        ('{\n  "lines": [1, 2\n', "Line 3the whole expected , or ], got the end"),
        ('{"a": 1,\n}', "Line 2the whole expected a name, got }"),
        ('{"a": 01}\n', "Line 1the whole expected a value, got 01"),
        ('{"a": 1}\n\n]', "Line 3the whole expected the end, got ]"),
    ],
)
def test_a_text_that_is_no_json_is_told_once_at_its_line(sim: Simulation, visits: Visits, text: str, told: str):
    """While it is written, and when it is sent: no message of the browser's beside it."""
    page = visits("#/trigger?event=SaleCreated")
    area = page.get_by_label("Payload")
    expect(area).to_have_value(re.compile("saleId"))
    area.fill(text)
    expect(page.locator("#problems li")).to_have_count(1)
    expect(page.locator("#problems li")).to_contain_text(told)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#problems li")).to_have_count(1)
    expect(page.locator(".toast")).to_have_count(0)
    assert 0 == sim.does("stats", method="GET")["events"]


def test_a_payload_is_checked_while_it_is_written(sim: Simulation, receiver: Recorder, visits: Visits):
    """A wrong payload is marked at its line, and is not sent; a right one goes out as written."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/hook")
    page = visits("#/trigger?event=SaleCreated")
    area = page.get_by_label("Payload")
    expect(area).to_have_value(re.compile(r'^\{\n  "saleId"'))
    payload = json.loads(area.input_value())
    payload["salesLines"][0]["price"] = "dear"
    area.fill(json.dumps(payload, indent=2))
    problem = page.locator(".problems li")
    expect(problem).to_contain_text("salesLines[0].price")
    line = 1 + area.input_value().split("\n").index('      "price": "dear",')
    expect(problem.get_by_role("button")).to_have_text(f"Line {line}")
    expect(page.locator(".lines b")).to_have_text(str(line))
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".toast.bad")).to_contain_text("price")
    assert [] == receiver.calls
    payload["salesLines"][0]["price"] = 12.5
    payload["comment"] = "by hand"
    area.fill(json.dumps(payload))
    expect(page.get_by_text("Valid under its schema")).to_be_visible()
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("3 events of 3 occurrences in the log").first).to_be_visible()
    sim.drains()
    assert [payload] * 3 == [json.loads(call.body) for call in receiver.calls]


def test_a_business_act(sim: Simulation, receiver: Recorder, visits: Visits):
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/hook", "CustomerCreated")
    page = visits("#/trigger")
    page.get_by_label("Act").select_option("new-customer")
    page.get_by_label("How often").fill("2")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("2 events of").first).to_be_visible()
    page.get_by_role("link", name="CustomerCreated").first.click()
    expect(page.get_by_role("complementary", name="Event")).to_contain_text("CustomerCreated")


def test_schemas_are_readable(sim: Simulation, visits: Visits):
    """Each field with what it means, and how sure that is; the address names the type."""
    page = visits("#/types")
    page.get_by_role("button", name="CustomerCreated").click()
    expect(page.get_by_role("heading", name="CustomerCreated")).to_be_visible()
    row = page.locator(".field-row", has_text="customerId").first
    expect(row).to_contain_text("integer")
    expect(row.locator(".grade-published")).to_be_visible()
    assert page.url.endswith("#/types?event=CustomerCreated")
    assert 21 == page.locator(".type-list button").count()


def test_a_receiver_is_down_and_up_again(sim: Simulation, receiver: Recorder, visits: Visits):
    """One switch; while it is down nothing arrives, every view says so, and the count goes up."""
    url = f"http://127.0.0.1:{receiver.port}/hook"
    sim.subscribes(url)
    page = visits("#/break")
    switch = page.get_by_role("switch", name=f"Down: {url}")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    expect(page.locator("#banner")).to_contain_text("refuse")
    sim.raises(count=2)
    sim.drains()
    assert [] == receiver.calls
    expect(page.get_by_text("Down: 2 deliveries refused")).to_be_visible()
    switch.click()
    expect(switch).not_to_be_checked()
    expect(page.locator("#banner")).to_be_hidden()
    assert [] == rules(sim)
    sim.raises()
    sim.drains()
    assert 1 == len(receiver.calls)


def test_a_rule_for_every_fault(sim: Simulation, visits: Visits):
    """The form offers what the registry has, with its parameters; what is wrong is told beside its field."""
    page = visits("#/break")
    known = sim.does("page/registry", method="GET")["faults"]
    fault = page.get_by_label("Fault", exact=True)
    expect(fault).to_have_value("refuse")
    assert [each["name"] for each in known] == fault.locator("option").evaluate_all("all => all.map(e => e.value)")
    fault.select_option("duplicate")
    page.get_by_label("copies").fill("0")
    page.get_by_role("button", name="Break it").click()
    expect(page.locator("[data-field='params.copies'] .wrong")).to_contain_text("expected")
    page.get_by_label("copies").fill("3")
    page.get_by_label("How often").fill("2")
    page.get_by_label("Event type").select_option("SaleCreated")
    page.get_by_role("button", name="Break it").click()
    expect(page.locator(".rule")).to_contain_text("fired 0 of 2")
    (rule,) = rules(sim)
    assert ("duplicate", {"event": "SaleCreated"}, 2) == (rule["fault"], rule["match"], rule["times"])
    assert {"copies": 3, "apart": "simultaneous"} == rule["params"]
    fault.select_option("api-error")
    page.get_by_label("Call").select_option("listWebhooks")
    page.get_by_role("button", name="Break it").click()
    expect(page.locator(".rule")).to_have_count(2)
    page.get_by_role("button", name="Remove duplicate").click()
    expect(page.locator(".rule")).to_have_count(1)
    page.get_by_role("button", name="Remove all").click()
    expect(page.get_by_text("No rule.")).to_be_visible()
    assert [] == rules(sim)


def test_pictures(sim: Simulation, receiver: Recorder, visits: Visits):
    """Runs, failures, latency, what waits, the fault as a named band; a page that is opened later shows the same."""
    receiver.respond = lambda _: answer(500)
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/hook")
    page = visits("#/pictures")
    expect(page.get_by_role("img")).to_have_count(3)
    expect(page.get_by_text("no fault hit a run")).to_be_visible()
    sim.breaks("lost-response", times=1)
    sim.raises(count=20)
    for each in (page, visits("#/pictures")):
        for drawn in (".bars", ".bad-bars", "path.p99", "path.area", ".band", ".mark-band"):
            expect(each.locator(drawn).first).to_be_attached()
        expect(each.get_by_role("listitem").filter(has_text="lost-response")).to_contain_text("20 runs failed")


def test_sinks(sim: Simulation, visits: Visits):
    """Calls of any method and path show as they come, laid out, and hostile text stays text."""
    page = visits("#/sinks")
    expect(page.get_by_text("No call yet")).to_be_visible()
    hostile = "<img src=x onerror=\"document.title='owned'\">"
    sim.does("sink/erp", {"webhookEventId": hostile})
    sim.http.put(f"{sim.server}/_sim/sink/erp/orders/7?a=1", json={"n": 2})
    sim.does(f"sink/{quote(hostile)}", [])
    page.get_by_role("button", name="erp (2)").click()
    expect(page.locator(".sink summary")).to_contain_text(["PUT /orders/7?a=1", "POST /"])
    expect(page.get_by_label("Call 2", exact=True)).to_contain_text('{\n  "n": 2\n}')
    page.locator(".sink summary").last.click()
    expect(page.get_by_label("Call 1", exact=True)).to_contain_text(json.dumps({"webhookEventId": hostile}, indent=2))
    page.get_by_role("button", name="img").click()
    expect(page.get_by_role("heading", name=hostile)).to_be_visible()
    assert "Sinks · frontsim" == page.title()
    assert 0 == page.locator("main img").count()


def test_webhooks_are_listened_to_here_without_a_receiver(sim: Simulation, visits: Visits):
    """A catch-all URL of the simulator takes deliveries, one path for each type, and shows them."""
    page = visits("#/webhooks")
    page.get_by_label("Event type").select_option("CustomerCreated")
    page.get_by_role("button", name="Listen here").click()
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Test CustomerCreated").click()
    expect(page.get_by_text("200 OK")).to_be_visible()
    page.get_by_role("link", name="Sinks").click()
    expect(page.locator(".sink summary")).to_contain_text("POST /CustomerCreated")
    expect(page.get_by_label("Call 1", exact=True)).to_contain_text('"customerId": ')
    page.get_by_label("Name").fill("a shop")
    page.get_by_role("button", name="Listen here").click()
    expect(page.get_by_text(f"{sim.server}/_sim/sink/a%20shop")).to_be_visible()
    page.get_by_role("link", name="Send webhooks there").click()
    expect(page.get_by_label("URL")).to_have_value(f"{sim.server}/_sim/sink/a%20shop/{{event}}")


@pytest.mark.long
def test_what_is_said_again_stays_once(visits: Visits):
    """While the simulator is gone, the list of calls asks each second."""
    page = visits("#/calls")
    expect(page.get_by_text("No call yet")).to_be_visible()
    refused = []
    page.route(re.compile("/_sim/calls"), lambda route: (refused.append(1), route.abort()))
    page.wait_for_event("requestfailed")
    page.wait_for_event("requestfailed")
    expect(page.locator(".toast")).to_have_count(1)


def test_calls(sim: Simulation, visits: Visits):
    """The integrator's calls show as they come, with their headers; hostile text stays text, and a key is masked."""
    page = visits("#/calls")
    expect(page.get_by_text("No call yet")).to_be_visible()
    hostile = "<img src=x onerror=document.title='owned'>"
    sim.http.get(
        f"{sim.base_url}/api/Webhooks?x={hostile}",
        headers={"x-api-key": "frontsm.s3cret-s3cret", "User-Agent": hostile},
    )
    sim.http.get(f"{sim.base_url}/api/{hostile}")
    calls = page.locator(".call-details")
    expect(calls).to_have_count(2)
    expect(calls.first).to_contain_text("no such operation")
    expect(calls.last).to_contain_text("listWebhooks")
    calls.last.locator("summary").click()
    expect(calls.last.get_by_label("Request of call")).to_contain_text(f"user-agent: {hostile}")
    expect(calls.last).to_contain_text("fron***")
    assert "s3cret" not in page.locator("main").inner_text()
    assert "Calls · frontsim" == page.title()
    assert 0 == page.locator("main img").count()
