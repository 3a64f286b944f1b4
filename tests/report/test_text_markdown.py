import dataclasses

from frontsim.report.text import as_markdown
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.played import NotPlayed
from frontsim.verification.result import result_of


def test_the_summary_begins_with_the_cause_and_folds_the_rest(report, user_zone):
    """The verdict, the cause with its story, a row for what failed; the other scenarios are folded."""
    user_zone("Europe/Oslo")
    text = as_markdown(
        result_of(dataclasses.replace(report, version="1.2", started_at="2026-11-25T17:00:00Z", duration_s=4.6))
    )
    assert text.startswith(
        "## ❌ Verdict: violated\n\n`http://shop/hook`, frontsim 1.2, 2026-11-25 18:00:00+01:00, 5 s, "
    )
    order = [
        "### 1 event booked more than once (duplicated), in storm, against books-copies-at-once-once",
        "resent 12:00:01.9 run 2 -> 200 OK",
        "| ❌ | `storm` | 2 | 3 | 1 duplicated |",
        "<details><summary>3 other scenarios</summary>",
        "| ❔ | `steady` | 0 |  | the observer &#60;is&#62; down &#38; out |",
        "<details><summary>Play them again</summary>",
    ]
    assert order == sorted(order, key=text.index)
    assert "ot judged" not in text


def test_what_was_not_judged_stands_beside_a_violation(report):
    """A violation does not hide what could not be checked."""
    storm = report.played[0]
    judgement = dataclasses.replace(storm.judgement, reason="the effects were still changing")
    partly = dataclasses.replace(report, played=[dataclasses.replace(storm, judgement=judgement)])
    assert "\n`storm`: not judged: the effects were still changing\n" in as_markdown(result_of(partly))


def test_what_was_not_played_stands_beside_a_violation(report):
    """The causes stand in place of the counts then, so it has a line of its own."""
    left = dataclasses.replace(report.played[3], not_played=NotPlayed("the budget of 120 s was used up", 120.0))
    told = "1 not played (the budget of 120 s was used up; --budget 240 should play them)"
    assert f"{told}." in as_markdown(result_of(dataclasses.replace(report, played=[report.played[0], left])))
    assert "not played" not in as_markdown(result_of(report))
    assert f"1 scenario: {told}" in as_markdown(result_of(dataclasses.replace(report, played=[left])))


def test_what_a_receiver_or_a_simulator_writes_is_text(report):
    """No image that is loaded from elsewhere, no HTML, no link, no row and no heading of its own."""
    hostile = "![x](https://evil.example/p.png) <img src=x> [a](b) www.evil.example | x |\n# big `@all` \x1b[2J"
    storm, *others = report.played
    judgement = dataclasses.replace(storm.judgement, reason=hostile)
    fingerprint = Fingerprint(hostile)
    changed = dataclasses.replace(
        report, played=[dataclasses.replace(storm, judgement=judgement), *others], keys=fingerprint
    )
    text = as_markdown(result_of(changed))
    for raw in ("![", "<img", "](", "https://evil", " www.", "| x |", "\n# big", "`@all", "\x1b"):
        assert raw not in text.replace("http://shop", ""), raw
    assert "&#33;&#91;x&#93;(https&#58;//evil.example/p.png) &#60;img src=x&#62;" in text


def test_a_name_cannot_leave_its_code(report):
    text = as_markdown(result_of(dataclasses.replace(report, receiver="http://shop/`<img src=x>`")))
    assert "`http://shop/'<img src=x>'`" in text
