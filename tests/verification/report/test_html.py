import re
from html.parser import HTMLParser

from frontsim.verification.report.html import as_html
from frontsim.verification.report.timeline import timeline


class Outline(HTMLParser):
    """Tags that are open at the end, and every address that a browser would fetch."""

    EMPTY = frozenset({"meta", "input", "circle", "rect", "line"})

    def __init__(self):
        super().__init__()
        self.open, self.fetched = [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing(report):
    """One file: every tag is closed, and nothing is loaded from anywhere."""
    page = as_html(report)
    outline = Outline()
    outline.feed(page)
    assert (outline.open, outline.fetched) == ([], [])
    assert not re.search(r"https?://(?!shop/)", page)


def test_each_event_has_a_timeline_and_can_be_filtered(report):
    """Every event stands in the page with its class and a drawing; the filters offer what there is."""
    page = as_html(report)
    assert page.count("<svg") == 3
    assert 'data-class="duplicated"' in page
    assert '<option value="storm">' in page
    assert '<option value="duplicated">' in page


def test_what_stands_in_a_reason_cannot_break_the_page(report):
    """Markup in texts stays text."""
    assert "the observer &lt;is&gt; down &amp; out" in as_html(report)


def test_a_timeline_shows_runs_faults_kills_and_effects(report):
    """A circle for the first run, a square for the resend, a band for the fault, a line for the kill, the effects."""
    history = report.played[0].history
    drawing = timeline(history.events[0], history, effects=2)
    assert ["open", "good"] == re.findall(r'class="run (\w+)"', drawing)
    for part in ("<circle", 'class="fault"', 'class="kill"', ">x 2<"):
        assert part in drawing
