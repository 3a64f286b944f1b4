"""The files that `frontsim verify` writes, and the summary of a GitHub job."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from simulator.errors import Unusable
from simulator.verification.html import as_html
from simulator.verification.junit import as_junit
from simulator.verification.markdown import as_markdown
from simulator.verification.report import as_json
from simulator.verification.session import Report

STANDARD_OUTPUT = Path("-")


def write(report: Report, options: Mapping[str, Any]) -> None:
    """The files that were asked for, and the summary of a GitHub job."""
    for name, form in (("json_file", as_json), ("junit_file", as_junit), ("html_file", as_html)):
        file = options[name]
        text = form(report) if file else ""
        if file == STANDARD_OUTPUT:
            click.echo(text, nl=False)
        elif file:
            _write_file(file, text.encode() if isinstance(text, str) else text)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _write_file(Path(summary), as_markdown(report).encode(), mode="ab")


def _write_file(file: Path, content: bytes, mode: str = "wb") -> None:
    try:
        with file.open(mode) as opened:
            opened.write(content)
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be written, got {error.strerror}") from None
