"""A run's result as one HTML file that needs no network."""

from pathlib import Path

from frontsim.presentation.html_page import render
from frontsim.verification.played import Report
from frontsim.verification.report import page
from frontsim.verification.report.causes import causes, headline
from frontsim.verification.report.compared import listings
from frontsim.verification.report.summary import conclusion, counted, not_played
from frontsim.verification.report.timeline import MOST_EFFECTS

_TEMPLATES = Path(__file__).with_name("templates")


def as_html(report: Report) -> str:
    """The whole file."""
    shown = page.scenarios_shown(report)
    return render(
        _TEMPLATES / "report.html.jinja",
        script=(_TEMPLATES / "report.js").read_text("utf-8"),
        report=report,
        headline=headline(causes(report)),
        conclusion=conclusion(report),
        counted=counted(report),
        not_played=list(not_played(report)),
        causes=page.causes_shown(report),
        shown=shown,
        listings=list(listings(report)),
        classes=page.classes_in([each for group in shown.values() for each in group]),
        most_effects=MOST_EFFECTS,
    )
