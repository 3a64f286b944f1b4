import base64
import dataclasses
import hashlib
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.masking import NO_COMMAND, CommandLine
from frontsim.recovery.run import result_of as job_result_of
from frontsim.report.exchange import Exchange, ReceivedAnswer, SentRequest
from frontsim.report.html import MOST_CHARACTERS, MOST_PAYLOADS, as_html, groups_of, wrong
from frontsim.report.model import MOST_RIGHT, MOST_WRONG, Explored, FoundSchedule
from frontsim.verification.effects.history import Effect, EventFact, History, Observation, Run
from frontsim.verification.judge.checks import judge
from frontsim.verification.played import NotPlayed, Played, Report
from frontsim.verification.result import result_of
from frontsim.verification.scenario.scenario import Scenario
from tests.recovery.reports import RIGHT, WRONG
from tests.recovery.reports import report as job_report
from tests.verification.laboratory import CONTRACT


class Outline(HTMLParser):
    """The elements of a page, and every address that a browser would fetch."""

    EMPTY = frozenset({"meta", "input", "circle", "rect", "line", "path"})

    def __init__(self, page):
        super().__init__()
        self.open, self.fetched, self.tags, self.styled, self.text = [], [], [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append((tag, named))
        self.fetched += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]
        self.styled += [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def named(self, tag, **attributes):
        return [
            found
            for each, found in self.tags
            if each == tag and all(value == found.get(name.rstrip("_")) for name, value in attributes.items())
        ]


@pytest.fixture
def crowd():
    """A report on a receiver that books each of 500 events twice, and 100 once."""
    run = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5)
    events = tuple(EventFact("w", f"0192-{each}", "SaleCreated", (run,), payload={"n": each}) for each in range(600))
    effects = tuple(Effect(event.webhook_event_id) for event in (*events, *events[:500]))
    history = History("storm", events, observer="a list", final=Observation(9, effects))

    def of(report):
        return Report(
            "http://shop/hook",
            7,
            [dataclasses.replace(report.played[0], history=history, judgement=judge(history, CONTRACT))],
            CONTRACT,
        )

    return of


def test_the_page_is_whole_and_fetches_nothing(report):
    """One file: every tag is closed, and nothing is loaded from anywhere."""
    page = as_html(result_of(report))
    outline = Outline(page)
    assert (outline.open, outline.fetched) == ([], [])
    assert not re.search(r"https?://(?!shop/)", page)


def test_the_page_runs_nothing_but_its_own_script(report):
    """The policy names the hashes of the one stylesheet and the one script, and no element has any of its own."""
    page = as_html(result_of(report))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for tag in ("style", "script")
        for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    ]
    assert (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; base-uri 'none'; "
        "form-action 'none'"
    ) == policy
    assert (2, []) == (len(hashes), Outline(page).styled)


def test_what_stands_in_texts_cannot_break_the_page(report):
    """Markup in a reason, a payload, an event's id or a status stays text."""
    evil = "</script><img src=x onerror=alert(1)>\"'"
    storm = report.played[0]
    (sale, other) = storm.history.events
    run = dataclasses.replace(sale.runs[1], status=evil, at=evil)
    sale = dataclasses.replace(sale, webhook_event_id=evil, event=evil, payload={evil: evil}, runs=(run,))
    final = Observation(1000, (Effect(evil), Effect(evil)))
    history = dataclasses.replace(storm.history, events=(sale, other), final=final, marks=((5, evil),))
    played = [Played(storm.scenario, history, judge(history, CONTRACT)), *report.played[1:]]
    page = as_html(
        result_of(
            dataclasses.replace(
                report, played=played, receiver=f"http://shop/{evil}", replay=lambda _: CommandLine(call=evil)
            )
        )
    )
    outline = Outline(page)
    assert ([], [], []) == (outline.open, outline.named("img"), outline.styled)
    assert evil in outline.text
    assert "the observer <is> down & out" in outline.text


