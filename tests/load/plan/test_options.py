from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.load.plan.delivery_faults import NO_OUTAGE, Outage, Shares
from frontsim.load.plan.options import NOT_GIVEN, Load, add_options, read_mix
from frontsim.load.plan.plans import DOWNTIME, LOST_ANSWERS, PLANS, STEADY, Plan

DEFAULTS = {
    "receiver": "http://127.0.0.1:1/hook",
    "observe_sink": "",
    "delivery_shape": "bare",
    "simulator": "",
    "insecure": False,
    "no_tls_verify": False,
    "tls_ca": "",
    "mix": "",
    "seed": 1,
    "pace": 0.0,
    "live": 5.0,
    "backlog": 10,
    "day_seconds": 60.0,
    "event_rate": 1.0,
    "resend_after": 3.0,
    "answer_timeout": 10.0,
    "lease_ttl": None,
    "settle": 0.5,
    "end_timeout": 60.0,
    "stop_timeout": NOT_GIVEN,
    "run_time": 30,
    "down_from": None,
    "down_to": None,
}


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
    assert ("http://shop.example/hook", ["sqlite:///shop.db", "SELECT 1"]) == (options.receiver, options.observe_sql)
    assert ("id", 42) == (options.observe_key, options.seed)
    assert {"tls_verify": False, "tls_ca": Path("ca.pem")} == Load(STEADY, options).tls
    monkeypatch.delenv("FRONTSIM_TLS_VERIFY")
    parser = LocustsParser()
    add_options(parser, STEADY)
    options = parser.parse_args(["--receiver", "http://here.example/", "--seed", "3", "--insecure", "--tls-ca", ""])
    assert ("http://here.example/", 3) == (options.receiver, options.seed)
    assert {"tls_verify": False, "tls_ca": None} == Load(STEADY, options).tls


def load(plan: Plan = STEADY, **options: object) -> Load:
    shares = {f"{name}_share": getattr(plan.shares, name) for name in ("unsent", "lost", "late")}
    return Load(plan, Namespace(**{**DEFAULTS, **shares, **options}))


def test_a_mix_is_types_and_weights() -> None:
    """A type without a weight has 1; spaces and empty parts mean nothing."""
    assert {"SaleCreated": 3.0, "CustomerCreated": 1.0} == read_mix(" SaleCreated = 3, CustomerCreated,")


@pytest.mark.parametrize("text", ["SaleCreated=x", "SaleCreated=0", "SaleCreated=-1", "SaleCreated=nan", " , "])
def test_a_mix_that_says_nothing_is_refused(text: str) -> None:
    """Each weight is a number above 0."""
    with pytest.raises(BadInput, match="--mix: expected TYPE=WEIGHT"):
        read_mix(text)


def test_an_outage_is_the_middle_third_unless_given() -> None:
    """Of a run of 30 s, 10 to 20; with only a beginning, a third of the run from there; other plans have none."""
    assert Outage(10, 20) == load(DOWNTIME).outage
    assert Outage(2, 12) == load(DOWNTIME, down_from=2.0).outage
    assert Outage(2, 3) == load(DOWNTIME, down_from=2.0, down_to=3.0).outage
    assert NO_OUTAGE == load(STEADY).outage


def test_workers_read_what_the_master_has_fixed() -> None:
    """A worker does not know the run's time, so the master writes the outage that follows from it into the options."""
    fixed = load(DOWNTIME, run_time=60)
    fixed.fix()
    fixed.options.run_time = None
    assert Outage(20, 40) == fixed.outage


def test_a_seed_is_drawn_unless_given() -> None:
    """Two runs differ, for a receiver must not take the second's sales for the first's; a seed that is given stays."""
    drawn = [load(seed=None) for _ in range(2)]
    for each in drawn:
        each.check()
        each.fix()
    assert drawn[0].options.seed != drawn[1].options.seed
    given = load(seed=7)
    given.fix()
    assert 7 == given.options.seed


def test_users_may_end_what_they_have_begun() -> None:
    """The stop timeout is longer than an answer may take, unless the user says otherwise; a lease is longer still."""
    assert load().options.answer_timeout < load().stop_timeout_s < load().ttl_s
    assert 1.0 == load(stop_timeout=1.0).stop_timeout_s


def test_a_plan_breaks_by_its_shares_or_its_outage() -> None:
    """Only then may a run without an answer be our doing."""
    assert not load(STEADY).breaks
    assert load(STEADY, lost_share=0.1).breaks
    assert load(LOST_ANSWERS).breaks
    assert load(DOWNTIME).breaks
    assert Shares(lost=0.1) == load(LOST_ANSWERS).shares


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"receiver": ""}, "expected --receiver URL"),
        ({"observe_sink": "erp"}, "expected --simulator too"),
        ({"seed": -1}, "--seed: expected 0 to"),
        ({"pace": -1.0}, "--pace: expected 0 or more"),
        ({"answer_timeout": 0.0}, "--answer-timeout: expected more than 0"),
        ({"lease_ttl": 5.0}, "--lease-ttl: expected more than --answer-timeout"),
        ({"lost_share": 1.5}, "--lost-share: expected 0 to 1"),
        ({"mix": "x=0"}, "--mix: expected"),
        ({"tls_ca": "nowhere.pem"}, "tls-ca: expected a PEM file of certificates, got nowhere.pem"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_begins(options: dict[str, object], said: str) -> None:
    """Each option by its name, with what was expected."""
    with pytest.raises((BadInput, Unusable), match=said):
        load(**options).check()


def test_a_bad_outage_is_refused() -> None:
    """Its end lies behind its beginning."""
    with pytest.raises(BadInput, match="--down-from"):
        load(DOWNTIME, down_from=5.0, down_to=4.0).check()
