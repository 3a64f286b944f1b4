"""Rows as tables, plain lines or JSON; bars; a line for a delivery.

Plain lines hold every value whole, two spaces between columns, whatever their width. A terminal's table folds long
texts, keeps ids whole, and leaves out its last columns where there is no room for them: it says which. What comes from
outside can neither colour nor move the cursor: characters that do not print are shown as escapes.
"""

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import click
import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from frontsim.clock import local_text
from frontsim.masking import printable

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, with the API's own names.")
"""The option of every command that prints a table; the command is called with `as_json`."""

_GAP = 2
_WORD = 36
"""Columns of the longest word that is never broken: an id's."""
_FOLDED = 16
"""The least columns for a text with a longer word, such as a URL: it folds anywhere."""
_CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_HANGING = re.compile(r"\s*(?:[A-Z][\w ]*: +)?(?:\| )?")
"""Matches all that stands before a line's text: its indent, a label such as `Expected:` and a bar."""


def say(text: str) -> None:
    """A line on standard error."""
    click.echo(shown(text), err=True)


def show_json(value: object) -> None:
    """Print a value as indented JSON."""
    show_text_of_json(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def show_line(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON."""
    show_text_of_json(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def show_text_of_json(text: bytes) -> None:
    r"""Print JSON with DEL, C1 and changes of direction as `\u....`: orjson escapes no control character but C0."""
    click.echo(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()), nl=False)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under their columns' names; `empty` is said instead when there is no row.

    None is shown as a dash.
    """
    cells = [[shown(value) for value in row] for row in rows]
    if not cells:
        click.echo(empty, err=not sys.stdout.isatty())
    elif sys.stdout.isatty():
        console = Console(highlight=False)
        room = columns_that_fit(columns, cells, width=console.width)
        console.print(table_of(columns[:room], [row[:room] for row in cells], width=console.width))
        if room < len(columns):
            click.echo(f"No room at {console.width} columns for: {', '.join(columns[room:])}. --json has everything.")
    else:
        click.echo(plain(columns, cells))


def columns_that_fit(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> int:
    """How many columns, from the first, have room for their longest id or name in a terminal of `width` columns."""
    floors = _floors(columns, rows)
    room = len(columns)
    while room > 1 and sum(floors[:room]) + _GAP * (room - 1) > width:
        room -= 1
    return room


def table_of(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> Table:
    """A table that fits a terminal of `width` columns by folding; ids stay whole while there is room."""
    heads = zip(columns, _widths(columns, rows, width), strict=True)
    table = Table(
        *(Column(Text(name, "bold"), width=each, overflow="fold") for name, each in heads),
        box=None,
        padding=(0, _GAP, 0, 0),
        pad_edge=False,
    )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def wrapped(line: str, *, width: int) -> str:
    """A line of prose, broken between words; what follows hangs under its text. Words longer than a line stay whole."""
    if len(line) <= width:
        return line
    lead = _HANGING.match(line)
    before = lead[0] if lead else ""
    hang = re.sub(r"[^\s|]", " ", before) if len(before) < width // 2 else "    "
    wrapper = textwrap.TextWrapper(
        width, initial_indent=before, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
    return wrapper.fill(line[len(before) :]) or line


def _floors(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Each column needs its longest word, or less where that word may be folded."""
    lines = [columns, *rows]
    words = [max(cell_len(word) for line in lines for word in line[place].split(" ")) for place in range(len(columns))]
    return [word if word <= _WORD else _FOLDED for word in words]


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], available: int) -> list[int]:
    """Each column gets what it wants, less what is missing, which the widest that can fold best give."""
    wanted = [max(cell_len(line[place]) for line in [columns, *rows]) for place in range(len(columns))]
    floors = _floors(columns, rows)
    missing = sum(wanted) + _GAP * (len(columns) - 1) - available
    for _ in range(missing):
        spare = [(want > floor, want) for want, floor in zip(wanted, floors, strict=True)]
        widest = spare.index(max(spare))
        wanted[widest] = max(1, wanted[widest] - 1)
    return wanted


def plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned lines with every value whole."""
    lines = [list(columns), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def shown(value: object) -> str:
    """A value as one line of printable text."""
    return printable("-" if value is None else str(value))


_LONGEST_TARGET = 60


def delivery_line(run: Mapping[str, Any]) -> str:
    """When in the user's zone, which event, how it ended, in how long, by which fault, and where it went.

    The id comes early, so that no terminal breaks it. Of the URL there are host and path: the rest may be secret.

    Args:
        run: as `/_sim/stream` tells of it.
    """
    words = (run.get("statusCode"), run.get("status"))
    outcome = " ".join(str(word) for word in words if word is not None) or str(run["outcome"])
    parts = [
        local_text(datetime.fromisoformat(run["utc"])).partition("T")[2],
        str(run["webhookEventId"]),
        str(run["event"]),
        f"run {run['run']}" if run["run"] > 1 else "",
        outcome,
        "" if run.get("durationMs") is None else f"{run['durationMs']} ms",
        f"[{run['fault']}]" if run.get("fault") else "",
        _target(str(run.get("url") or "")),
    ]
    return "  ".join(shown(part) for part in parts if part)


def _target(url: str) -> str:
    parts = urlsplit(url)
    text = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    return text if len(text) <= _LONGEST_TARGET else f"{text[: _LONGEST_TARGET - 1]}…"


@contextmanager
def progress_of(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives what to call with the number that is done. The bar goes away at the end, however that comes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second, which a pipe need not wait for
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
