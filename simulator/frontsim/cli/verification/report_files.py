"""`--json`, `--junit` and `--html`: the files that a verdict is written to.

`check` refuses a file that cannot be written before anything is played. A file that fails later is a warning: the
others are still written, and the exit code stays the verdict's.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from frontsim.cli.option_group import option_group
from frontsim.errors import Unusable

STANDARD_OUTPUT = Path("-")
_FILE = click.Path(dir_okay=False, path_type=Path)
_FILE_OR_STANDARD_OUTPUT = click.Path(dir_okay=False, path_type=Path, allow_dash=True)

Report = TypeVar("Report")

report_options = option_group(
    click.option(
        "--json",
        "json_file",
        type=_FILE_OR_STANDARD_OUTPUT,
        metavar="FILE",
        help="Write the result as JSON; - is standard output.",
    ),
    click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write the result as JUnit XML."),
    click.option(
        "--html",
        "html_file",
        type=_FILE,
        metavar="FILE",
        help="Write the result as one HTML page, which needs no network.",
    ),
)
"""The options of every command that ends with a verdict. A new one stands here, and its name in `_IN_ORDER`."""
_IN_ORDER = ("html_file", "junit_file", "json_file")
"""JSON last, because it may go to standard output, which may be closed."""


def check(options: Mapping[str, Any]) -> None:
    """Refuse a file that cannot be written. Raises Unusable."""
    for name in _IN_ORDER:
        file = options[name]
        if file in (None, STANDARD_OUTPUT):
            continue
        if not file.parent.is_dir():
            raise Unusable(f"{file}: expected a file that can be written, got no folder {file.parent}")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise Unusable(f"{file}: expected a file that can be written, got no permission to write there")


def write(report: Report, forms: Mapping[str, Callable[[Report], str | bytes]], options: Mapping[str, Any]) -> None:
    """Write the files that the options name; `forms` has a renderer for each of the options."""
    for name in _IN_ORDER:
        if options[name]:
            put(options[name], forms[name](report))


def put(file: Path, content: str | bytes, mode: str = "wb") -> None:
    """Write a file whole, or standard output. `mode="ab"` adds to the file."""
    if file == STANDARD_OUTPUT:
        click.echo(content, nl=False)
        return
    try:
        with file.open(mode) as opened:
            opened.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        text = f"{file}: expected a file that can be written, got {error.strerror}; the verdict stands"
        click.echo(f"Warning: {text}", err=True)
