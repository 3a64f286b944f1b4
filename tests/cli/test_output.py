"""How rows are shown."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from frontsim.cli.output import columns_that_fit, plain, shown, table_of, wrapped
from tests.support.forked import popen

ID = "11111111-1111-1111-1111-111111111111"
ROWS = [
    [
        f"OmniChannelEndlessAisleOrderCreated {ID}",
        "all",
        "https://shop.example/hooks/[bold]sale?token=abcdefghijklmnop",
    ],
    [f"SaleCreated {ID}", "7", "http://b"],
]


def drawn(columns, rows, width):
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(table_of(columns, rows, width=width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_table_at_80_columns():
    """At 80 columns an id stays on one line and a URL folds; brackets are no markup."""
    assert [
        "webhook                               store  url",
        "OmniChannelEndlessAisleOrderCreated   all    https://shop.example/hooks/[bold]sa",
        "11111111-1111-1111-1111-111111111111         le?token=abcdefghijklmnop",
        "SaleCreated                           7      http://b",
        "11111111-1111-1111-1111-111111111111",
    ] == drawn(["webhook", "store", "url"], ROWS, 80)


@pytest.mark.parametrize("width", [61, 79, 80, 81, 120, 200])
def test_nothing_is_cut(width):
    """Where all columns have room, no line is wider than the terminal and no character is lost."""
    lines = drawn(["webhook", "store", "url"], ROWS, width)
    assert [] == [line for line in lines if len(line) > width]
    ink = sorted("".join(cell for row in [["webhook", "store", "url"], *ROWS] for cell in row).replace(" ", ""))
    assert ink == sorted("".join(lines).replace(" ", ""))


@pytest.mark.parametrize(("width", "room"), [(80, 3), (61, 3), (60, 2), (43, 2), (42, 1), (10, 1)])
def test_columns_are_left_out_before_an_id_is_broken(width, room):
    """36 columns for an id, 5 for a store, at least 16 for a URL, and gaps of 2: the last columns go first."""
    assert room == columns_that_fit(["webhook", "store", "url"], ROWS, width=width)


@given(st.text(), st.integers(1, 100))
def test_wrapping_loses_no_word(text, width):
    """Whatever the line, its words are all there, in order and whole."""
    line = f"  Expected:    {text}"
    assert line.split() == wrapped(line, width=width).split()


def test_prose_hangs_under_its_text():
    """Labels and bars stay at the left; an id is never broken."""
    assert f"  Expected:    every event\n               {ID}\n               once" == wrapped(
        f"  Expected:    every event {ID} once", width=32
    )
    assert "         | sent and\n         | answered" == wrapped("         | sent and answered", width=24)
    assert "as it is" == wrapped("as it is", width=8)


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["80", "100"])
def test_a_terminal(columns):
    """On a terminal a real process draws a table within its width; its heads are bold."""
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "frontsim.cli.main", "types"]
    environment = {**os.environ, "COLUMNS": columns, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    with popen(command, stdout=terminal, stderr=subprocess.PIPE, env=environment) as process:
        os.close(terminal)
        said = bytearray()
        with contextlib.suppress(OSError):  # a terminal whose other side is closed says so
            while part := os.read(main, 65536):
                said += part
        os.close(main)
    text = said.decode()
    assert (0, True) == (process.returncode, "\x1b[1mtype" in text)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert [] == [line for line in lines if len(line) > int(columns)]
    assert 21 < len(lines)


def test_plain_lines():
    """Columns line up; the last one has no padding."""
    assert "a     b\nx     y\nlong  z" == plain(["a", "b"], [["x", "y"], ["long", "z"]])


@given(st.text())
def test_what_is_shown_prints(text):
    """Whatever an API says, one line of printable text is shown; printable text is shown as it is."""
    assert shown(text).isprintable()
    assert text == shown(text) or not text.isprintable()


def test_none_is_a_dash():
    """A value that is not there is a dash."""
    assert ("-", "0", "False") == (shown(None), shown(0), shown(False))
