import contextlib
import io
import re
import sys

import pytest

from frontsim.cli.commands.verify import LiveTable, widths
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import History
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.played import Played
from frontsim.verification.scenario.scenario import bundled_scenarios

SCENARIOS = bundled_scenarios()


class FakeTerminal(io.StringIO):
    def isatty(self):
        return True


def ended(number, verdict, reason=""):
    return Played(SCENARIOS[number], History(SCENARIOS[number].name, duration_s=1.25), Judgement(verdict, reason))


def test_without_a_terminal_each_scenario_is_a_line(capsys):
    """In a pipe: verdict, name, and why, a line each, as they end."""
    with LiveTable(SCENARIOS) as table:
        table.begin()
        table.show(ended(0, Verdict.VERIFIED))
        assert capsys.readouterr().out == "verified   steady\n"
        table.show(ended(1, Verdict.UNKNOWN, "no observer"))
        assert capsys.readouterr().out == "unknown    stock-levels            no observer\n"


def test_standard_output_is_left_to_json(capsys):
    """When standard output belongs to the JSON, lines go to standard error."""
    with LiveTable(SCENARIOS, quiet=True) as table:
        table.begin()
        table.show(ended(0, Verdict.VERIFIED))
    assert ("", "verified   steady\n\n") == tuple(capsys.readouterr())


def seen(stream):
    """The lines that a terminal has at the end: a line that is overwritten or erased is not among them."""
    text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", stream)
    return [line.rpartition("\r")[2].rstrip() for line in text.split("\n")]


@pytest.mark.parametrize("width", [30, 60, 80, 140])
def test_a_terminal_sees_each_scenario_once_in_a_line_of_its_own(monkeypatch, width):
    """Names are whole at any width: columns are left out first, and what was found is cut last."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    with LiveTable(SCENARIOS) as table:
        table.begin()
        for number in range(len(SCENARIOS)):
            table.show(ended(number, Verdict.SKIPPED, "for a very long reason " * 9))
        text = table._console.file.getvalue()
    lines = seen(text)
    names = [each.name for each in SCENARIOS]
    assert names == [line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in names]
    shortest = max(map(len, names)) + 13  # a name, a verdict and an ellipsis
    assert [] == [line for line in lines if len(line) > max(width, shortest)]
    assert "skipped" in text


def test_columns_are_left_out_before_names_are_cut():
    """At 80 columns there is room for what was found; at 140 everything is shown."""
    chosen = [each for each in SCENARIOS if each.name in ("steady", "entity-updated-twice")]
    assert ["scenario", "verdict", "events", "acked", "effects"] == list(widths(chosen, 80))
    assert ["scenario", "verdict", "events", "acked", "resent", "effects", "s"] == list(widths(chosen, 140))
    assert ["scenario", "verdict"] == list(widths(chosen, 20))


def test_an_interruption_leaves_one_table(monkeypatch):
    """Scenarios that ended are there once, and the line that said what is running is gone."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    table = LiveTable(SCENARIOS)
    with contextlib.suppress(KeyboardInterrupt), table:
        table.begin()
        table.count()
        table.show(ended(0, Verdict.VERIFIED))
        table._live.refresh()
        raise KeyboardInterrupt
    assert 1 == sum(line.startswith("steady") for line in seen(table._console.file.getvalue()))
    assert f"1 of {len(SCENARIOS)}" in table._console.file.getvalue()
    assert table._console.file.getvalue().rstrip().endswith("\x1b[2K")
