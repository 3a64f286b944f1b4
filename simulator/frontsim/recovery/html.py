"""A run's result as one HTML file that needs no network."""

from pathlib import Path

from frontsim.presentation.html_page import render
from frontsim.recovery.report import by_clause, causes, counts, summary
from frontsim.recovery.session import JobReport
from frontsim.recovery.story import story
from frontsim.verdicts import Verdict

_TEMPLATE = Path(__file__).with_name("templates") / "report.html.jinja"
_ORDER = (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.VERIFIED, Verdict.SKIPPED)
MOST_FINDINGS = 5
"""Findings of one case and clause that are shown."""


def as_html(report: JobReport) -> str:
    """The whole file."""
    played = sorted(report.played, key=lambda each: _ORDER.index(each.judgement.verdict))
    return render(
        _TEMPLATE,
        report=report,
        summary=summary(report),
        causes=causes(report),
        played=played,
        counts=counts,
        by_clause=by_clause,
        story=story,
        clauses={clause.id: clause for clause in report.contract},
        most=MOST_FINDINGS,
    )
