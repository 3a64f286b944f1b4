import dataclasses

import pytest

from frontsim.report.as_json import as_data
from frontsim.report.exchange import (
    MOST_SENT,
    Exchange,
    ReceivedAnswer,
    SentRequest,
    answer_lines,
    request_as_data,
    request_lines,
)
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.text import as_markdown, lines
from frontsim.verification.effects.classes import Class
from frontsim.verification.judge.checks import Finding
from frontsim.verification.result import result_of

HOSTILE = "<script>alert(1)</script>\x1b[31m\n```\n# owned\x00\npassword=hunter2"
REQUEST = SentRequest(
    "http://ann:hunter2@shop/hook?key=hunter2", {"Authorization": "Bearer hunter2"}, '{"sku":null}', 12
)
FORMS = {
    "text": lambda result: "\n".join(lines(result)),
    "junit": as_junit,
    "markdown": as_markdown,
    "html": as_html,
    "json": lambda result: str(as_data(result)),
}


def answered(body):
    return Exchange(REQUEST, ReceivedAnswer(2, 400, "Bad request", body))


@pytest.fixture
def refused(report):
    """A result in which a sale was refused with a hostile answer."""
    storm = report.played[0]
    finding = Finding(Class.REJECTED, "takes-valid-events", "SaleCreated", "0192-sale", "expected a 2xx, got a 400")
    judgement = dataclasses.replace(storm.judgement, findings=(finding,))
    played = dataclasses.replace(storm, judgement=judgement, exchanges={"0192-sale": answered(HOSTILE)})
    return result_of(dataclasses.replace(report, played=[played]))


@pytest.mark.parametrize("form", FORMS)
def test_each_report_shows_what_was_sent_and_answered(refused, form):
    """The method, the body and the answer; no secret in any of them."""
    text = FORMS[form](refused)
    for part in ("POST", "Bearer ***", "sku", "400", "password=***"):
        assert part in text
    assert "hunter2" not in text


def test_an_answer_cannot_act_in_a_report(refused):
    """It is text: no colour, no markup, no end of the block that it stands in."""
    assert "\x1b" not in FORMS["text"](refused)
    assert "\x1b" not in FORMS["junit"](refused)
    assert "<script>alert" not in FORMS["html"](refused)
    assert "\n````text\n" in FORMS["markdown"](refused)


def test_a_huge_answer_and_body_are_cut():
    """4 KiB of an answer and 40 lines at most; the size of the body is told."""
    told = list(answer_lines(answered("x" * 9_000).answer))
    assert 4_096 + len("  ... 4,904 more characters") == len(told[-1])
    # 4,096 line breaks and the words about the 904 that are left out, less the 40 that are shown
    assert "  ... 4,057 more lines" == list(answer_lines(answered("\n" * 5_000).answer))[-1]
    big = request_as_data(SentRequest("http://shop/hook", {}, "x" * 65_536, 2_000_000))
    assert (MOST_SENT, 2_000_000) == (len(big["body"]), big["bodyBytes"])


def test_no_answer_is_no_answer():
    assert ["answer: none"] == list(answer_lines(None))
    assert "  (no body)" == list(answer_lines(answered("").answer))[-1]


def test_a_body_that_was_changed_on_the_way_says_so():
    """The request is the one that went out."""
    changed = dataclasses.replace(REQUEST, changed_by="null-optional")
    assert "as null-optional changed it on the way" in next(request_lines(changed))
    assert "null-optional" == request_as_data(changed)["changedBy"]
