"""A run's result as one HTML file that needs no network.

The template escapes everything that it is given. The page carries a content security policy which names the hash of its
one stylesheet and its one script, so that nothing else in it can run or be loaded, whatever a receiver answers.
"""

import base64
import hashlib
from pathlib import Path

from frontsim import bundled
from frontsim.verification.facts.classes import USUAL_CAUSE
from frontsim.verification.report import page
from frontsim.verification.report.causes import causes, headline
from frontsim.verification.report.summary import conclusion, counted
from frontsim.verification.report.timeline import MOST_EFFECTS
from frontsim.verification.session import Report

_TEMPLATES = Path(__file__).with_name("templates")


def as_html(report: Report) -> str:
    """The whole file."""
    # imported when a page is written: no command's start should take the time for it
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = bundled.asset("frontsim.css"), (_TEMPLATES / "report.js").read_text("utf-8")
    shown = page.scenarios_shown(report)
    return environment.get_template("report.html.jinja").render(
        report=report,
        style=style,
        script=script,
        policy=_policy(style, script),
        headline=headline(causes(report)),
        conclusion=conclusion(report),
        counted=counted(report),
        causes=page.causes_shown(report),
        shown=shown,
        classes=page.classes_in([each for group in shown.values() for each in group]),
        usual_cause=USUAL_CAUSE,
        most_effects=MOST_EFFECTS,
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
