import io
import sys

import pytest
from rich.console import Console

from frontsim.cli.verify_table import LiveTable
from frontsim.verification.facts.history import History
from frontsim.verification.judge.checks import Judgement, Verdict
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.session import Played

SCENARIOS = bundled_scenarios()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def ended(number, verdict, reason=""):
    return Played(SCENARIOS[number], History(SCENARIOS[number].name, duration_s=1.25), Judgement(verdict, reason))


def test_without_a_terminal_each_scenario_is_a_line(capsys):
    """In a pipe: verdict, name, and why, a line each, as they end."""
    with LiveTable(SCENARIOS) as table:
        table.show(ended(0, Verdict.VERIFIED))
        assert capsys.readouterr().out == "verified   steady\n"
        table.show(ended(1, Verdict.UNKNOWN, "no observer"))
        assert capsys.readouterr().out == "unknown    resend-delivered        no observer\n"


def test_standard_output_is_left_to_json(capsys):
    """When standard output belongs to the JSON, lines go to standard error."""
    with LiveTable(SCENARIOS, quiet=True) as table:
        table.show(ended(0, Verdict.VERIFIED))
    assert ("", "verified   steady\n\n") == tuple(capsys.readouterr())


@pytest.mark.parametrize("width", [80, 140])
def test_a_terminal_sees_every_scenario_in_a_line_of_its_own(monkeypatch, width):
    """In a terminal: one line for each scenario, whole names, those that are done, running and to come."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", Terminal())
    table = LiveTable(SCENARIOS)
    table._played += [ended(0, Verdict.VERIFIED), ended(1, Verdict.SKIPPED, "for a very long reason " * 9)]
    console = Console(file=io.StringIO(), width=width)
    console.print(table._table())
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 1 + len(SCENARIOS)
    assert [line.split()[0] for line in lines[1:]] == [each.name for each in SCENARIOS]
    assert "running" in lines[3]