def test_the_page_begins_with_the_verdict_and_the_cause(report, user_zone):
    """Verdict, receiver and the cause with an open example; then what failed; the rest is folded."""
    user_zone("Europe/Oslo")
    page = as_html(
        result_of(dataclasses.replace(report, version="1.2", started_at="2026-11-25T17:00:00Z", duration_s=4.56))
    )
    body = f"<html>{page[page.index('<body>') :]}"
    text = re.sub(r"\s", "", Outline(body).text)
    order = [
        "Verdict: violated",
        "http://shop/hook",
        "1 event booked more than once (duplicated), in storm, against books-copies-at-once-once",
        "Violated 1 Unknown 1 Verified 1 Skipped 1",
        "2026-11-25 18:00:00+01:00",
        "4.6 s",
        "A unique index on the event's id",
        "For example SaleCreated 0192-sale in storm",
        "no answer (Timeout)",
        "1 verified late-resend",
        "1 skipped crash-after-ack",
    ]
    places = [text.index(each.replace(" ", "")) for each in order]
    assert places == sorted(places)


@pytest.mark.slow
def test_each_event_can_be_found(report):
    """Each event stands in its scenario with its class and a drawing; the filters offer what there is."""
    outline = Outline(as_html(result_of(report)))
    classes = [found["data-class"] for _, found in outline.tags if (found.get("class") or "").startswith("event")]
    assert ["duplicated", "ok", "ok"] == sorted(classes)
    assert ["crash-after-ack", "late-resend", "steady", "storm"] == sorted(
        found["id"] for found in outline.named("details", class_="scenario")
    )
    for option in ("storm", "duplicated"):
        assert f"<option>{option}</option>" in as_html(result_of(report))


def test_a_finding_has_its_payload_its_request_and_its_answer(report):
    """For the copy button; request and answer only where they were read."""
    request = SentRequest("http://shop/hook", {"X-Webhook-Event-Id": "0192-sale"}, "{}", 2)
    exchange = Exchange(request, ReceivedAnswer(1, 200, "OK", "seen <before>"))
    storm = dataclasses.replace(report.played[0], exchanges={"0192-sale": exchange})
    text = Outline(as_html(result_of(dataclasses.replace(report, played=[storm])))).text
    assert "X-Webhook-Event-Id: 0192-sale\n" in text
    assert "answer: 200 OK\n  seen <before>" in text
    assert '"note": "<b>&"' in text
    assert "X-Webhook-Event-Id" not in as_html(result_of(report))


def test_a_thousand_findings_are_one_example_and_a_number(report, crowd):
    """The page stays short: some of the events are shown, fewer with their payload, and the others are counted."""
    outline = Outline(as_html(result_of(crowd(report))))
    events = [found for _, found in outline.tags if (found.get("class") or "").startswith("event")]
    assert MOST_WRONG + MOST_RIGHT == len(events)
    assert 1 == sum("open" in found for found in events)
    assert MOST_PAYLOADS + 1 == outline.text.count('"n": ')  # and the example of the cause
    for words in ("499 more like this", f"{500 - MOST_WRONG} others are left out", "100 with nothing wrong"):
        assert words in outline.text


def test_a_report_without_any_scenario_is_a_page(report):
    """Interrupted before the first one ended."""
    outline = Outline(as_html(result_of(dataclasses.replace(report, played=[], interrupted=True))))
    assert ([], True) == (outline.open, "Interrupted" in outline.text)


@pytest.mark.slow
def test_jinja_is_imported_when_a_page_is_written():
    """No command's start takes the time for it."""
    modules = "frontsim.cli.commands.verify, frontsim.report.html"
    code = f"import sys, {modules}; print('jinja2' in sys.modules)"
    assert "False\n" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_scenarios_not_played_are_counted_beside_a_violation(report):
    """The causes stand in place of the counts then, so it has a line of its own."""
    left = dataclasses.replace(report.played[3], not_played=NotPlayed("the budget of 120 s was used up", 120.0))
    told = "1 not played (the budget of 120 s was used up; --budget 240 should play them)"
    assert f"{told}." in as_html(result_of(dataclasses.replace(report, played=[report.played[0], left])))
    assert "not played" not in as_html(result_of(report))
    assert f"1 scenario: {told}" in as_html(result_of(dataclasses.replace(report, played=[left])))


ANSWERED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5, duration_ms=1200)
LOST = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 5)
RESENT = Run(2, Trigger.RESEND, Outcome.ANSWERED, "Internal Server Error", 500, 9, at="2026-08-01T12:00:00")


