"""What every form of a report says alike: the causes in a line, the counts, the verdict, and what was compared."""

import dataclasses
from xml.etree import ElementTree as ET

import pytest

from frontsim.report.as_json import as_data
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.model import counted
from frontsim.report.text import as_markdown, lines
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import Column, ColumnCount
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.played import EventTypes, NotPlayed
from frontsim.verification.result import result_of


def test_classes_are_counted(report):
    """What was found is counted by class, in the order in which it was found."""
    assert ["1 duplicated", "", "", ""] == [each.found for each in result_of(report).trials]
    assert "2 lost, 1 burned" == counted(["lost", "burned", "lost"])


def test_one_scenario_is_not_several(report):
    """Counted as a person would."""
    one = dataclasses.replace(report, played=report.played[:1])
    assert "VIOLATED: http://shop/hook: 1 scenario: 1 violated; seed 7" == result_of(one).conclusion


def test_types_that_are_only_acknowledged_are_named_before_the_receiver(report):
    """The types that were booked, too, if all is well with them."""
    one = dataclasses.replace(report, played=report.played[3:])
    few = dataclasses.replace(one, types=EventTypes(["SaleCreated"], ["InvoiceCreated", "StockCountReconciled"]))
    said = "2 types are acknowledged and never booked: --events all demands them; http://shop/hook: 1 scenario: "
    assert f"VERIFIED for SaleCreated; {said}1 verified; seed 7" == result_of(few).conclusion
    data = as_data(result_of(few))["events"]
    assert {"booked": ["SaleCreated"], "acknowledgedOnly": ["InvoiceCreated", "StockCountReconciled"]} == data
    suite = ET.fromstring(as_junit(result_of(few))).find("testsuite[@name='event-types']")
    assert [
        "InvoiceCreated is acknowledged and never booked",
        "StockCountReconciled is acknowledged and never booked",
    ] == [each.get("message") for each in suite.findall("testcase/skipped")]
    violated = dataclasses.replace(few, played=report.played[:1])
    assert result_of(violated).conclusion.startswith(f"VIOLATED: {said}")


OUT_OF_TIME = NotPlayed("the budget of 120 s was used up", 120.0)


@pytest.fixture
def ending(report):
    """`ending(skipped=OUT_OF_TIME)` has, beside one scenario that was verified, one that ended so for each reason."""

    def ended(*others):
        verified = report.played[3]
        rest = [dataclasses.replace(verified, judgement=Judgement(each), not_played=why) for each, why in others]
        return result_of(dataclasses.replace(report, played=[verified, *rest])).conclusion

    return ended


def test_the_last_line_says_how_many_were_not_played_and_why(ending):
    """What could not be played is skipped; what could have been is told apart, with what gives it time."""
    assert ending((Verdict.SKIPPED, OUT_OF_TIME), (Verdict.SKIPPED, None)).endswith(
        "3 scenarios: 1 verified, 1 skipped, 1 not played (the budget of 120 s was used up; --budget 240 should play "
        "them); seed 7"
    )
    blind = NotPlayed("the observer did not answer in storm")
    assert ending((Verdict.UNKNOWN, None), *[(Verdict.UNKNOWN, blind)] * 2).endswith(
        "4 scenarios: 1 verified, 1 unknown, 2 not played (the observer did not answer in storm); seed 7"
    )


@pytest.mark.parametrize(("left", "budget_s"), [(1, 240), (2, 360), (9, 1200)])
def test_the_budget_that_plays_the_others_follows_from_what_was_played(ending, left, budget_s):
    """One scenario took 120 s, so that each of the others may take as much."""
    assert f"--budget {budget_s} should" in ending(*[(Verdict.SKIPPED, OUT_OF_TIME)] * left)


def test_a_budget_in_which_nothing_was_played_is_doubled_at_least(report):
    left = [dataclasses.replace(report.played[3], not_played=NotPlayed("the budget of 1.5 s was used up", 1.5))]
    told = "1 scenario: 1 not played (the budget of 1.5 s was used up; --budget 10 should play them); seed 7"
    assert result_of(dataclasses.replace(report, played=left)).conclusion.endswith(told)


TOLD = (
    "Left out by --events auto (answered 404 Not found)",
    "StockMovementCreated, SettlementCreated",
    "Columns compared with the payload",
    "SaleCreated: paid -> total: as cents in 4 of 5, total -> total: equal in 5 of 5",
)


@pytest.fixture
def comparing(report):
    """The report with a column as it was sent, one in cents, and two types that were left out."""
    columns = {
        Column("SaleCreated", "total", "total"): ColumnCount(5, 5, 3),
        Column("SaleCreated", "paid", "total", is_named=True): ColumnCount(4, 5, 3, "as cents"),
    }
    first = report.played[0]
    played = [dataclasses.replace(first, history=dataclasses.replace(first.history, columns=columns))]
    left_out = dict.fromkeys(("StockMovementCreated", "SettlementCreated"), "404 Not found")
    return dataclasses.replace(report, played=played, left_out=left_out)


def test_the_text_lists_it(comparing):
    """Each list in lines under its title."""
    listed = list(lines(result_of(comparing)))
    began = listed.index(TOLD[0])
    assert [TOLD[0], f"  {TOLD[1]}", "", TOLD[2], f"  {TOLD[3]}", ""] == listed[began : began + 6]


def test_markdown_folds_it(comparing):
    """A code block, because a column's name is the receiver's own text."""
    text = as_markdown(result_of(comparing))
    for title, told in (TOLD[:2], TOLD[2:]):
        assert f"<details><summary>{title}</summary>\n\n```text\n{told}\n```\n\n</details>" in text


def test_the_page_lists_it(comparing):
    """A list under a heading, escaped."""
    page = as_html(result_of(comparing))
    for told in TOLD:
        assert f">{told.replace('>', '&gt;')}<" in page


def test_nothing_compared_is_no_list(report):
    """Without columns and left out types there is no heading."""
    for text in ("\n".join(lines(result_of(report))), as_markdown(result_of(report)), as_html(result_of(report))):
        assert "Columns compared" not in text
        assert "Left out" not in text
