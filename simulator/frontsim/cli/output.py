"""How a command shows rows: a table for a terminal, plain lines for a pipe, JSON for a program.

Plain lines hold every value whole, two spaces between columns, whatever their width; a terminal's table
folds what is too wide, so that no value is cut either. What comes from outside can neither colour nor
move the cursor: characters that do not print are shown as escapes.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, with the API's own names.")
"""The option of every command that prints a table; the command is called with `as_json`."""

_GAP = 2
_WORD = 36
"""Columns of the longest word that is kept on one line while there is room: an id's."""


def show_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), nl=False)


def show_line(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE), nl=False)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under their columns' names; `empty` is said instead when there is no row.

    None is shown as a dash.
    """
    cells = [[shown(value) for value in row] for row in rows]
    if not cells:
        click.echo(empty, err=not sys.stdout.isatty())
    elif sys.stdout.isatty():
        console = Console(highlight=False)
        console.print(table_of(columns, cells, width=console.width))
    else:
        click.echo(plain(columns, cells))


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


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], available: int) -> list[int]:
    """What each column gets: what it wants, less what is missing, taken from the widest that can fold best."""
    lines = [columns, *rows]
    wanted = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    words = [max(cell_len(word) for line in lines for word in line[place].split(" ")) for place in range(len(columns))]
    floors = [word if word <= _WORD else 1 for word in words]
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
    text = "-" if value is None else str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
