"""The files that `frontsim verify` writes, and the summary of a GitHub job.

`check` refuses a file that cannot be written before anything is played. A file that fails later is a warning: the
others are still written, and the exit code stays the verdict's.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from frontsim.errors import Unusable
from frontsim.verification.report.html import as_html
from frontsim.verification.report.junit import as_junit
from frontsim.verification.report.markdown import as_markdown
from frontsim.verification.report.report import as_json
from frontsim.verification.session import Report

STANDARD_OUTPUT = Path("-")
_FORMS: Mapping[str, Callable[[Report], str | bytes]] = {
    "html_file": as_html,
    "junit_file": as_junit,
    "json_file": as_json,  # last, because it may go to standard output, which may be closed
}


def check(options: Mapping[str, Any]) -> None:
    """Refuse a file that cannot be written. Raises Unusable."""
    for name in _FORMS:
        file = options[name]
        if file in (None, STANDARD_OUTPUT):
            continue
        if not file.parent.is_dir():
            raise Unusable(f"{file}: expected a file that can be written, got no folder {file.parent}")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise Unusable(f"{file}: expected a file that can be written, got no permission to write there")


def write(report: Report, options: Mapping[str, Any]) -> None:
    """The files that were asked for, and the summary of a GitHub job."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _write_file(Path(summary), as_markdown(report), mode="ab")
    for name, form in _FORMS.items():
        if options[name]:
            put(options[name], form(report))


def put(file: Path, content: str | bytes) -> None:
    """Write a file whole, or standard output."""
    if file == STANDARD_OUTPUT:
        click.echo(content, nl=False)
    else:
        _write_file(file, content)


def _write_file(file: Path, content: str | bytes, mode: str = "wb") -> None:
    try:
        with file.open(mode) as opened:
            opened.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        text = f"{file}: expected a file that can be written, got {error.strerror}; the verdict stands"
        click.echo(f"Warning: {text}", err=True)