def crowded(*, right=0, twice=0, payload=None, runs=(ANSWERED,)):
    """The result of one scenario with so many events that were booked once, and so many that were booked twice."""
    events = tuple(
        EventFact("w", f"e{number}", "SaleCreated", runs, payload=payload or {"n": number})
        for number in range(right + twice)
    )
    booked = [Effect(event.webhook_event_id) for event in (*events, *events[right:])]
    history = History("storm", events, observer="a list", final=Observation(9, tuple(booked)))
    played = Played(Scenario("storm", "All.", "Nothing.", ()), history, judge(history, CONTRACT))
    return result_of(Report("http://shop/hook", 7, [played], CONTRACT))


def example(result):
    """The event of the first cause."""
    ((_, trial, finding),) = result.examples()
    return wrong(finding, trial, with_payload=True)


def test_the_first_of_a_group_are_shown_and_the_rest_is_counted():
    """And only a few of them with their payload."""
    (trial,) = crowded(right=MOST_RIGHT + 2, twice=MOST_WRONG + 3).trials
    (group,) = groups_of(trial)
    assert (MOST_WRONG + 3, MOST_WRONG) == (len(group.findings), len(group.events))
    assert MOST_PAYLOADS == sum(event.payload != "" for event in group.events)
    assert (MOST_RIGHT, 2) == (len(trial.right), trial.right_left_out)


def test_nothing_is_left_out_of_a_few():
    (trial,) = crowded(right=2).trials
    assert ([], 2, 0) == (groups_of(trial), len(trial.right), trial.right_left_out)
    assert not any(event.story for event in trial.right)


def test_a_cause_has_the_first_event_that_shows_it():
    ((cause, trial, finding),) = crowded(right=1, twice=2).examples()
    assert ("duplicated", "storm", "e1") == (cause.class_, trial.name, finding.webhook_event_id)


def test_each_run_is_a_row():
    """When, what came back, how long it took, and whether it counts."""
    page = as_html(crowded(twice=1, runs=(LOST, RESENT)))
    for number, at, answer in (
        ("1", "+5 ms", '<span class="dot open"></span>no answer (Timeout)'),
        ("2, resent", "2026-08-01T12:00:00", '<span class="dot bad"></span>500 Internal Server Error'),
    ):
        assert f"<tr><td>{number}</td><td>{at}</td><td>{answer}</td><td></td></tr>" in page
    page = as_html(crowded(twice=1))
    assert '<td><span class="dot good"></span>200 OK</td><td>1,200 ms</td>' in page


@pytest.mark.parametrize(("length", "more"), [(10, False), (MOST_CHARACTERS, True)])
def test_a_long_payload_is_cut(length, more):
    shown = example(crowded(twice=1, payload={"comment": "x" * length}))
    assert more == shown.payload.endswith("more characters")
    assert len(shown.payload) < MOST_CHARACTERS + 40


def test_a_job_runs_nothing_in_the_page_that_it_prints():
    """The wrong case stands first."""
    page = as_html(job_result_of(job_report(RIGHT, WRONG)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert re.search(r"violated.*verified", page, re.DOTALL | re.IGNORECASE)


def test_a_schedule_that_was_found_is_a_timeline(report):
    """Below its story: a line for each of its events, those that accuse the receiver first."""
    result = result_of(report)
    trial = next(each for each in result.trials if each.name == "storm")
    found = FoundSchedule(
        "storm",
        "storm.toml",
        "duplicated",
        "c",
        "SaleCreated",
        "two <b>",
        "9 of 10 tries",
        ("One.", "Two."),
        NO_COMMAND,
    )
    explored = Explored(5, {}, 9, 20, ("SaleCreated",), (), (), (found,))
    page = as_html(dataclasses.replace(result, explored=explored))
    shown = page[page.index('id="tried"') : page.index('id="causes"')]
    accused = {each.webhook_event_id for each in trial.findings}
    assert len(accused) + len(trial.right) == shown.count('<svg class="timeline') > 0
    assert shown.index("<li>Two.</li>") < shown.index('<svg class="timeline')
    assert all(webhook_event_id in shown for webhook_event_id in accused)
    assert "Two &lt;b&gt;" in shown
