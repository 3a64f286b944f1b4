"""What was compared stands in each report that a person reads."""

import dataclasses

import pytest

from frontsim.verification.effects.history import Column, ColumnCount
from frontsim.verification.report.html import as_html
from frontsim.verification.report.markdown import as_markdown
from frontsim.verification.report.summary import lines

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
    for text in ("\n".join(lines(report)), as_markdown(report), as_html(report)):
        assert "Columns compared" not in text
        assert "Left out" not in text
