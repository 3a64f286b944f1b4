from argparse import ArgumentParser, Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.load.options import SPAWN_RATE, Load, add_options, say_less
from frontsim.load.plan import PLANS, STEADY, Plan


class LocustsParser:
    """Takes what Locust's does beside argparse's: the variable that stands in for an option."""

    def __init__(self) -> None:
        self._inner = ArgumentParser(add_help=False)
        self.variables: dict[str, str] = {}
        self.set_defaults = self._inner.set_defaults
        self.parse_args = self._inner.parse_args

    def add_argument_group(self, _: str) -> "LocustsParser":
        return self

    def add_argument(self, name: str, *, env_var: str = "", **details: Any) -> None:
        self._inner.add_argument(name, **details)
        self.variables[name] = env_var


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_options_without_a_command_line_are_the_plans(plan: Plan) -> None:
    """Each has a variable of its own; what the plan breaks is its default, and with a receiver nothing is missing."""
    parser = LocustsParser()
    add_options(parser, plan)
    assert "FRONTSIM_LOAD_VERDICT_JSON" == parser.variables["--verdict-json"]
    assert "FRONTSIM_TOKEN" == parser.variables["--simulator-token"]
    named = [variable for variable in parser.variables.values() if variable]
    assert len(set(named)) == len(named) == len(parser.variables) - 1  # --load-help has none
    options = parser.parse_args(["--receiver", "http://127.0.0.1:1/hook"])
    given = Load(plan, Namespace(run_time=30, **vars(options)))
    given.check()
    assert plan.shares == given.shares


def test_a_time_is_written_as_for_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """Seconds, or with a unit; another text is refused with what it should be."""
    parser = LocustsParser()
    add_options(parser, STEADY)
    options = parser.parse_args(["--settle", "1s", "--end-timeout", "2m", "--live", "5"])
    assert (1.0, 120.0, 5.0) == (options.settle, options.end_timeout, options.live)
    with pytest.raises(SystemExit):
        parser.parse_args(["--settle", "soon"])
    assert "expected a time such as 60, 60s, 5m, 2h or 8d, got 'soon'" in capsys.readouterr().err


def test_the_configuration_file_and_the_variables_hold_here_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for `frontsim verify`: receiver, observer, shape and TLS; an option ranks before them."""
    (tmp_path / "frontsim.toml").write_text(
        """receiver = "http://shop.example/hook"
observe-sql = ["sqlite:///shop.db", "SELECT 1"]
[load]
observe-key = "id"
"""
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTSIM_TLS_CA", "ca.pem")
    monkeypatch.setenv("FRONTSIM_SEED", "42")
    monkeypatch.setenv("FRONTSIM_TLS_VERIFY", "0")
    parser = LocustsParser()
    add_options(parser, STEADY)
    options = parser.parse_args([])
    assert "http://shop.example/hook" == options.receiver
    assert {"observe_sql": ("sqlite:///shop.db", "SELECT 1")} == Load(STEADY, options).observers
    assert ("id", 42) == (options.observe_key, options.seed)
    assert {"tls_verify": False, "tls_ca": Path("ca.pem")} == Load(STEADY, options).tls
    monkeypatch.delenv("FRONTSIM_TLS_VERIFY")
    parser = LocustsParser()
    add_options(parser, STEADY)
    options = parser.parse_args(["--receiver", "http://here.example/", "--seed", "3", "--insecure", "--tls-ca", ""])
    assert ("http://here.example/", 3) == (options.receiver, options.seed)
    assert {"tls_verify": False, "tls_ca": None} == Load(STEADY, options).tls


def test_an_observer_that_is_given_replaces_the_one_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `frontsim verify`: the file's must not stand in the way. Two that are given stay, and are refused."""
    (tmp_path / "frontsim.toml").write_text('observe-url = "http://shop.example/effects"\n')
    monkeypatch.chdir(tmp_path)
    parser = LocustsParser()
    add_options(parser, STEADY)

    def observers(*words: str) -> Any:
        return Load(STEADY, parser.parse_args(list(words))).observers

    by_sql = ("--observe-sql", "sqlite:///shop.db", "SELECT 1")
    assert {"observe_url": "http://shop.example/effects"} == observers()
    assert {"observe_sql": ("sqlite:///shop.db", "SELECT 1")} == observers(*by_sql)
    assert {"observe_sql", "observe_cmd"} == observers(*by_sql, "--observe-cmd", "cat").keys()


@pytest.mark.parametrize(
    ("run_time", "spawn_rate", "told"),
    [
        (None, SPAWN_RATE, ""),
        (30, SPAWN_RATE, "-t is ignored: the day has its own hours, --day-seconds says how long\n"),
        (30, 5.0, "-t and -r are ignored: the day has its own hours, --day-seconds says how long\n"),
    ],
)
def test_what_a_day_ignores_is_said(
    run_time: int | None, spawn_rate: float, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a plan without hours of its own nothing is ignored."""
    options = SimpleNamespace(verbose=True, run_time=run_time, spawn_rate=spawn_rate)
    say_less(options, SimpleNamespace(), has_shape=False)
    assert "" == capsys.readouterr().err
    say_less(options, SimpleNamespace(), has_shape=True)
    assert told == capsys.readouterr().err


@pytest.mark.parametrize("verbose", [False, True])
def test_locusts_tables_are_printed_only_on_demand(verbose: bool) -> None:
    """Those of each second, and those at the end."""
    printed: list[str] = []
    names = ("print_stats", "print_percentile_stats", "print_error_report")
    stats = SimpleNamespace(**{name: lambda *_, name=name, **__: printed.append(name) for name in names})
    options = SimpleNamespace(verbose=verbose, run_time=None, spawn_rate=SPAWN_RATE, only_summary=False)
    say_less(options, stats, has_shape=False)
    for name in names:
        getattr(stats, name)(None, current=False)
    assert (3 if verbose else 0, not verbose) == (len(printed), options.only_summary)
