"""Every form of a report says these alike: the causes in a line, the counts, the verdict, and what was compared."""

import dataclasses
from xml.etree import ElementTree as ET

import pytest

from frontsim.report.as_json import as_data
from frontsim.report.html import as_html
from frontsim.report.junit import as_junit
from frontsim.report.model import COMPARED, EMPTY, GUESSED, ComparedColumn, tally
from frontsim.report.text import as_markdown, lines
from frontsim.verdicts import Verdict
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.played import EventTypes, NotPlayed
from frontsim.verification.result import result_of


def test_classes_are_counted(report):
    """Findings are counted by class, in the order in which they were found."""
    assert ["1 duplicated", "", "", ""] == [each.found for each in result_of(report).trials]
    assert "2 lost, 1 burned" == tally(["lost", "burned", "lost"])


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
    """A scenario that could not be played is skipped; one that could have been is apart, with a longer budget."""
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
    "SaleCreated: paid -> total: times 100 in 5 of 5, total -> total: equal in 5 of 5",
)


@pytest.fixture
def comparing(report):
    """The result with a column as it was sent, one in cents, and two types that were left out."""
    columns = (
        ComparedColumn("SaleCreated", "paid", "total", 5, 5, "times 100", "", COMPARED),
        ComparedColumn("SaleCreated", "total", "total", 5, 5, "", "", GUESSED),
    )
    left_out = dict.fromkeys(("StockMovementCreated", "SettlementCreated"), "404 Not found")
    return dataclasses.replace(result_of(report), columns=columns, left_out=left_out)


def test_the_text_lists_it(comparing):
    """Each list in lines under its title."""
    listed = list(lines(comparing))
    began = listed.index(TOLD[0])
    assert [TOLD[0], f"  {TOLD[1]}", "", TOLD[2], f"  {TOLD[3]}", ""] == listed[began : began + 6]


def test_markdown_folds_it(comparing):
    """A code block, because a column's name is the receiver's own text."""
    text = as_markdown(comparing)
    for title, told in (TOLD[:2], TOLD[2:]):
        assert f"<details><summary>{title}</summary>\n\n```text\n{told}\n```\n\n</details>" in text


def test_the_page_lists_it(comparing):
    """A list under a heading, escaped."""
    page = as_html(comparing)
    for told in TOLD:
        assert f">{told.replace('>', '&gt;')}<" in page


def test_nothing_compared_is_no_list(report):
    """Without columns and left out types there is no heading."""
    for text in ("\n".join(lines(result_of(report))), as_markdown(result_of(report)), as_html(result_of(report))):
        assert "Columns compared" not in text
        assert "Left out" not in text


OPEN = (
    ComparedColumn("SaleCreated", "type", "type", 0, 5, "", "sent 'sale', has 'own'", EMPTY),
    ComparedColumn("SaleCreated", "to tal", "total", 3, 5, "", "sent 1.5, has 1", GUESSED),
    ComparedColumn("SaleCreated", "data", "", 0, 5, "", "it has 1 of the payload's 9 keys", GUESSED),
    ComparedColumn("", "amount", "totl", 0, 0, "", "no effect has it, or no payload has that field", EMPTY),
)


def test_columns_to_look_at_stand_in_the_verdict_line_and_each_has_its_lines_for_the_map(report):
    """Those that were always equal, or that the user names, stand apart: the verdict is on them."""
    right = ComparedColumn("SaleCreated", "sold", "saleDateTime", 4, 5, "", "sent 1, has 2", COMPARED)
    result = dataclasses.replace(result_of(report), columns=(*OPEN, right))
    assert result.conclusion.startswith("VIOLATED, 4 columns to look at: http://shop/hook: ")
    assert dataclasses.replace(result, columns=OPEN[:1]).conclusion.startswith("VIOLATED, 1 column to look at: ")
    (title, told), (other, _) = result.listings()
    assert ("Columns to look at", "Columns compared with the payload") == (title[:18], other)
    assert [
        "SaleCreated: type -> type: equal in 0 of 5: sent 'sale', has 'own'",
        '  SaleCreated.type = "type" compares it, SaleCreated.type = "" leaves it out',
        "SaleCreated: to tal -> total: equal in 3 of 5: sent 1.5, has 1",
        '  SaleCreated."to tal" = "total" compares it, SaleCreated."to tal" = "" leaves it out',
        "SaleCreated: data -> the payload: not compared: it has 1 of the payload's 9 keys",
        '  SaleCreated.data = "" leaves it out',
        "no type: amount -> totl: equal in 0 of 0: no effect has it, or no payload has that field",
        '  amount = "totl" compares it, amount = "" leaves it out',
    ] == list(told)


def test_a_result_without_a_comparison_of_contents_says_so(report):
    result = dataclasses.replace(result_of(report), is_content_compared=False)
    assert "; contents not compared (--check-content off); seed 7" in result.conclusion
